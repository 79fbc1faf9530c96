"""Measure the memory that a life of a subinterpreter leaks: `python tools/lives.py --python 3.13`.

Run programs of few and of many lives, each of which imports the extension, makes a cycle and ends,
and divide the difference of their peaks. CPython itself leaks in each life, more than pybind11 by
far (discussion of PR 5972). So the control, and lives that import nothing, are measured as well.
"""

from __future__ import annotations

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.frameworks import POLICIES
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target

FEW, MANY = 20, 220
INSIDE = {
    "nothing imported": "",
    "imported": "import\n",
    "a cycle in the codec registry": "node a container\nedge a a append\nroot a codec\n",
}
FLAVOURS = ("legacy", "isolated")


def measure_kib_per_life(executor: Executor, flavour: str, inside: str) -> float:
    """Return the KiB of peak memory that each further life adds.

    Raises UserError where the child fails.
    """
    peaks = []
    for count in (FEW, MANY):
        life = f"start i {flavour}\nenter i\n{inside}stop i\n"
        program = parse("finfuzz 1\n" + life * count)
        outcome = executor.run(program)
        if outcome.died or outcome.exit_code:
            raise UserError(f"failed: {outcome.signal or outcome.exit_code}")
        peaks.append(outcome.peak_kib)
    return (peaks[1] - peaks[0]) / (MANY - FEW)


def format_kib_per_life(executor: Executor, flavour: str, inside: str) -> str:
    """Return the measurement as text, or the reason for its failure."""
    try:
        return f"{measure_kib_per_life(executor, flavour, inside):.1f}"
    except UserError as error:
        return str(error)


def measure_target(made: Build) -> list[list[str]]:
    """Return a row of the table for each content of a life."""
    with Executor(made, Limits(deadline=120)) as executor:
        return [
            [
                str(made.spec),
                what,
                *(format_kib_per_life(executor, flavour, inside) for flavour in FLAVOURS),
            ]
            for what, inside in INSIDE.items()
        ]


@click.command()
@click.option("--python", default=None, show_default="the newest found")
@click.option("--release", default=None, show_default="the newest")
def main(python: str | None, release: str | None) -> None:
    """Print KiB per life by target, policy and content."""
    interpreter = pick_interpreter(python)
    newest = f"pybind11=={release}" if release else "pybind11"
    targets = ["plain-c", *(f"{newest}+{policy}" for policy in POLICIES)]
    table = Table("target", "in each life", *(f"{flavour}, KiB per life" for flavour in FLAVOURS))
    for target in track(targets, "running", console=Console(stderr=True)):
        for row in measure_target(build(resolve(parse_target(target)), interpreter)):
            table.add_row(*row)
    console = Console(width=120)
    console.print(f"CPython {interpreter.text}, {FEW} lives against {MANY}")
    console.print(table)


if __name__ == "__main__":
    main()
