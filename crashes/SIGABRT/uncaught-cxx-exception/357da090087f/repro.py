#!/usr/bin/env python3
r"""uncaught C++ exception in pybind11::capsule::initialize_with_void_ptr_destructor, in
Py_FinalizeEx after the modules are cleared: TypeError: 'NoneType' object is not callable

Crashes (SIGABRT, uncaught-cxx-exception) in Py_FinalizeEx, after the interpreter's modules are
cleared.

pybind11 3.1.0, as released, on CPython 3.13.18: crashed in 10 of 10 runs (72 to 100 %).

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


def free_key(names):
    number = 0
    while "root%d" % number in names:
        number += 1
    return "root%d" % number


def make_cell():
    held = []

    def cell(*args, **kwargs):
        return held

    return cell


def program():
    import finfuzz_target as t
    a = t.importing_capsule(make_cell())
    sys.__dict__[free_key(sys.__dict__)] = a


program()
