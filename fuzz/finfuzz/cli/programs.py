"""`finfuzz exec`: run one program."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from finfuzz.cli.group import cli
from finfuzz.cli.options import (
    abuse_option,
    build_target,
    deadline_option,
    memory_option,
    name_targets,
    path_option,
    python_option,
    recipe_option,
    resolve_target,
    take_recipe,
    target_option,
)
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.file import read_program
from finfuzz.support.terminal import say
from finfuzz.targets.build import require_linux
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.diagnosis.bucket import COMPARED
from finfuzz.triage.diagnosis.symbols import name_stack
from finfuzz.triage.oracles.compare import compare


@cli.command(name="exec")
@click.argument("program", type=click.Path(path_type=Path))
@target_option
@python_option
@recipe_option
@path_option
@deadline_option
@memory_option
@abuse_option
def exec_(
    program: Path,
    target: str,
    python: str | None,
    recipe: Path | None,
    path: Path | None,
    deadline: float,
    memory: int,
    abuse: bool,
) -> None:
    """Run PROGRAM once in a fresh process and print the outcome.

    Exits with 0 if the program survived, 1 if it crashed, hung or showed another defect, and 2 if
    it could not run.
    """
    require_linux()
    read = read_program(program)
    (target,) = name_targets((target,), recipe, path)
    spec, interpreter = resolve_target(target, python)
    made = build_target(take_recipe(spec, program), interpreter)
    limits = Limits(deadline, memory, abuse)
    outcome = run_fresh(made, read, limits)
    effect, skipped, raised = outcome.took
    where = f"{made.spec} on CPython {made.interpreter.text}"
    steps = f"{effect} steps, {skipped} skipped, {raised} raised, {outcome.seconds * 1000:.0f} ms"
    if outcome.alive:
        steps += f", {outcome.alive} C++ objects still alive at exit"
    found = diagnose(compare(made, read, outcome, limits), memory)
    if not found:
        say(f"survived: {where} ({steps})")
    for diagnosis in found:
        say(f"{diagnosis} in {diagnosis.phase}: {where} ({steps})")
        say(f"bucket {diagnosis.bucket}: {' < '.join(diagnosis.frames) or 'no frames'}")
        if diagnosis.diagnostic in COMPARED:
            say(diagnosis.detail)
    for number, frame in enumerate(name_stack(outcome.find_stack())):
        say(f"#{number} {frame}")
    if outcome.stderr:
        say(outcome.stderr, err=True, nl=False)
    sys.exit(1 if found else 0)
