#!/usr/bin/env python3
r"""abort in pybind11::detail::instance::get_value_and_holder: type is not a pybind11 base of the
given instance

Crashes (SIGABRT, framework-failure) while the program runs.

    pybind11::detail::instance::get_value_and_holder: type is not a pybind11 base of the given
    instance (#define PYBIND11_DETAILED_ERROR_MESSAGES or compile in debug mode for type
    details)

pybind11 3.1.0, as released, on CPython 3.15.2: crashed in 10 of 10 runs (72 to 100 %).

Owner: framework (survives on plain-c, so pybind11 is required).

Run it with CPython 3.15: `python3.15 repro.py`.
The first run builds its modules, with a C++ compiler and pybind11 3.1.0 (from PyPI)::

    : ${PYTHON:=python3.15}
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
if sys.version_info[:2] != (3, 15):
    print("found on CPython 3.15: another version may crash differently", file=sys.stderr)
sys.path.insert(0, HERE)


def make_object():
    class Object:
        pass

    return Object()


def make_override(t):
    class Override(t.Overridable):
        def answer(self):
            return 42

    return Override()


def program():
    import finfuzz_target as t
    a = type("Subclass", (t.Container,), {})()
    b = make_object()
    a.append(a)
    del a
    del b
    import gc
    gc.collect()
    c = make_override(t)


program()
