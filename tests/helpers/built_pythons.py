"""CPythons that have to be compiled: free-threaded, with coverage of their own, with sanitizers."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from pathlib import Path

import pytest

from finfuzz.targets.compiler import find_compiler
from finfuzz.targets.instrumentation import make_variables, read_instrumentation
from finfuzz.targets.interpreters import Interpreter


def find_free_threaded(pythons: list[Interpreter]) -> Interpreter:
    """Return a free-threaded CPython; skip the test where none is found."""
    found = [python for python in pythons if python.is_free_threaded]
    if not found:
        pytest.skip("no free-threaded CPython on PATH (configure --disable-gil, make install)")
    return found[0]


def find_traced(pythons: list[Interpreter]) -> Interpreter:
    """Return a CPython whose own blocks are counted; skip the test where none is found."""
    found = [one for one in pythons if read_instrumentation(one.executable).has_trace]
    if not found:
        pytest.skip("no CPython with coverage of its own on PATH (docs/how-it-works.md)")
    return found[0]


def find_sanitized(pythons: list[Interpreter], name: str) -> Interpreter:
    """Return a CPython that is compiled with that sanitizer; skip the test where none is found."""
    for python in pythons:
        if name in (one.name for one in read_instrumentation(python.executable).sanitizers):
            return python
    pytest.skip(f"no CPython with {name} on PATH")


ASK = """
import json, sysconfig
print(json.dumps([sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("LDLIBRARY")]))
"""


def run_python(python: Interpreter, code: str, *arguments: object) -> str:
    """Run code in that CPython and return what it prints."""
    command = [python.executable, "-I", "-c", code, *map(str, arguments)]
    variables = {**os.environ, **make_variables(python)}  # a leak would be an error with ASan
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return done.stdout


def make_launcher(
    pythons: list[Interpreter], folder: Path, source: str, flags: tuple[str, ...], *objects: str
) -> Interpreter:
    """Make a CPython whose `main` alone is compiled with these flags, and the rest its libpython.

    ``objects``: more to link. Skip the test where no CPython has a shared libpython, or where the
    compiler can't.
    """
    for python in pythons:
        library = Path(*json.loads(run_python(python, ASK)))
        if library.suffix == ".so" and library.exists():
            break
    else:
        pytest.skip("no CPython with a shared libpython found")
    (folder / "launcher.cpp").write_text(source)
    includes = [f"-I{one}" for one in python.includes]
    # Objects apart: coverage must not be in the callback itself.
    link = [
        f"-L{library.parent}",
        f"-Wl,-rpath,{library.parent}",
        f"-l:{library.name}",
        "-rdynamic",
    ]
    for command in (
        [*includes, *flags, "-g", "-c", "launcher.cpp"],
        [*flags, "launcher.o", *objects, *link, "-rdynamic", "-pthread", "-o", "python3"],
    ):
        compiled = subprocess.run(
            [find_compiler(), *command], cwd=folder, capture_output=True, text=True, check=False
        )
        if compiled.returncode:
            pytest.skip(f"this compiler can't: {compiled.stderr.strip()}")
    (folder / "pyvenv.cfg").write_text(f"home = {python.executable.parent}\n")
    return dataclasses.replace(python, executable=folder / "python3")  # which shares its builds
