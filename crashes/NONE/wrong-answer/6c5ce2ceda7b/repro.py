#!/usr/bin/env python3
r"""wrong answer, in the second life: a translated exception: 'AttributeError: Error', should be
True

Misbehaves without crashing (wrong-answer) while the program runs.

pybind11 3.1.0, as released, on CPython 3.13.0: misbehaved in 10 of 10 runs (72 to 100 %).

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
    ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
        -I"$INCLUDE" -ldl -pthread \
        capi.cpp -o capi"$SUFFIX"
"""

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES

HERE = os.path.dirname(os.path.abspath(__file__))

BUILD = __doc__.rpartition("::\n")[2]

if not all(os.path.exists(f"{HERE}/{name}{EXTENSION_SUFFIXES[0]}") for name in ("finfuzz_target", "capi")):
    os.chdir(HERE)
    os.environ["PYTHON"] = sys.executable
    if os.system("set -e" + BUILD):
        sys.exit("can't build the modules that this script imports")

if sys.argv[1:] == ["--compile"]:
    sys.exit()
if sys.version_info[:2] != (3, 13):
    print("found on CPython 3.13: another version may crash differently", file=sys.stderr)
sys.path.insert(0, HERE)
import capi


LIFE = globals().get("LIFE", 1)


def again():
    """Run this file again in another life of the interpreter, in the same process."""
    code = f"__file__, LIFE = {__file__!r}, {LIFE + 1}; exec(open(__file__).read())"
    capi.again(code)


def asked(question):
    try:
        return question()
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error)


def make_override(t):
    class Override(t.Overridable):
        def answer(self):
            return 42

    return Override()


def raises(function, expected):
    try:
        function()
    except Exception as error:
        return type(error) is expected
    return False


def self_check(t):
    """Ask all questions; print each wrong answer on standard error and return these lines."""
    import sys

    instance = t.Instance()
    override = make_override(t)
    questions = (
        ("an instance's value", 7, lambda: t.value_of(instance)),
        ("cast there and back", True, lambda: t.same(instance) is instance),
        ("an implicit conversion", 5, lambda: t.takes_wrapped(5)),
        ("an enum's name", "red", lambda: t.colour_name(t.Colour(1))),
        ("a native enum's member", True, lambda: t.NativeColour(1) is t.NativeColour.red),
        ("a translated exception", True, lambda: raises(t.raise_error, t.Error)),
        ("an override", 42, lambda: t.call_override(override)),
        ("static storage", "finfuzz", lambda: t.static_answer()),
        ("a type's module", "finfuzz_", lambda: t.Instance.__module__[:8]),
    )
    wrong = []
    for name, right, question in questions:
        answer = asked(question)
        if answer != right:
            wrong.append("%s: %r, should be %r" % (name, answer, right))
    for line in wrong:
        print("self-check:", line, file=sys.stderr)
    return wrong


def program():
    import finfuzz_target as t
    a = t.Error("an error")
    again()


def life_2():
    import finfuzz_target as t
    self_check(t)


[program, life_2][LIFE - 1]()
