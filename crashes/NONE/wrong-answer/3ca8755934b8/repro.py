#!/usr/bin/env python3
"""NONE / wrong-answer, running.

pybind11==3.1.0+released on CPython 3.13.0. This script shows it 10 of 10 times.

    a translated exception: 'AttributeError: Error', should be True

Run it with CPython 3.13. It compiles what lies beside it first, once: that takes a C++ compiler
and pybind11 3.1.0 (PYBIND11_INCLUDE may name a folder of headers).
"""

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES

HERE = os.path.dirname(os.path.abspath(__file__))


def headers_of(origin):
    """Where a framework's headers are: its folder, or what pip downloads."""
    if os.path.isdir(origin):
        return origin
    folder = os.path.join(HERE, "_headers", origin)
    if not os.path.isdir(folder):
        import subprocess

        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        options = ["--no-deps", "--root-user-action=ignore", "--target", folder]
        subprocess.run([*pip, *options, origin], check=True)
    return os.path.join(folder, "pybind11", "include")


def compile_beside(source, module, origin=None, variable="", *options):
    """Compiles a source into a module, both beside this script, if it isn't there already."""
    result = os.path.join(HERE, module + EXTENSION_SUFFIXES[0])
    if os.path.exists(result):
        return
    import shlex
    import subprocess
    import sysconfig

    print("compiling", source, file=sys.stderr)
    headers = os.environ.get(variable) or (origin and headers_of(origin))
    command = [
        *shlex.split(os.environ.get("CXX", "c++")),
        *("-std=c++17", "-O1", "-g", "-DNDEBUG", "-shared", "-fPIC", "-fvisibility=hidden"),
        "-I" + sysconfig.get_path("include"),
        *(["-I" + headers] if headers else []),
        *options,
        *(os.path.join(HERE, source), "-o", result + ".new", "-ldl", "-lpthread"),
    ]
    subprocess.run(command, check=True)
    os.rename(result + ".new", result)


compile_beside(
    "extension.cpp",
    "finfuzz_target",
    "pybind11==3.1.0",
    "PYBIND11_INCLUDE",
    "-Wl,--wrap=PyType_Ready",
    "-DFINFUZZ_POLICY=FINFUZZ_POLICY_RELEASED",
)
compile_beside("capi.cpp", "capi", "", "", "-pthread")
if sys.argv[1:] == ["--compile"]:
    sys.exit()
if sys.version_info[:2] != (3, 13):
    print("found on CPython 3.13: another one may die of another cause", file=sys.stderr)
sys.path.insert(0, HERE)
import capi


LIFE = globals().get("LIFE", 1)


def again():
    """After this life of the interpreter, another one runs this file too, in the same process."""
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
    """Returns what is wrong, a line each, and says it on standard error."""
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
