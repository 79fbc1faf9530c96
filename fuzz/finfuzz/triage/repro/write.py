"""Write the standalone script: a program as a person would write it in a bug report.

The script needs the extension's source next to it and the standard library, nothing of finfuzz.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from pathlib import Path

from finfuzz.program.language import MAX_LIVES
from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.support.cpythons import Version
from finfuzz.targets.packages.package import Package
from finfuzz.targets.spec import TargetSpec
from finfuzz.targets.units import is_source
from finfuzz.triage.repro import sources
from finfuzz.triage.repro.commands import list_commands, list_modules
from finfuzz.triage.repro.extension import ScriptExtension
from finfuzz.triage.repro.fold import fold_repeated
from finfuzz.triage.repro.inside import Capi, NotPlain, Stdlib
from finfuzz.triage.repro.library import PLATFORM
from finfuzz.triage.repro.needs import IN_CAPI, list_needs
from finfuzz.triage.repro.steps import Writer, indent
from finfuzz.triage.repro.texts import (
    BASE_IMPORTS,
    BEGINS,
    BUILDS,
    COMPILES,
    FINDS,
    FROM_CAPI,
    HELPERS,
    ONLY_CAPI,
    PRELOADS,
    REACHES,
)
from finfuzz.triage.repro.top import Run, write_docstring, write_imports

#: The extension reports this diagnostic itself, and has to be linked for that.
_WATCHED = "internals-recreated-silently"
#: The script prints the exceptions of steps for this diagnostic.
_OF_RAISING = "raises"
#: What a helper says of the interpreters that it makes.
_BESIDE, _IN_FOLDER = "the modules next to this script", "what is in FOLDER"
_LIVES = ("program", *(f"life_{number}" for number in range(2, MAX_LIVES + 1)))


def write_script(
    program: Program,
    spec: TargetSpec,
    python: Version,
    story: str,
    raising: frozenset[str] = frozenset(),
    *,
    package: Package | None = None,
    diagnostic: str = "",
    abuse: bool = False,
    plain: bool = True,
    abiflags: str = "",
    in_tree: bool = False,
    executable: str = "",
) -> dict[str, str]:
    """Return repro.py and the sources that it builds, by file name.

    ``story``: the first lines. ``raising``: steps, as the child gets them, that raise; the script
    catches the exception as the driver does. ``package``: of a target that is one. ``diagnostic``:
    the one that the script has to show. ``plain``: write the simplest script. Otherwise stay close
    to the fuzzer: the C API makes the interpreters, and the extension binds each name when a step
    first asks for it. ``abiflags``: of the CPython, whose command is `python3.13t`, say.
    ``in_tree``: the CPython is in its source tree, not installed. ``executable``: its path, where a
    package is installed for it.
    """
    extension = ScriptExtension(spec, package)
    steps = effective(program, python, abuse=abuse, offers=extension.offers)
    platforms = _list_platforms(extension, python, plain=plain)
    shows_raised = diagnostic == _OF_RAISING
    writer = _write_steps(steps, extension, platforms, raising, shows_raised=shows_raised)
    body = _write_functions(writer, extension) + _write_lives(writer.lives)
    helpers, borrowed = _split_helpers(writer)
    text = "".join(
        [*(f"\n{_write_helper(name, extension)}" for name in HELPERS if name in helpers), body]
    )
    files = {"repro.py": ""}
    watch = spec.record.has_internals and diagnostic == _WATCHED
    if spec.record.is_compiled:
        name = f"extension{Path(spec.record.main_source).suffix}"
        files[name] = sources.write_extension(spec, body, plain=plain, watch=watch)
    elif package is None:
        files["finfuzz_target.py"] = sources.read_python_module(spec)
    elif extension.joining is not None:
        files[extension.joining.name] = extension.joining.read_text(encoding="utf-8")
    if borrowed or re.search(r"\bcapi\.", text):
        files["capi.cpp"] = sources.write_capi(text, borrowed | writer.platform.given)
    run = Run("{}.{}".format(*python) + abiflags, in_tree, executable)
    capi, lives = "capi.cpp" in files, len(writer.lives) > 1
    if lives:
        files["after_main.cpp"] = sources.write_after_main()
    lines = list_commands(spec, run.version, capi=capi, watch=watch, lives=lives, in_tree=in_tree)
    modules = list_modules(spec, capi=capi, lives=lives)
    beside = package is None or bool(lines) or extension.joining is not None
    parts = [
        BUILDS.format(modules=_format_tuple(modules)) if lines else "",
        COMPILES if beside else "\n" * bool(extension.folder),
        PRELOADS if lives else "",
        _write_begin(python, abiflags),
        REACHES.format(folder="HERE") if beside else "",
        REACHES.format(folder="FOLDER") if extension.folder else "",
        "import capi\n" if re.search(r"\bcapi\.", text) else "",
        f"from capi import {', '.join(sorted(borrowed))}\n" if borrowed else "",
        text,
    ]
    rest = _write_places(extension, beside=beside) + "".join(parts)
    imports = {name for helper in helpers for name in HELPERS[helper][1]}
    imports |= {name for name in BASE_IMPORTS if re.search(rf"\b{name}\.", rest)}
    uses = imports | ({IN_CAPI} if IN_CAPI in files.get("capi.cpp", "") else set())
    run = replace(run, needs=tuple(list_needs(abiflags, diagnostic, uses)))
    files["repro.py"] = "\n".join(
        [
            write_docstring(story, spec, run, lines, package, watch=watch),
            write_imports(imports, run, with_suffixes=bool(lines)),
            rest,
        ]
    )
    return {
        name: _write_head(name, lines) + text if is_source(name) else text
        for name, text in files.items()
    }


def _write_begin(python: Version, abiflags: str) -> str:
    """Write the line on another CPython, which may have the defect too."""
    debug = "d" in abiflags
    return BEGINS.format(
        version="{}, {}".format(*python),
        python="{}.{}".format(*python) + ", a debug build" * debug,
        flags=' or "d" not in sys.abiflags' * debug,
    )


def _write_head(name: str, lines: list[str]) -> str:
    """Write the comment on top of a source."""
    mark = "//" if name.endswith(".cpp") else "#"
    head = f"{mark} repro.py, next to this file, builds it with these commands:\n{mark}\n"
    return head + "".join(f"{mark}     {line}\n" for line in lines) + "\n"


def _list_platforms(extension: ScriptExtension, python: Version, *, plain: bool) -> list[Capi]:
    """List the ways to write code for other interpreters and threads, the plainest first."""
    return [*([Stdlib(python, finds_all=extension.is_installed)] if plain else ()), Capi()]


def _write_steps(
    steps: Program,
    extension: ScriptExtension,
    platforms: list[Capi],
    raising: frozenset[str],
    *,
    shows_raised: bool,
) -> Writer:
    """Write the steps in the plainest way that does the same."""
    for platform in platforms:
        with contextlib.suppress(NotPlain):
            writer = Writer(raising, platform, extension, shows_raised=shows_raised)
            writer.write(steps)
            break
    return writer


def _split_helpers(writer: Writer) -> tuple[set[str], set[str]]:
    """Return the helpers that the script defines, and those that it imports from capi.

    Most use ctypes, but older ones crash in a further life of the interpreter (gh-113576).
    """
    apart = FROM_CAPI if len(writer.lives) > 1 else ONLY_CAPI
    return writer.platform.helpers - apart, writer.platform.helpers & apart


def _write_functions(writer: Writer, extension: ScriptExtension) -> str:
    library = extension.library
    needed = [name for name in library.collect(writer.functions) if name not in PLATFORM]
    return "".join(f"\n\n{library.functions[name].source}\n" for name in needed)


def _write_helper(name: str, extension: ScriptExtension) -> str:
    """Write a helper. A package is found where it is installed, or in a folder of its own."""
    text = HELPERS[name][0]
    if extension.is_installed:
        return FINDS.sub("", text)
    if extension.folder is not None:
        return text.replace("HERE", "FOLDER").replace(_BESIDE, _IN_FOLDER)
    return text


def _write_places(extension: ScriptExtension, *, beside: bool) -> str:
    """Write the names of the folders that a script imports from."""
    places = ["HERE = os.path.dirname(os.path.abspath(__file__))"] if beside else []
    places += [f"FOLDER = {_quote(str(extension.folder))}"] if extension.folder else []
    return "".join(f"{line}\n" for line in places)


def _quote(text: str) -> str:
    """Write a string as Python does, in double quotes where that is as plain."""
    return f'"{text}"' if text.isprintable() and not set(text) & {'"', "\\"} else repr(text)


def _write_lives(lives: list[list[str]]) -> str:
    names = _LIVES[: len(lives)]
    texts = [
        "\n".join([f"\n\ndef {name}():", *indent(fold_repeated(lines) or ["pass"])]) + "\n"
        for name, lines in zip(names, lives, strict=True)
    ]
    start = "program()" if len(lives) == 1 else f"[{', '.join(names)}][LIFE - 1]()"
    return "".join([*texts, f"\n\n{start}\n"])


def _format_tuple(names: list[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return f"({', '.join(quoted)}{',' if len(names) == 1 else ''})"
