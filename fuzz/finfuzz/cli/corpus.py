"""`finfuzz corpus`: distill, import, stats."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from finfuzz.cli.group import cli
from finfuzz.cli.options import (
    abuse_option,
    built,
    deadline_option,
    memory_option,
    progress,
    python_option,
    resolved,
    target_option,
)
from finfuzz.corpus.distill import distilled, require_new, write
from finfuzz.corpus.folder import CorpusFile, read_folder
from finfuzz.corpus.importing import imported
from finfuzz.corpus.measure import Measured, measured
from finfuzz.corpus.stats import Covered, Stats, covered, stats
from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.targets.build import Build

_path = click.Path(path_type=Path)
_runs_option = click.option(
    "--runs",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="Of each program; a feature that is not there each time does not count.",
)
_out_option = click.option("-o", "--out", type=_path, required=True, help="A new folder.")


@cli.group()
def corpus() -> None:
    """Care for a folder of programs."""


@corpus.command()
@click.argument("folder", type=_path)
@_out_option
@target_option
@python_option
@_runs_option
@deadline_option
@memory_option
@abuse_option
def distill(
    folder: Path,
    out: Path,
    target: str,
    python: str | None,
    runs: int,
    deadline: float,
    memory: int,
    abuse: bool,
) -> None:
    """Copy the fewest programs of FOLDER that cover on this target what all of them do.

    Of programs that cover the same, the quick ones are taken. What comes and goes in a program's
    runs does not count for it. One that dies in any run covers nothing and is left out, as a
    campaign does not build on it either: it is named, and is for `finfuzz file`.
    """
    require_new(out)
    entries, problems = _read(folder)
    made = built(*resolved(target, python))
    measures = _measured(made, entries, runs, Limits(deadline, memory, abuse))
    result = distilled(measures)
    for line in (*problems, *_not_run(measures)):
        click.echo(f"left out: {line}", err=True)
    for entry in result.died:
        click.echo(f"died: {entry.path}", err=True)
    if not result.kept:
        raise UserError(f"no program in {folder} covers anything on {made.spec} and survives")
    write([(str(one.path.relative_to(folder)), one.text) for one in result.kept], out)
    click.echo(
        f"{len(result.kept)} of {result.programs} programs have all {result.features:,} features "
        f"({result.unstable:,} counters come and go, {len(result.died)} programs died); a run of "
        f"all of them takes {result.seconds_after:.2f} s instead of {result.seconds_before:.2f} s"
    )


@corpus.command(name="import")
@click.argument("folders", type=_path, nargs=-1, required=True)
@_out_option
def import_(folders: tuple[Path, ...], out: Path) -> None:
    """Copy what is a program in FOLDERS, each once, under its name.

    A line that is no step is left out, and said. Without a first line `finfuzz 1`, or with another
    version's, steps are read as this version's. Hidden files are not looked at.
    """
    require_new(out)
    found = imported(folders)
    for line in (*found.warnings, *(f"not taken: {line}" for line in found.refused)):
        click.echo(line, err=True)
    if not found.files:
        raise UserError(f"no program in {', '.join(map(str, folders))}")
    write(found.files, out)
    click.echo(
        f"{len(found.files)} programs, {found.same} more were the same; "
        f"{len(found.warnings)} lines left out or changed, {len(found.refused)} files not taken"
    )


@corpus.command(name="stats")
@click.argument("folder", type=_path)
@click.option("--target", default=None, help="Also run them on it: as for `finfuzz exec`.")
@python_option
@_runs_option
@click.option("--json", "json_file", type=_path, default=None, help="Write the figures here.")
@deadline_option
@memory_option
@abuse_option
def stats_(
    folder: Path,
    target: str | None,
    python: str | None,
    runs: int,
    json_file: Path | None,
    deadline: float,
    memory: int,
    abuse: bool,
) -> None:
    """Say what the programs of FOLDER use of the language, and what of it none does."""
    entries, problems = _read(folder)
    found = stats(entries, problems)
    figures = msgspec.structs.asdict(found)
    console = Console(highlight=False)
    _show(console, found)
    if target is not None:
        made = built(*resolved(target, python))
        measures = _measured(made, entries, runs, Limits(deadline, memory, abuse))
        on = covered(str(made.spec), made.interpreter.text, measures)
        needed = len(distilled(measures).kept)
        figures |= {"covered": on, "needed": needed}
        _show_covered(console, on, needed)
        for line in _not_run(measures):
            console.print(f"left out: {line}", markup=False, soft_wrap=True)
    if json_file is not None:
        write_whole(json_file, msgspec.json.format(msgspec.json.encode(figures), indent=2))


def _read(folder: Path) -> tuple[list[CorpusFile], list[str]]:
    """Raises UserError where there is none."""
    entries, problems = read_folder(folder)
    if not entries:
        why = f", for example {problems[0]}" if problems else ""
        raise UserError(f"no program in {folder}{why}: see `finfuzz corpus import`")
    return entries, problems


def _not_run(measures: list[Measured]) -> list[str]:
    return [f"{one.entry.path}: {one.problem}" for one in measures if one.problem]


def _measured(made: Build, entries: list[CorpusFile], runs: int, limits: Limits) -> list[Measured]:
    found = []
    with progress("programs") as (_, advance):
        for one in measured(made, entries, runs, limits):
            found.append(one)
            advance(len(found), len(entries))
    return found


def _show(console: Console, found: Stats) -> None:
    least, median, most = found.steps
    console.print(
        f"{found.programs} programs of {least} to {most} steps (median {median:g}); "
        f"{found.starts} start interpreters, {found.lives} live again, {found.same} are there twice"
    )
    table = Table("sort", "used, by programs", "not used")
    for use in found.uses:
        most_used = ", ".join(f"{word} {count}" for word, count in use.programs.items())
        table.add_row(use.sort, most_used, ", ".join(use.unused) or "-")
    console.print(table)
    for line in found.problems:
        console.print(f"no program: {line}", markup=False, soft_wrap=True)


def _show_covered(console: Console, on: Covered, needed: int) -> None:
    least, median, most = on.milliseconds
    console.print(
        f"on {on.target}, CPython {on.python}: {on.survived} survive, {on.died} die; "
        f"{on.features:,} features, {on.stable:,} of them stable ({on.unstable:,} counters come "
        f"and go); {needed} programs would have them all; {least:.1f} to {most:.1f} ms a program "
        f"(median {median:.1f})",
        markup=False,
        soft_wrap=True,
    )
    slow = sorted(on.programs, key=lambda one: (-one.seconds, one.program))[:5]
    for one in slow:
        told = "died" if one.died else f"{one.features:,} features"
        console.print(
            f"  {1000 * one.seconds:8.1f} ms  {one.program}: {told}", markup=False, soft_wrap=True
        )
