#!/usr/bin/env python3
"""SIGABRT / uncaught-cxx-exception, running.

pybind11==3.1.0+released on CPython 3.13.0. This script died of SIGABRT 10 of 10 times.

    instance allocation failed: new instance has no pybind11-registered base types

Run it with CPython 3.13. It compiles what lies beside it first, once: that takes a C++ compiler
and pybind11 3.1.0 (PYBIND11_INCLUDE may name a folder of headers).
"""

import os
import sys
import textwrap
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


def start(parent, flavour):
    """A new subinterpreter, created while `parent` is current. Its `__main__` has the functions
    leak, interpreter_dict and thread_dict."""
    interpreter = capi.start(parent, flavour)
    run(interpreter, f"import sys; sys.path.insert(0, {HERE!r})")
    return interpreter


def run(interpreter, code, call=capi.run):
    call(interpreter, textwrap.dedent(code))


def program():
    i3 = start(None, 2)  # isolated
    capi.stop(i3)
    i5 = start(None, 2)  # isolated
    run(i5, """
        import finfuzz_target as t
    """)
    run(i5, "del t")
    capi.stop(i5)
    i1 = start(None, 2)  # isolated
    run(i1, """
        import finfuzz_target as t
        b = t.Local()
    """, capi.run_elsewhere)
    run(i1, """
        def refer_by_append(source, target):
            source.append(target)

        def shape_clique(make, refer, size):
            nodes = [make() for _ in range(size)]
            for source in nodes:
                for target in nodes:
                    refer(source, target)
            return nodes[0]

        a = shape_clique(t.Container, refer_by_append, 3)
    """)
    run(i1, "del b, a, t")


program()
