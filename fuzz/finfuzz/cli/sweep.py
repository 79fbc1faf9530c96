"""`finfuzz sweep`."""

from __future__ import annotations

import statistics
import time
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
from finfuzz.generation.sweep.space import CELLS, Space
from finfuzz.program.model import Program
from finfuzz.replay.run import count_cores
from finfuzz.support.durations import describe_roughly
from finfuzz.support.terminal import DataConsole, say
from finfuzz.targets.build import require_linux
from finfuzz.targets.built import Build

#: The cell that is measured, about so many programs of it, and those of them that are left out.
_SAMPLED, _SAMPLE, _SLOWEST = CELLS[1], 40, 4


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
    DataConsole().print(_make_table(plans, measure_price(made, space) / workers))
    say(
        f"{made.spec} on CPython {made.interpreter.text}, {workers} at once, on a quiet machine. "
        "Payloads are of the words that the target has; common segments are those "
        "that the fuzzer uses most (docs/sweep.md)."
    )


def measure_price(made: Build, space: Space) -> float:
    """Measure the seconds of a program of the sweep for each bare child of its cost.

    By a sample of small programs; the slowest of these, which may hang, are left out.
    """
    programs = [
        program for block in space.list_blocks(_SAMPLED) for program in space.list_programs(block)
    ]
    prices = []
    with Executor(made) as executor:
        executor.run(Program())  # starts the zygote
        for program in programs[:: max(1, len(programs) // _SAMPLE)]:
            begin = time.perf_counter()
            executor.run(program)
            prices.append((time.perf_counter() - begin) / program.cost)
    return statistics.mean(sorted(prices)[:-_SLOWEST])


def _make_table(plans: list[CellPlan], seconds: float) -> Table:
    """``seconds``: for each bare child that a program costs, divided by the number of workers."""
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
            describe_roughly(cost * seconds),
        )
    return table
