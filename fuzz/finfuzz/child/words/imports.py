"""Imports that go wrong."""


def fail_import(name):
    """Import a module of that name, which sees the attribute of `sys` and raises half-way."""
    import sys

    before = sys.modules.pop(name, None)
    sys.finfuzz_fails = True
    try:
        __import__(name)
    except ImportError:
        pass
    finally:
        del sys.finfuzz_fails
        if before is not None:
            sys.modules[name] = before
