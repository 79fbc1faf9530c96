"""The standalone script: a program as a person would have written it in a bug report.

It needs the extension's source beside it and the standard library, nothing of finfuzz.
"""

from __future__ import annotations

import re
from pathlib import Path

from fuzz.program.language import MAX_LIVES
from fuzz.program.model import Program
from fuzz.program.scope import effective
from fuzz.target.spec import TargetSpec
from fuzz.triage.script import library
from fuzz.triage.script.sources import sources
from fuzz.triage.script.steps import Writer, indented
from fuzz.triage.script.texts import BASE_IMPORTS, FROM_CAPI, HEADER, HELPERS

_LIVES = ("program", *(f"life_{number}" for number in range(2, MAX_LIVES + 1)))


def write_script(
    program: Program,
    spec: TargetSpec,
    python: tuple[int, int],
    story: str,
    raising: frozenset[str] = frozenset(),
    *,
    abuse: bool = False,
) -> dict[str, str]:
    """repro.py and the sources that it compiles, by file name.

    ``raising``: steps, as the child is given them, that raise and are caught, as the driver does.
    """
    writer = Writer(raising, second=spec.second is not None)
    writer.write(effective(program, python, abuse=abuse))
    helpers, borrowed = _platform(writer)
    body = "".join(
        ["" if not borrowed else f"from capi import {', '.join(sorted(borrowed))}\n"]
        + [f"\n{text}" for name, (text, _) in HELPERS.items() if name in helpers]
        + [_functions(writer), _lives(writer.lives)]
    )
    capi = re.search(r"\bcapi\b", body) is not None
    if re.search(r"\bcapi\.", body):
        body = f"import capi\n{body}"
    modules = {module for name in helpers for module in HELPERS[name][1]} | BASE_IMPORTS
    header = HEADER.format(
        story=story.replace("\\", r"\\").replace('"', r"\""),
        python=".".join(map(str, python)),
        version="{}, {}".format(*python),
        requirement=_requirement(spec),
        variables="PYBIND11_INCLUDE and PYBIND11_SECOND_INCLUDE"
        if spec.second
        else "PYBIND11_INCLUDE",
        imports="\n".join(f"import {name}" for name in sorted(modules)),
        compiles="\n".join(_compiles(spec, capi)),
    )
    script = header + body
    return {"repro.py": script, **sources(spec, script, capi)}


def _platform(writer: Writer) -> tuple[set[str], set[str]]:
    """The helpers that are written out, and those that come from capi.

    ctypes does for most, but before 3.13 it kills what imports it in a further life.
    """
    apart = FROM_CAPI if len(writer.lives) > 1 else frozenset({"hold_in_type"})
    return writer.helpers - apart, writer.helpers & apart


def _functions(writer: Writer) -> str:
    needed = [name for name in library.closure(writer.functions) if name not in library.PLATFORM]
    return "".join(f"\n\n{library.functions()[name].source}\n" for name in needed)


def _lives(lives: list[list[str]]) -> str:
    names = _LIVES[: len(lives)]
    texts = [
        "\n".join([f"\n\ndef {name}():", *indented(lines or ["pass"])]) + "\n"
        for name, lines in zip(names, lives, strict=True)
    ]
    start = "program()" if len(lives) == 1 else f"[{', '.join(names)}][LIFE - 1]()"
    return "".join([*texts, f"\n\n{start}\n"])


def _requirement(spec: TargetSpec) -> str:
    if spec.framework != "pybind11":
        return "no framework"
    if spec.version is None:
        return f"the pybind11 in {spec.path}"
    second = spec.second
    return f"pybind11 {spec.version}" + (f" and {second}" if second else "")


def _compiles(spec: TargetSpec, capi: bool) -> list[str]:
    """The calls that compile what is beside the script."""
    calls = ['compile_beside("capi.cpp", "capi", "", "", "-pthread")'] if capi else []
    wrap = '"-Wl,--wrap=PyType_Ready"'
    if spec.framework != "pybind11":
        return [f'compile_beside("extension.cpp", "finfuzz_target", "", "", {wrap})', *calls]
    policy = f'"-DFINFUZZ_POLICY=FINFUZZ_POLICY_{spec.policy.upper()}"'
    found = []
    for module, origin, variable in _extensions(spec):
        options = ["extension.cpp", module, origin, variable]
        arguments = [*map(_literal, options), wrap, policy]
        arguments += [f'"-DFINFUZZ_MODULE={module}"'] if spec.second else []
        found.append("\n    ".join(["compile_beside(", *(f"{one}," for one in arguments)]) + "\n)")
    return [*found, *calls]


def _extensions(spec: TargetSpec) -> list[tuple[str, str, str]]:
    """(module, origin of its headers, variable that names another) of each."""
    first = f"pybind11=={spec.version}" if spec.path is None else _include(spec.path)
    found = [("finfuzz_target", first, "PYBIND11_INCLUDE")]
    if second := spec.second:
        found.append(("finfuzz_second", f"pybind11=={second}", "PYBIND11_SECOND_INCLUDE"))
    return found


def _include(path: Path) -> str:
    return str(path / "include" if (path / "include").is_dir() else path)


def _literal(text: str) -> str:
    return '"{}"'.format(text.replace("\\", r"\\").replace('"', r"\""))
