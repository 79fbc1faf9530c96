#!/usr/bin/env python3
"""SIGABRT / internals-recreated-silently, finalizing/dict-cleared.

pybind11==3.1.0+released on CPython 3.13.0. This script died of SIGABRT 10 of 10 times.

    Unable to cast Python instance of type <class 'finfuzz_target.Container'> to C++ type '?' (#define PYBIND11_DETAILED_ERROR_MESSAGES or compile in debug mode for details)

Run it with CPython 3.13. It compiles what lies beside it first, once: that takes a C++ compiler
and pybind11 3.1.0 (PYBIND11_INCLUDE may name a folder of headers).
"""

import ctypes
import os
import shlex
import subprocess
import sys
import sysconfig
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))


def pip_headers(requirement):
    folder = os.path.join(HERE, "_headers")
    if not os.path.isdir(folder):
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        options = ["--no-deps", "--root-user-action=ignore", "--target", folder]
        subprocess.run([*pip, *options, requirement], check=True)
    return os.path.join(folder, "pybind11", "include")


def compile_beside(source):
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    result = os.path.join(HERE, {"extension.cpp": "finfuzz_target"}.get(source, "capi") + suffix)
    if os.path.exists(result):
        return
    print("compiling", source, file=sys.stderr)
    headers = None
    if source == "extension.cpp":
        headers = os.environ.get("PYBIND11_INCLUDE") or pip_headers("pybind11==3.1.0")
    command = [
        *shlex.split(os.environ.get("CXX", "c++")),
        *("-std=c++17", "-O1", "-g", "-DNDEBUG", "-shared", "-fPIC", "-fvisibility=hidden"),
        "-DFINFUZZ_POLICY=FINFUZZ_POLICY_RELEASED", "-I" + sysconfig.get_path("include"),
        *(["-I" + headers] if headers else []),
        *(["-Wl,--wrap=PyType_Ready"] if source == "extension.cpp" else ["-fvisibility=default"]),
        *(os.path.join(HERE, source), "-o", result + ".new"),
    ]
    subprocess.run(command, check=True)
    os.rename(result + ".new", result)


for source in ('extension.cpp', 'capi.cpp'):
    compile_beside(source)
if sys.argv[1:] == ["--compile"]:
    sys.exit()
if sys.version_info[:2] != (3, 13):
    print("found on CPython 3.13: another one may die of another cause", file=sys.stderr)
sys.path.insert(0, HERE)


capi = ctypes.PyDLL(os.path.join(HERE, "capi" + sysconfig.get_config_var("EXT_SUFFIX")))
capi.start.restype = ctypes.c_void_p
capi.run.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
capi.keep.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
capi.stop.argtypes = [ctypes.c_void_p]
capi.stop.restype = None
capi.hold_in_type.argtypes = [ctypes.py_object]
capi.hold_in_type.restype = ctypes.py_object


def run(interpreter, code):
    capi.run(interpreter, textwrap.dedent(code).encode())


def program():
    import finfuzz_target as t
    a = t.Container()
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(a))
    i1 = capi.start(1)  # legacy
    run(i1, f"import sys; sys.path.insert(0, {HERE!r})")
    run(i1, """
        import finfuzz_target as t
    """)
    run(i1, "del t")


program()
