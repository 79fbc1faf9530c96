"""How often generation alone writes the programs of known defects; nothing is executed."""

from __future__ import annotations

from random import Random

import click
from rich.progress import track

from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.support.errors import UserError
from finfuzz.targets.build import build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from truth.containment import contains
from truth.table import Defect, load


@click.command()
@click.argument("names", nargs=-1)
@click.option("--programs", default=60_000, show_default=True, help="For each defect.")
@click.option("--seed", default=1, show_default=True)
def generated(names: tuple[str, ...], programs: int, seed: int) -> None:
    """Count the generated programs that contain a known defect's program (all, or NAMES).

    A campaign executes some fifty programs a second, and half of them are generated anew: what
    comes once in 60,000 comes once in three quarters of an hour.
    """
    rows = [one for one in load() if not names or one.name in names]
    if unknown := set(names) - {one.name for one in rows}:
        raise UserError(f"there is no defect {min(unknown)!r} in tools/truth/defects.toml")
    for defect in track(rows, "generating", transient=True):
        count = count_containing(defect, programs, seed)
        share = f"one of {programs // count:,}" if count else f"none of {programs:,}"
        click.echo(f"{share}: {defect.name} ({defect.bad})")


def count_containing(defect: Defect, programs: int, seed: int) -> int:
    """Count the generated programs that contain a defect's program."""
    made = build(resolve(parse_target(defect.target)), pick_interpreter(defect.python))
    source, rng = ProgramSource.for_build(made), Random(seed)
    return sum(contains(source.generate(rng).program, defect.program) for _ in range(programs))
