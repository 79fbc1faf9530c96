#!/usr/bin/env python3
r"""abort in _core.cpython-313-x86_64-linux-gnu.so, when the extension is imported again: refusing
to add duplicate key "disable" to enumeration "pikepdf._core.ObjectStreamMode"!

Crashes (SIGABRT, framework-failure) while the program runs.

pikepdf 10.18.0 on CPython 3.13.18: crashed in 10 of 10 runs (72 to 100 %).

Owner: framework (same defect on nanobind==3.1.0+released, an extension of the framework that
pikepdf is made with).

Run it with CPython 3.13: `python3.13 repro.py`.
First install what it was found with:

    python3.13 -m pip install pikepdf==10.18.0 lxml==6.1.3 packaging==26.4 pillow==13.0.0
"""

import sys

if sys.version_info[:2] != (3, 13):
    print("found on CPython 3.13: another version may crash differently", file=sys.stderr)


def unimport():
    import sys

    for name in [name for name in sys.modules if name.partition(".")[0] == "pikepdf"]:
        del sys.modules[name]


def program():
    import pikepdf
    del pikepdf
    unimport()
    import pikepdf


program()
