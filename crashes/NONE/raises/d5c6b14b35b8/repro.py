#!/usr/bin/env python3
r"""import raises ImportError, after an import that failed: generic_type: type "Container" is
already registered!

Misbehaves without crashing (raises) while the program runs.

    `import` (its import of the extension) raises ImportError: generic_type: type "Container" is
    already registered!; on plain-c it does not

pybind11 3.1.0, as released, on CPython 3.13.18: misbehaved in 10 of 10 runs (72 to 100 %).

Owner: framework (survives on plain-c, so pybind11 is required).

Run it with CPython 3.13: `python3.13 repro.py`.
The first run builds its modules, with a C++ compiler and pybind11 3.1.0 (from PyPI)::

    : ${PYTHON:=python3.13}
    INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    SUFFIX=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
    : ${PYBIND11_INCLUDE:=pybind11-3.1.0/pybind11/include}
    test -d "$PYBIND11_INCLUDE" ||
        "$PYTHON" -m pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0 ||
        pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0
    ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
        -I"$INCLUDE" -I"$PYBIND11_INCLUDE" -pthread \
        extension.cpp -o finfuzz_target"$SUFFIX"
"""

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES

HERE = os.path.dirname(os.path.abspath(__file__))

BUILD = __doc__.rpartition("::\n")[2]

if not all(os.path.exists(f"{HERE}/{name}{EXTENSION_SUFFIXES[0]}") for name in ("finfuzz_target",)):
    os.chdir(HERE)
    os.environ["PYTHON"] = sys.executable
    if os.system("set -e" + BUILD):
        sys.exit("can't build the modules that this script imports")

if sys.argv[1:] == ["--compile"]:
    sys.exit()
if sys.version_info[:2] != (3, 13):
    print("found on CPython 3.13: another version may crash differently", file=sys.stderr)
sys.path.insert(0, HERE)


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


def program():
    fail_import("finfuzz_target")
    try:
        import finfuzz_target as t
    except Exception as error:
        print(f"raised: {type(error).__name__}: {error}", file=sys.stderr)


program()
