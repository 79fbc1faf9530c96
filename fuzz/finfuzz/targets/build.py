"""Build a target for one release, policy, CPython and instrumentation, and cache the result."""

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from elftools.elf.constants import P_FLAGS
from elftools.elf.elffile import ELFFile
from filelock import FileLock

from finfuzz.support.errors import UserError
from finfuzz.targets.build_plan import (
    BuildPlan,
    BuildRecord,
    locate_build,
    plan_build,
    read_record,
    write_record,
)
from finfuzz.targets.built import Build
from finfuzz.targets.compiler import run_all, run_compiler
from finfuzz.targets.extension_words import list_offers, write_extension_words
from finfuzz.targets.instrumentation import make_variables, read_instrumentation
from finfuzz.targets.interpreters import Interpreter, require_headers
from finfuzz.targets.objects import compile_once
from finfuzz.targets.package_build import build_package
from finfuzz.targets.releases import list_hashes, resolve
from finfuzz.targets.requirements import require_buildable
from finfuzz.targets.spec import TargetSpec
from finfuzz.targets.units import Library, Unit

__all__ = ["CHILD", "MOST_BLOCKS", "Build", "build", "is_built", "plan_compiled", "require_linux"]

CHILD = Path(__file__).parent.parent / "child"
#: Counters for an extension's blocks: with 166,094 places for them, pybind11's is the largest.
MOST_BLOCKS = 262144
#: Counters for the blocks of CPython, which are folded over them; a power of two.
CPYTHON_BLOCKS = 131072


def build(
    spec: TargetSpec,
    interpreter: Interpreter,
    *,
    instrumented: bool = True,
    source: str = "",
    announce: Callable[[str], None] = lambda _: None,
) -> Build:
    """Return the build of ``spec`` for ``interpreter``; compile it unless the cache has it.

    ``source``: C++ to compile in place of the extension's main source, reduced to what one program
    uses (triage/attribution/reduced.py); its names are then all that the build has.

    ``announce`` gets one line before a compile and none otherwise. Safe to call from many
    processes at once: one of them compiles. Raise UserError for anything that is missing (Linux, a
    compiler, Python.h, the release) and BuildError for a compile that fails.
    """
    require_linux()
    if spec.record.is_package:

        def build_runtime() -> Build:
            return build(TargetSpec(spec.record.controls[0]), interpreter, announce=announce)

        return build_package(spec, interpreter, build_runtime, instrumented, announce)
    plan = _plan(spec, interpreter, instrumented, source)
    directory = locate_build(plan)
    record = read_record(plan, directory)
    if record is None:
        directory.parent.mkdir(exist_ok=True)
        with FileLock(f"{directory}.lock"):
            record = read_record(plan, directory)  # another process may have built it meanwhile
            if record is None:
                without = "" if instrumented else " without coverage"
                reduced = ", reduced to one program" if source else ""
                announce(f"building {plan.spec} for CPython {interpreter.text}{without}{reduced}")
                record = _make_build(plan, directory)
    return Build(
        id=plan.id,
        spec=plan.spec,
        interpreter=interpreter,
        instrumented=instrumented,
        directory=directory,
        extension=directory / plan.extension.name,
        runtime=directory / plan.runtime.name,
        blocks=record.blocks,
        second=directory / plan.second.name if plan.second else None,
        second_blocks=record.second_blocks,
        cpython_blocks=_count_cpython_blocks(interpreter) if instrumented else 0,
        offers=list_offers(plan.spec),
    )


def is_built(spec: TargetSpec, interpreter: Interpreter, instrumented: bool = True) -> bool:
    """Whether the cache has a build. A package counts as there: nothing of it is compiled.

    Raise UserError as ``build`` does.
    """
    plan = plan_compiled(spec, interpreter, instrumented)
    return read_record(plan, locate_build(plan)) is not None


def plan_compiled(
    spec: TargetSpec, interpreter: Interpreter, instrumented: bool = True
) -> BuildPlan:
    """Plan what is compiled for a target: for a package, the runtime, which a control's build has.

    Raise UserError as ``build`` does.
    """
    if spec.record.is_package:
        spec, instrumented = TargetSpec(spec.record.controls[0]), True
    return _plan(spec, interpreter, instrumented)


