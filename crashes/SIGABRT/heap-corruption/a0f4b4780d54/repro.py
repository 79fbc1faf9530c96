#!/usr/bin/env python3
r"""Crashes (SIGABRT, heap-corruption) in Py_FinalizeEx, after the interpreter's types are
finalized.

    double free or corruption (out)

the standard library's datetime on CPython 3.13.18: crashed in 10 of 10 runs (72 to 100 %).

Owner: CPython (datetime is part of CPython's standard library). Since CPython 3.13.0 or before,
fixed between 3.13.18 and 3.14.10.

Run it with CPython 3.13: `python3.13 repro.py`.
"""

import _interpreters
import sys
import textwrap

if sys.version_info[:2] != (3, 13):
    print("found on CPython 3.13: another version may crash differently", file=sys.stderr)


def run(interpreter, code):
    raised = _interpreters.exec(interpreter, textwrap.dedent(code))
    if raised:
        print(raised.formatted, file=sys.stderr)


def program():
    i1 = _interpreters.create()  # stdlib
    run(i1, """
        import datetime
    """)
    import datetime
    run(i1, "del datetime")


program()
