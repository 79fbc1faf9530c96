"""`finfuzz sweep`."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from pathlib import Path

import click
from rich.table import Table

from finfuzz.campaign.worker.chooser import make_space
from finfuzz.cli.group import cli
from finfuzz.cli.options import (
    Count,
    build_target,
    name_targets,
    path_option,
    python_option,
    recipe_option,
    resolve_target,
    target_option,
)
from finfuzz.cli.progress import show_progress
from finfuzz.executor.zygote import Executor
from finfuzz.generation.sweep.plan import CellPlan, plan_cell
from finfuzz.generation.sweep.space import CELLS
from finfuzz.program.model import Program
from finfuzz.replay.run import count_cores
from finfuzz.support.terminal import DataConsole, say
from finfuzz.targets.build import require_linux
from finfuzz.targets.built import Build

#: Bare children that are measured: their median is what a program's cost is counted in.
_BARE = 20


@cli.command()
@target_option
@python_option
@recipe_option
@path_option
@click.option(
    "--workers", type=Count(1, 1024), default=None, show_default="one per core",
    help="The number of processes that the time is reckoned for.",
)  # fmt: skip
def sweep(
    target: str, python: str | None, recipe: Path | None, path: Path | None, workers: int | None
) -> None:
    """Say what a sweep of TARGET will run, how many programs that are, and how long it takes.

    A sweep runs all small programs, smallest first, each once: `finfuzz run --engine sweep`.
    """
    require_linux()
    (target,) = name_targets((target,), recipe, path)
    made = build_target(*resolve_target(target, python))
    space, workers = make_space(made), workers or count_cores()
    with show_progress("cells of the sweep") as (_, advance):
        plans = []
        for number, cell in enumerate(CELLS):
            advance(number, len(CELLS))
            plans.append(plan_cell(space, cell))
    DataConsole().print(_make_table(plans, measure_bare_child(made) / workers))
    say(
        f"{made.spec} on CPython {made.interpreter.text}, {workers} at once. All payloads are of "
        "the words that the target has; common segments are those that the fuzzer uses most "
        "(docs/sweep.md)."
    )


def measure_bare_child(made: Build) -> float:
    """Measure the seconds of a bare child: the median of a few."""
    with Executor(made) as executor:
        executor.run(Program())  # starts the zygote
        times = []
        for _ in range(_BARE):
            begin = time.perf_counter()
            executor.run_bare()
            times.append(time.perf_counter() - begin)
    return statistics.median(times)


def _make_table(plans: list[CellPlan], seconds: float) -> Table:
    """``seconds``: of a bare child, divided by the number of workers."""
    table = Table("", "every program of …", "programs", "in all", "done after")
    for column in (0, 2, 3, 4):
        table.columns[column].justify = "right"
    programs, cost, exact = 0, 0.0, True
    for number, plan in enumerate(plans, 1):
        programs, cost, exact = programs + plan.programs, cost + plan.cost, exact and plan.exact
        table.add_row(
            str(number),
            str(plan.cell),
            f"{'' if plan.exact else 'about '}{plan.programs:,}",
            f"{'' if exact else 'about '}{programs:,}",
            str(timedelta(seconds=round(cost * seconds))),
        )
    return table
