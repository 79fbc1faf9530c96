#!/usr/bin/env python3
r"""pybind11 internals created again, SIGSEGV at 0x0 in
pybind11::detail::values_and_holders::iterator::iterator, in Py_FinalizeEx after the interpreter
dict is cleared, with a subinterpreter

Crashes (SIGSEGV, internals-recreated-silently) in Py_FinalizeEx, after the interpreter's dict
is cleared.

pybind11 3.1.0, as released, on CPython 3.13.0: crashed in 10 of 10 runs (72 to 100 %).

Owner: framework (survives on plain-c, so pybind11 is required).

Run it with CPython 3.13: `python3.13 repro.py`.
It needs CPython 3.13 or later.
The extension is linked with a wrapper around PyType_Ready, which pybind11 calls when it makes
its internals: it prints a line when they are made again in one interpreter.

The first run builds its modules, with a C++ compiler and pybind11 3.1.0 (from PyPI)::

    : ${PYTHON:=python3.13}
    INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    SUFFIX=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
    : ${PYBIND11_INCLUDE:=pybind11-3.1.0/pybind11/include}
    test -d "$PYBIND11_INCLUDE" ||
        "$PYTHON" -m pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0 ||
        pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0
    ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
        -I"$INCLUDE" -I"$PYBIND11_INCLUDE" -Wl,--wrap=PyType_Ready -pthread \
        extension.cpp -o finfuzz_target"$SUFFIX"
"""

import sys

if sys.version_info < (3, 13):
    sys.exit("this script needs CPython 3.13 or later: run it by python3.13")

import _interpreters
import os
import textwrap
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


def start(*config):
    """Create a subinterpreter that can import the modules next to this script."""
    interpreter = _interpreters.create(*config)
    run(interpreter, f"import sys; sys.path.insert(0, {HERE!r})")
    return interpreter


def run(interpreter, code):
    raised = _interpreters.exec(interpreter, textwrap.dedent(code))
    if raised:
        print(raised.formatted, file=sys.stderr)


def program():
    import finfuzz_target as t
    a = t.Instance()
    import gc
    gc.garbage.append(a)
    i1 = start()  # stdlib
    run(i1, """
        import finfuzz_target as t
    """)
    run(i1, "del t")


program()
