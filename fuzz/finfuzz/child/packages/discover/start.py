"""Discover what a package is made of, in the package's own Python: `start.py REQUEST`.

REQUEST is JSON: module, paths, seconds, scratch (a folder), isolated (whether processes and network
are apart), limit_memory (whether the address space can be limited), report (a file descriptor). The
answer is JSON, one object a line, written to that descriptor as soon as it is known.
"""

import importlib.util
import json
import os
import sys

#: Our files are no part of what the package sees: they have a package name that nothing else has.
NAME = "_finfuzz_discover"


def load_package(folder):
    """Make our own folder importable as `_finfuzz_discover`."""
    spec = importlib.util.spec_from_loader(NAME, None, is_package=True)
    spec.submodule_search_locations = [folder]
    sys.modules[NAME] = importlib.util.module_from_spec(spec)


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != folder]
    load_package(folder)
    from _finfuzz_discover.session import discover

    discover(json.loads(sys.argv[1]))


if __name__ == "__main__":
    main()
