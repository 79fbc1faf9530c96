"""The standalone script: a program as a person would have written it in a bug report.

It needs the extension's source beside it and the standard library, nothing of finfuzz.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable

from finfuzz.program.language import MAX_LIVES
from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.repro import library, sources
from finfuzz.triage.repro.commands import commands, modules
from finfuzz.triage.repro.inside import Capi, NotPlain, Stdlib
from finfuzz.triage.repro.steps import Writer, indented
from finfuzz.triage.repro.story import TOP, in_docstring
from finfuzz.triage.repro.texts import BASE_IMPORTS, BEGINS, BUILDS, FROM_CAPI, HELPERS

#: Told by the extension, which has to be linked for that.
_WATCHED = "internals-recreated-silently"
_LIVES = ("program", *(f"life_{number}" for number in range(2, MAX_LIVES + 1)))


def write_script(
    program: Program,
    spec: TargetSpec,
    python: tuple[int, int],
    story: str,
    raising: frozenset[str] = frozenset(),
    *,
    diagnostic: str = "",
    abuse: bool = False,
    plain: bool = True,
) -> dict[str, str]:
    """repro.py and the sources that it builds, by file name.

    ``story``: its first lines. ``raising``: steps, as the child is given them, that raise and are
    caught, as the driver does. ``diagnostic``: what it has to show. ``plain``: as simple as can be;
    else as near to what the fuzzer does, in interpreters made by the C API and with an extension
    that binds each thing when it is first asked for.
    """
    steps = effective(program, python, abuse=abuse)
    writer = _written(steps, spec, python, raising, plain=plain)
    body = _functions(writer) + _lives(writer.lives)
    helpers, borrowed = _platform(writer)
    text = "".join([*(f"\n{HELPERS[name][0]}" for name in HELPERS if name in helpers), body])
    imports = {name for helper in helpers for name in HELPERS[helper][1]}
    files = {"repro.py": ""}
    watch = spec.record.has_internals and diagnostic == _WATCHED
    if spec.record.is_compiled:
        files["extension.cpp"] = sources.extension(spec, body, plain=plain, watch=watch)
    else:
        files["finfuzz_target.py"] = sources.python_module(spec)
    if borrowed or re.search(r"\bcapi\.", text):
        files["capi.cpp"] = sources.capi(text, borrowed | writer.platform.given)
    lines = commands(spec, python, capi="capi.cpp" in files, watch=watch)
    files["repro.py"] = "".join(
        [
            _top(story, spec, python, lines, imports),
            BUILDS.format(modules=_tuple(modules(spec, "capi.cpp" in files))) if lines else "",
            BEGINS.format(version="{}, {}".format(*python), python="{}.{}".format(*python)),
            "import capi\n" if re.search(r"\bcapi\.", text) else "",
            f"from capi import {', '.join(sorted(borrowed))}\n" if borrowed else "",
            text,
        ]
    )
    head = "// Built by repro.py, beside it, as follows.\n//\n"
    head += "".join(f"//     {line}\n" for line in lines) + "\n"
    return {
        name: f"{head}{text}" if name.endswith(".cpp") else text for name, text in files.items()
    }


def _written(
    steps: Program,
    spec: TargetSpec,
    python: tuple[int, int],
    raising: frozenset[str],
    *,
    plain: bool,
) -> Writer:
    if plain:
        with contextlib.suppress(NotPlain):
            writer = Writer(raising, Stdlib(python), spec)
            writer.write(steps)
            return writer
    writer = Writer(raising, Capi(), spec)
    writer.write(steps)
    return writer


def _platform(writer: Writer) -> tuple[set[str], set[str]]:
    """The helpers that are written out, and those that come from capi.

    ctypes does for most, but older ones crash in a further life (gh-113576).
    """
    apart = FROM_CAPI if len(writer.lives) > 1 else frozenset({"hold_in_type"})
    return writer.platform.helpers - apart, writer.platform.helpers & apart


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


def _top(
    story: str, spec: TargetSpec, python: tuple[int, int], lines: list[str], imports: Iterable[str]
) -> str:
    """The docstring, whose last paragraph is what is built, and the imports."""
    version = "{}.{}".format(*python)
    run = f"Run it with CPython {version}: `python{version} repro.py`."
    if lines:
        run += f"\nWith {_requirement(spec)}it builds what it needs first, once::\n"
    elif not spec.record.is_compiled:
        run += "\nfinfuzz_target.py stands for an extension, in plain Python."
    shown = "\n".join([run, *(f"    {line}" for line in lines)])
    suffixes = "from importlib.machinery import EXTENSION_SUFFIXES\n" if lines else ""
    imported = "".join(f"import {name}\n" for name in sorted({*imports, *BASE_IMPORTS}))
    return (
        f'{TOP}{in_docstring(story)}\n\n{shown}\n"""\n\n{imported}{suffixes}\n'
        "HERE = os.path.dirname(os.path.abspath(__file__))\n"
    )


def _requirement(spec: TargetSpec) -> str:
    if spec.record.headers is None:
        return "a C++ compiler "
    if spec.version is None:
        return f"a C++ compiler and the {spec.framework} in {spec.path} "
    second = f" and {spec.second}" if spec.second else ""
    return f"a C++ compiler and {spec.framework} {spec.version}{second} (from PyPI) "


def _tuple(names: list[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return f"({', '.join(quoted)}{',' if len(names) == 1 else ''})"
