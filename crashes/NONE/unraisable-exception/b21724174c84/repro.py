#!/usr/bin/env python3
r"""unraisable exception: ValueError: generator already executing

Misbehaves without crashing (unraisable-exception) in an unknown phase.

cython 3.3.1, as released, on CPython 3.13.18: misbehaved in 10 of 10 runs (72 to 100 %).

Owner: framework (survives on plain-c, so cython is required).

Run it with CPython 3.13: `python3.13 repro.py`.
The first run builds its modules, with a C++ compiler and cython 3.3.1 (from PyPI)::

    : ${PYTHON:=python3.13}
    INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    SUFFIX=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
    : ${CYTHON_DIR:=cython-3.3.1}
    test -d "$CYTHON_DIR" ||
        "$PYTHON" -m pip install -q --no-deps -t cython-3.3.1 cython==3.3.1 ||
        pip install -q --no-deps -t cython-3.3.1 cython==3.3.1
    : ${CYTHON_PYTHON:=$PYTHON}
    "$CYTHON_PYTHON" "$CYTHON_DIR/cython.py" \
        --cplus -3 --module-name finfuzz_target -o finfuzz_target.cpp extension.pyx
    ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
        -I"$INCLUDE" -pthread \
        finfuzz_target.cpp -o finfuzz_target"$SUFFIX"
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


def prime(made):
    made.send(None)
    return made


def refer_by_own_local(source, target):
    source.send([target])


def shape_ring(make, refer, size):
    nodes = [make() for _ in range(size)]
    for index in range(size):
        refer(nodes[index - 1], nodes[index])
    return nodes[0]


def program():
    import finfuzz_target as t
    a = shape_ring(lambda: prime(t.delegating(t.generator())), refer_by_own_local, 1)


program()
