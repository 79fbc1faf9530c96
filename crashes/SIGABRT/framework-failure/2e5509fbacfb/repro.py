#!/usr/bin/env python3
r"""abort in _duckdb.abi3.so, when the extension is imported again: refusing to add duplicate key
"STANDARD" to enumeration "_duckdb.ExplainType"!

Crashes (SIGABRT, framework-failure) while the program runs.

duckdb 2.0.1 on CPython 3.13.18: crashed in 10 of 10 runs (72 to 100 %).

Owner: framework (same defect on nanobind==3.1.0+released, an extension of the framework that
duckdb is made with).

Run it with CPython 3.13: `python3.13 repro.py`.
First install what it was found with:

    python3.13 -m pip install duckdb==2.0.1 numpy==2.5.5
"""

import sys

if sys.version_info[:2] != (3, 13):
    print("found on CPython 3.13: another version may crash differently", file=sys.stderr)


def unimport():
    import sys

    for name in [name for name in sys.modules if name.partition(".")[0] in ('duckdb', '_duckdb')]:
        del sys.modules[name]


def program():
    import duckdb
    del duckdb
    unimport()
    import duckdb


program()