def require_linux() -> None:
    """Raise UserError unless this is Linux."""
    if sys.platform != "linux":
        raise UserError(f"finfuzz runs on Linux only (this is {platform.system()})")


def _plan(
    spec: TargetSpec, interpreter: Interpreter, instrumented: bool, source: str = ""
) -> BuildPlan:
    spec = resolve(spec)
    require_buildable(spec, interpreter)
    return plan_build(CHILD, spec, require_headers(interpreter), instrumented, source)


def _make_build(plan: BuildPlan, directory: Path) -> BuildRecord:
    """Compile into a folder next to ``directory`` and rename it. The caller holds the lock."""
    begin = time.monotonic()
    for leftover in directory.parent.glob(f".{plan.id}-*"):  # of a build that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f".{plan.id}-", dir=directory.parent) as scratch:
        made = Path(scratch, "build")
        made.mkdir()
        for library in plan.libraries if plan.source else ():
            if library.reduced:
                (made / library.units[0].source).write_text(plan.source, encoding="utf-8")
        translations = [
            (one.own_folder, [*one.translate, str(made / one.units[0].source)])
            for one in plan.libraries
            if one.own_folder
        ]
        run_all(lambda one: run_compiler(one[1], one[0]), translations)
        run_all(lambda one: _compile(plan, *one, made), plan.compile_commands)
        run_all(lambda command: run_compiler(command, made), plan.link_commands)
        if plan.extension.python is not None:
            _copy_module(plan.extension.python, plan, made)
        if own := write_extension_words(plan.spec.record):
            (made / "words.py").write_text(own, encoding="utf-8")
        for unit_object in made.glob("*.o"):  # two thirds of the space, no longer needed
            unit_object.unlink()
        record = BuildRecord(
            id=plan.id,
            spec=str(plan.spec),
            python=f"{plan.interpreter.text} {plan.interpreter.executable}",
            instrumented=plan.instrumented,
            commands=[
                *(command for _, command in translations),
                *(command for _, command in plan.compile_commands),
                *plan.link_commands,
            ],
            blocks=_count_library_blocks(plan, plan.extension, made),
            second_blocks=_count_library_blocks(plan, plan.second, made) if plan.second else 0,
            releases=list_hashes(plan.spec),
            seconds=0.0 if plan.source else round(time.monotonic() - begin, 1),
        )
        write_record(record, made)
        shutil.rmtree(directory, ignore_errors=True)  # an incomplete build, if any
        os.rename(made, directory)
    return record


def _copy_module(source: Path, plan: BuildPlan, directory: Path) -> None:
    """Copy a Python module with its bytecode, which each child would have to make anew."""
    shutil.copy(source, directory / plan.extension.name)
    compileall = ["-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command = [str(plan.interpreter.executable), *compileall, plan.extension.name]
    run_compiler(command, directory, make_variables(plan.interpreter))


def _compile(plan: BuildPlan, unit: Unit, command: list[str], directory: Path) -> None:
    if unit.depends:
        compile_once(command, directory, unit.object_name, unit.depends, plan.facts)
    else:
        run_compiler(command, directory)


def _count_library_blocks(plan: BuildPlan, library: Library, directory: Path) -> int:
    return _count_blocks(directory / library.name) if plan.instrumented and library.units else 0


def _count_cpython_blocks(interpreter: Interpreter) -> int:
    return CPYTHON_BLOCKS if read_instrumentation(interpreter.executable).has_trace else 0


def _count_blocks(extension: Path) -> int:
    """Return the largest index of the coverage callback plus one.

    The callback counts by (return address - start of the executable segment) // 5: a call is five
    bytes long, so no two return addresses share an index. It folds indices over MOST_BLOCKS.
    """
    with extension.open("rb") as file:
        executable = [
            segment["p_memsz"]
            for segment in ELFFile(file).iter_segments("PT_LOAD")
            if segment["p_flags"] & P_FLAGS.PF_X
        ]
    return min(int(executable[0]) // 5 + 1, MOST_BLOCKS)
