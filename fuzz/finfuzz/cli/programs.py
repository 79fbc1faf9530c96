"""`finfuzz exec`: run one program."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
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
    trust_option,
)
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.program.file import read_program
from finfuzz.program.scope import explain_skipped
from finfuzz.report.terminal import render_stack
from finfuzz.support.counting import count
from finfuzz.support.errors import UserError
from finfuzz.support.terminal import DataConsole, say, say_line
from finfuzz.targets.build import Build, require_linux
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.diagnosis.bucket import COMPARED
from finfuzz.triage.diagnosis.ending import describe_ending
from finfuzz.triage.oracles.compare import compare
from finfuzz.triage.repro.single import write_single
from finfuzz.triage.stack import read_stack, record_stack


@cli.command(name="exec")
@click.argument("program", type=click.Path(path_type=Path))
@target_option
@python_option
@recipe_option
@path_option
@deadline_option
@memory_option
@abuse_option
@trust_option
@click.option("--strict", is_flag=True, help="Run nothing if a step would be skipped: exit with 2.")
@click.option(
    "--script",
    "prints_script",
    is_flag=True,
    help="Print PROGRAM as a Python script that needs no finfuzz, in one file. The outcome goes to "
    "standard error, and the exit code is 0.",
)
def exec_(
    program: Path,
    target: str,
    python: str | None,
    recipe: Path | None,
    path: Path | None,
    deadline: float,
    memory: int,
    abuse: bool,
    trust: bool,
    strict: bool,
    prints_script: bool,
) -> None:
    """Run PROGRAM once in a fresh process and print the outcome.

    A line for each step that was skipped gives the reason. Exits with 0 if the program survived, 1
    if it crashed, hung, ended before its steps did or showed another defect, and 2 if it could not
    run.
    """
    require_linux()
    read = read_program(program)
    (target,) = name_targets((target,), recipe, path)
    spec, interpreter = resolve_target(target, python)
    made = build_target(take_recipe(spec, program, "exec", trust=trust), interpreter)
    limits = Limits(deadline, memory, abuse)
    skipped = explain_skipped(read, interpreter.version, made.offers, abuse=abuse)
    if strict and skipped:
        _refuse(program, made, skipped)
    outcome = run_fresh(made, read, limits)
    found = diagnose(compare(made, read, outcome, limits), memory)
    ending = describe_ending(outcome, read)
    _print_outcome(made, outcome, found, skipped, ending, err=prints_script)
    if prints_script:
        say(write_single(made, read, outcome, found, skipped, limits), nl=False)
        return
    if stack := read_stack(outcome, found[0].diagnostic if found else ""):
        DataConsole().print(render_stack(record_stack(stack)), soft_wrap=True)
    if outcome.stderr:
        say(outcome.stderr, err=True, nl=False)
    sys.exit(1 if found or ending else 0)


def _refuse(program: Path, made: Build, skipped: tuple[str, ...]) -> None:
    for line in skipped:
        say_line(f"{program}: {line}", err=True)
    steps = count(len(skipped), "step")
    raise UserError(
        f"{program}: {steps} would be skipped ({_name(made)}), so nothing was run: mend the "
        "program, or leave out --strict"
    )


def _print_outcome(
    made: Build,
    outcome: Outcome,
    found: Sequence[Diagnosis],
    skipped: tuple[str, ...],
    ending: str,
    *,
    err: bool,
) -> None:
    effect, left_out, raised = outcome.took
    milliseconds = f"{outcome.seconds * 1000:.0f} ms"
    steps = f"{count(effect, 'step')}, {left_out} skipped, {raised} raised, {milliseconds}"
    if outcome.alive:
        steps += f", {count(outcome.alive, 'C++ object')} still alive at exit"
    if ending:
        say(f"{ending}: {_name(made)} ({steps})", err=err)
    elif not found:
        were = "was" if left_out == 1 else "were"
        of = count(sum(outcome.took), "step")
        partly = f", but {left_out} of {of} {were} skipped" if left_out else ""
        say_line(f"survived{partly}: {_name(made)} ({steps})", err=err)
    for diagnosis in found:
        say_line(f"{diagnosis} in {diagnosis.phase}: {_name(made)} ({steps})", err=err)
        frames = " < ".join(diagnosis.frames) or "no frames"
        say_line(f"bucket {diagnosis.bucket}: {frames}", err=err)
        if diagnosis.diagnostic in COMPARED:
            say_line(diagnosis.detail, err=err)
    for line in describe_skipped(outcome.took, skipped):
        say_line(line, err=err)


def describe_skipped(took: tuple[int, int, int], skipped: Sequence[str]) -> Iterator[str]:
    """Yield a line for each step that was skipped, and one for those that nobody could foresee."""
    for line in skipped:
        yield f"skipped {line}"
    _, left_out, raised = took
    if left_out > len(skipped) and raised:
        more = count(left_out - len(skipped), "step")
        yield f"skipped {more} more: what they name is missing, since a step raised"


def _name(made: Build) -> str:
    return f"{made.spec} on CPython {made.interpreter.text}"
