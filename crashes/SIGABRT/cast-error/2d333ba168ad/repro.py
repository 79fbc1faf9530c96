#!/usr/bin/env python3
r"""uncaught cast error in _C.cpython-313-x86_64-linux-gnu.so, in Py_FinalizeEx after the
interpreter dict is cleared, with a subinterpreter: Unable to cast Python instance of type
<class 'optree.PyTreeS…

Crashes (SIGABRT, cast-error) in Py_FinalizeEx, after the interpreter's dict is cleared.

    Unable to cast Python instance of type <class 'optree.PyTreeSpec'> to C++ type '?' (#define
    PYBIND11_DETAILED_ERROR_MESSAGES or compile in debug mode for details)

optree 0.20.0 on CPython 3.13.18: crashed in 10 of 10 runs (72 to 100 %).

Owner: framework (same defect on pybind11==3.1.0+released, an extension of the framework that
optree is made with).

Run it with CPython 3.13: `python3.13 repro.py`.
It needs CPython 3.13 or later.
First install what it was found with:

    python3.13 -m pip install optree==0.20.0 typing-extensions==4.16.0
"""

import sys

if sys.version_info < (3, 13):
    sys.exit("this script needs CPython 3.13 or later: run it by python3.13")

import _interpreters
import textwrap

if sys.version_info[:2] != (3, 13):
    print("found on CPython 3.13: another version may crash differently", file=sys.stderr)


def run(interpreter, code):
    raised = _interpreters.exec(interpreter, textwrap.dedent(code))
    if raised:
        print(raised.formatted, file=sys.stderr)


def program():
    import optree
    a = optree.treespec_leaf()
    import gc
    gc.garbage.append(a)
    i1 = _interpreters.create("legacy")
    run(i1, """
        import optree
    """)
    run(i1, "del optree")


program()
