"""The shell commands that build what a script needs, as a person would type them beside it.

They can be told three things by variables: which Python, which compiler, and where the framework's
headers are.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from finfuzz.targets.spec import NO_EXTENSION, PYBIND11, TargetSpec

_ASK = """$("$PYTHON" -c 'import sysconfig; print(sysconfig.{})')"""
_INCLUDE = "INCLUDE=" + _ASK.format('get_path("include")')
_SUFFIX = "SUFFIX=" + _ASK.format('get_config_var("EXT_SUFFIX")')
_COMPILE = "${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden"


def modules(spec: TargetSpec, capi: bool) -> list[str]:
    """The names of the modules that are built."""
    extensions = [] if spec.framework == NO_EXTENSION else ["finfuzz_target"]
    extensions += ["finfuzz_second"] if spec.second else []
    return [*extensions, *(["capi"] if capi else [])]


def commands(spec: TargetSpec, python: tuple[int, int], *, capi: bool, watch: bool) -> list[str]:
    """The lines, in order; none where there is nothing to build.

    ``watch``: the extension is linked so that it sees its internals made.
    """
    if not modules(spec, capi):
        return []
    lines = [f": ${{PYTHON:=python{python[0]}.{python[1]}}}", _INCLUDE, _SUFFIX]
    link = ["-Wl,--wrap=PyType_Ready"] if watch else []
    for module, variable, version in _extensions(spec):
        options = [f"-DFINFUZZ_MODULE={module}"] if spec.second else []
        if spec.framework == PYBIND11:
            lines += _headers(variable, version, spec.path)
            options = [f'-I"${variable}"', *options]
        lines += _made("extension.cpp", module, [*options, *link])
    if capi:
        lines += _made("capi.cpp", "capi", ["-ldl"])
    return lines


def _extensions(spec: TargetSpec) -> list[tuple[str, str, str | None]]:
    """(module, the variable that names its headers, its framework's release) of each."""
    if spec.framework == NO_EXTENSION:
        return []
    first = ("finfuzz_target", "PYBIND11_INCLUDE", spec.version)
    return [first] + (
        [("finfuzz_second", "PYBIND11_SECOND_INCLUDE", spec.second)] if spec.second else []
    )


def _headers(variable: str, version: str | None, path: Path | None) -> list[str]:
    """Where pybind11's are: in a checkout, or in what pip gets."""
    if path is not None:
        include = path / "include" if (path / "include").is_dir() else path
        return [f": ${{{variable}:={shlex.quote(str(include))}}}"]
    folder = f"pybind11-{version}"
    return [
        f": ${{{variable}:={folder}/pybind11/include}}",
        f'test -d "${variable}" ||',
        f'    "$PYTHON" -m pip install -q --no-deps -t {folder} pybind11=={version}',
    ]


def _made(source: str, module: str, options: list[str]) -> list[str]:
    """The one command that makes a module, on three lines."""
    return [
        f"{_COMPILE} \\",
        f'    -I"$INCLUDE" {" ".join((*options, "-pthread"))} \\',
        f'    {source} -o {module}"$SUFFIX"',
    ]
