"""How often generation alone writes the programs of known defects."""

from __future__ import annotations

from collections.abc import Sequence
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
from truth.table import BadBuild, Defect, load


@click.command()
@click.argument("names", nargs=-1)
@click.option("--programs", default=60_000, show_default=True, help="For each defect.")
@click.option("--seed", default=1, show_default=True)
def generated(names: tuple[str, ...], programs: int, seed: int) -> None:
    """Count the generated programs that contain a known defect's program (all, or NAMES).

    That is more than shows a defect: what comes between may undo it, or hide it. A campaign
    executes some fifty programs a second, and half of them are generated anew: what comes once in
    60,000 comes once in 40 minutes. Nothing is executed, but extensions are built.
    """
    rows = [one for one in load() if not names or one.name in names]
    if unknown := set(names) - {one.name for one in rows}:
        raise UserError(f"there is no defect {min(unknown)!r} in tools/truth/defects.toml")
    for bad in track(sorted({one.bad for one in rows}), "generating", transient=True):
        defects = [one for one in rows if one.bad == bad]
        for name, count in count_containing(bad, defects, programs, seed).items():
            share = f"one of {programs // count:,}" if count else f"none of {programs:,}"
            click.echo(f"{share}: {name} ({bad})")


def count_containing(
    bad: BadBuild, defects: Sequence[Defect], programs: int, seed: int
) -> dict[str, int]:
    """Count, for each defect of a build, the generated programs that contain its program."""
    interpreter = pick_interpreter(bad.python)
    made = build(resolve(parse_target(bad.target)), interpreter, announce=click.echo)
    source, rng = ProgramSource.for_build(made), Random(seed)
    counts = {one.name: 0 for one in defects}
    for _ in range(programs):
        program = source.generate(rng).program
        for one in defects:
            counts[one.name] += contains(program, one.program)
    return counts
