"""Write the standalone script: a program as a person would write it in a bug report.

The script needs the extension's source next to it and the standard library, nothing of finfuzz.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable

from finfuzz.program.language import MAX_LIVES
from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.support.cpythons import Version
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.repro import library, sources
from finfuzz.triage.repro.commands import list_commands, list_modules, name_python
from finfuzz.triage.repro.fold import fold_repeated
from finfuzz.triage.repro.inside import Capi, NotPlain, Stdlib
from finfuzz.triage.repro.steps import Writer, indent
from finfuzz.triage.repro.story import TOP, escape_docstring
from finfuzz.triage.repro.texts import (
    BASE_IMPORTS,
    BEGINS,
    BUILDS,
    COMPILES,
    FROM_CAPI,
    HELPERS,
    ONLY_CAPI,
    PRELOADS,
)

#: The extension reports this diagnostic itself, and has to be linked for that.
_WATCHED = "internals-recreated-silently"
_LIVES = ("program", *(f"life_{number}" for number in range(2, MAX_LIVES + 1)))


def write_script(
    program: Program,
    spec: TargetSpec,
    python: Version,
    story: str,
    raising: frozenset[str] = frozenset(),
    *,
    diagnostic: str = "",
    abuse: bool = False,
    plain: bool = True,
    abiflags: str = "",
    in_tree: bool = False,
) -> dict[str, str]:
    """Return repro.py and the sources that it builds, by file name.

    ``story``: the first lines. ``raising``: steps, as the child gets them, that raise; the script
    catches the exception as the driver does. ``diagnostic``: the one that the script has to show.
    ``plain``: write the simplest script. Otherwise stay close to the fuzzer: the C API makes the
    interpreters, and the extension binds each name when a step first asks for it. ``abiflags``: of
    the CPython, whose command is `python3.13t`, say. ``in_tree``: the CPython is in its source
    tree, not installed.
    """
    steps = effective(program, python, abuse=abuse)
    writer = _write_steps(steps, spec, python, raising, plain=plain)
    body = _write_functions(writer) + _write_lives(writer.lives)
    helpers, borrowed = _split_helpers(writer)
    text = "".join([*(f"\n{HELPERS[name][0]}" for name in HELPERS if name in helpers), body])
    imports = {name for helper in helpers for name in HELPERS[helper][1]}
    files = {"repro.py": ""}
    watch = spec.record.has_internals and diagnostic == _WATCHED
    if spec.record.is_compiled:
        files["extension.cpp"] = sources.write_extension(spec, body, plain=plain, watch=watch)
    else:
        files["finfuzz_target.py"] = sources.read_python_module(spec)
    if borrowed or re.search(r"\bcapi\.", text):
        files["capi.cpp"] = sources.write_capi(text, borrowed | writer.platform.given)
    lives = len(writer.lives) > 1
    if lives:
        files["after_main.cpp"] = sources.write_after_main()
    version = "{}.{}".format(*python) + abiflags
    capi = "capi.cpp" in files
    lines = list_commands(spec, version, capi=capi, watch=watch, lives=lives, in_tree=in_tree)
    modules = list_modules(spec, capi=capi, lives=lives)
    files["repro.py"] = "".join(
        [
            _write_top(story, spec, _describe_run(version, in_tree=in_tree), lines, imports),
            BUILDS.format(modules=_format_tuple(modules)) if lines else "",
            COMPILES,
            PRELOADS if lives else "",
            BEGINS.format(version="{}, {}".format(*python), python="{}.{}".format(*python)),
            "import capi\n" if re.search(r"\bcapi\.", text) else "",
            f"from capi import {', '.join(sorted(borrowed))}\n" if borrowed else "",
            text,
        ]
    )
    head = "// repro.py, next to this file, builds it with these commands:\n//\n"
    head += "".join(f"//     {line}\n" for line in lines) + "\n"
    return {
        name: f"{head}{text}" if name.endswith(".cpp") else text for name, text in files.items()
    }


def _write_steps(
    steps: Program,
    spec: TargetSpec,
    python: Version,
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


def _split_helpers(writer: Writer) -> tuple[set[str], set[str]]:
    """Return the helpers that the script defines, and those that it imports from capi.

    Most use ctypes, but older ones crash in a further life of the interpreter (gh-113576).
    """
    apart = FROM_CAPI if len(writer.lives) > 1 else ONLY_CAPI
    return writer.platform.helpers - apart, writer.platform.helpers & apart


def _write_functions(writer: Writer) -> str:
    needed = [
        name for name in library.collect_functions(writer.functions) if name not in library.PLATFORM
    ]
    return "".join(f"\n\n{library.load_functions()[name].source}\n" for name in needed)


def _write_lives(lives: list[list[str]]) -> str:
    names = _LIVES[: len(lives)]
    texts = [
        "\n".join([f"\n\ndef {name}():", *indent(fold_repeated(lines) or ["pass"])]) + "\n"
        for name, lines in zip(names, lives, strict=True)
    ]
    start = "program()" if len(lives) == 1 else f"[{', '.join(names)}][LIFE - 1]()"
    return "".join([*texts, f"\n\n{start}\n"])


def _write_top(
    story: str, spec: TargetSpec, run: str, lines: list[str], imports: Iterable[str]
) -> str:
    """Write the docstring, with the commands that build the modules last, and the imports."""
    if lines:
        run += f"\nThe first run builds its modules, with {_describe_requirement(spec)}::\n"
    elif not spec.record.is_compiled:
        run += "\nfinfuzz_target.py, in plain Python, takes the place of an extension."
    shown = "\n".join([run, *(f"    {line}" for line in lines)])
    suffixes = "from importlib.machinery import EXTENSION_SUFFIXES\n" if lines else ""
    imported = "".join(f"import {name}\n" for name in sorted({*imports, *BASE_IMPORTS}))
    return (
        f'{TOP}{escape_docstring(story)}\n\n{shown}\n"""\n\n{imported}{suffixes}\n'
        "HERE = os.path.dirname(os.path.abspath(__file__))\n"
    )


def _describe_run(version: str, *, in_tree: bool) -> str:
    where = ", built in its source tree" if in_tree else ""
    name = name_python(version, in_tree=in_tree)
    return f"Run it with CPython {version}{where}: `{name} repro.py`."


def _describe_requirement(spec: TargetSpec) -> str:
    if spec.record.headers is None:
        return "a C++ compiler"
    if spec.version is None:
        return f"a C++ compiler and the {spec.framework} in {spec.path}"
    second = f" and {spec.second}" if spec.second else ""
    return f"a C++ compiler and {spec.framework} {spec.version}{second} (from PyPI)"


def _format_tuple(names: list[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return f"({', '.join(quoted)}{',' if len(names) == 1 else ''})"
