#!/usr/bin/env python3
r"""abort in nanobind::detail::enum_append_impl, when the extension is imported again: refusing to
add duplicate key "red" to enumeration "finfuzz_target.Colour"!

Crashes (SIGABRT, framework-failure) while the program runs.

nanobind 3.1.0, as released, on CPython 3.13.18: crashed in 10 of 10 runs (72 to 100 %).

Owner: framework (survives on plain-c, so nanobind is required).

Run it with CPython 3.13: `python3.13 repro.py`.
The first run builds its modules, with a C++ compiler and nanobind 3.1.0 (from PyPI)::

    : ${PYTHON:=python3.13}
    INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    SUFFIX=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
    : ${NANOBIND_DIR:=nanobind-3.1.0/nanobind}
    test -d "$NANOBIND_DIR" ||
        "$PYTHON" -m pip install -q --no-deps -t nanobind-3.1.0 nanobind==3.1.0 ||
        pip install -q --no-deps -t nanobind-3.1.0 nanobind==3.1.0
    ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
        -I"$INCLUDE" -I"$NANOBIND_DIR/include" -I"$NANOBIND_DIR/ext/robin_map/include" \
        -fno-strict-aliasing -pthread \
        extension.cpp "$NANOBIND_DIR/src/nb_combined.cpp" -o finfuzz_target"$SUFFIX"
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


def program():
    import finfuzz_target as t
    a = t.Colour(1)
    del t
    sys.modules.pop("finfuzz_target", None)
    import finfuzz_target as t
    b = t.Colour(1)


program()
