"""`finfuzz corpus distill`, `import` and `stats`."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.table import Table

from finfuzz.cli.group import cli
from finfuzz.cli.options import (
    Count,
    abuse_option,
    build_target,
    deadline_option,
    memory_option,
    python_option,
    resolve_target,
    target_option,
)
from finfuzz.cli.progress import show_progress
from finfuzz.corpus.distill import choose_programs, require_new, write_folder
from finfuzz.corpus.folder import CorpusFile, read_folder
from finfuzz.corpus.importing import import_programs
from finfuzz.corpus.measure import Measurement, measure_programs
from finfuzz.corpus.stats import Coverage, Stats, collect_stats, sum_coverage
from finfuzz.executor.limits import Limits
from finfuzz.support.counting import count
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.support.terminal import DataConsole, say, say_line
from finfuzz.targets.build import Build

_path = click.Path(path_type=Path)
_runs_option = click.option(
    "--runs",
    type=Count(1, 100),
    default=3,
    show_default=True,
    help="Runs of each program; a feature counts only if every run has it.",
)
_out_option = click.option(
    "-o", "--out", type=_path, required=True, help="The new folder to write."
)


@cli.group(no_args_is_help=False)
def corpus() -> None:
    """Manage a folder of programs: distill, import, stats."""


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
    """Copy a small set of FOLDER's programs that covers as much on this target as the folder.

    Quick programs are preferred. A feature counts for a program only if all its runs have it.
    Programs that crash or hang are left out and listed: `finfuzz file` makes findings of them.
    """
    require_new(out)
    entries, problems = _read(folder)
    made = build_target(*resolve_target(target, python))
    measures = _measure(made, entries, runs, Limits(deadline, memory, abuse))
    result = choose_programs(measures)
    for line in (*problems, *_list_problems(measures)):
        say_line(f"left out: {line}", err=True)
    for entry in result.died:
        say_line(f"left out, does not survive: {entry.path}", err=True)
    if not result.kept:
        raise UserError(
            f"no program in {folder} survives on {made.spec} and covers anything: "
            "distill on another target"
        )
    write_folder([(str(one.path.relative_to(folder)), one.text) for one in result.kept], out)
    say(
        f"kept {len(result.kept)} of {count(result.programs, 'program')} with all "
        f"{count(result.features, 'feature')} ("
        f"{count(result.unstable, 'unstable counter')} ignored, "
        f"{count(len(result.died), 'program')} did not survive); one run of each takes "
        f"{result.seconds_after:.2f} s instead of {result.seconds_before:.2f} s"
    )


@corpus.command(name="import")
@click.argument("folders", type=_path, nargs=-1, required=True)
@_out_option
def import_(folders: tuple[Path, ...], out: Path) -> None:
    """Copy every program below FOLDERS into one new folder, without duplicates.

    Lines that are no step are left out with a warning. A file without the first line `finfuzz 1`,
    or with another version's, is read as this version's language. Hidden files are ignored.
    """
    require_new(out)
    found = import_programs(folders)
    for line in (*found.warnings, *(f"not imported: {line}" for line in found.refused)):
        say_line(line, err=True)
    if not found.files:
        raise UserError(f"no program in {', '.join(map(str, folders))}: name a folder of programs")
    write_folder(found.files, out)
    say(
        f"imported {count(len(found.files), 'program')}, "
        f"{count(found.same, 'duplicate')} left out; "
        f"{count(len(found.warnings), 'line')} left out or changed, "
        f"{count(len(found.refused), 'file')} not imported"
    )


@corpus.command(name="stats")
@click.argument("folder", type=_path)
@click.option(
    "--target",
    default=None,
    help="Also run the programs on this target, written as for `finfuzz exec`.",
)
@python_option
@_runs_option
@click.option(
    "--json", "json_file", type=_path, default=None, help="Also write the figures to this file."
)
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
    """Report which words of the language the programs of FOLDER use, and which none uses."""
    entries, problems = _read(folder)
    found = collect_stats(entries, problems)
    figures = msgspec.structs.asdict(found)
    console = DataConsole()
    _print_stats(console, found)
    if target is not None:
        made = build_target(*resolve_target(target, python))
        measures = _measure(made, entries, runs, Limits(deadline, memory, abuse))
        on = sum_coverage(str(made.spec), made.interpreter.text, measures)
        needed = len(choose_programs(measures).kept)
        figures |= {"covered": on, "needed": needed}
        _print_coverage(console, on, needed)
        for line in _list_problems(measures):
            console.print(f"left out: {line}", soft_wrap=True)
    if json_file is not None:
        write_whole(json_file, msgspec.json.format(msgspec.json.encode(figures), indent=2))


def _read(folder: Path) -> tuple[list[CorpusFile], list[str]]:
    """Read the programs of a folder. Raise UserError if there are none."""
    entries, problems = read_folder(folder)
    if not entries:
        why = f", for example {problems[0]}" if problems else ""
        raise UserError(f"no program in {folder}{why}: `finfuzz corpus import` skips bad lines")
    return entries, problems


def _list_problems(measures: list[Measurement]) -> list[str]:
    return [f"{one.entry.path}: {one.problem}" for one in measures if one.problem]


def _measure(
    made: Build, entries: list[CorpusFile], runs: int, limits: Limits
) -> list[Measurement]:
    found = []
    with show_progress("programs") as (_, advance):
        for one in measure_programs(made, entries, runs, limits):
            found.append(one)
            advance(len(found), len(entries))
    return found


def _print_stats(console: DataConsole, found: Stats) -> None:
    least, median, most = found.steps
    console.print(
        f"{count(found.programs, 'program')} of {least} to {most} steps "
        f"(median {median:g}); "
        f"{found.starts} start interpreters, {found.lives} begin a further life (again), "
        f"{found.same} are duplicates"
    )
    table = Table("sort of word", "programs that use it", "unused")
    for use in found.uses:
        most_used = ", ".join(f"{word} {count}" for word, count in use.programs.items())
        table.add_row(use.sort, most_used, ", ".join(use.unused) or "-")
    console.print(table)
    for line in found.problems:
        console.print(f"not a program: {line}", soft_wrap=True)


def _print_coverage(console: DataConsole, on: Coverage, needed: int) -> None:
    least, median, most = on.milliseconds
    console.print(
        f"on {on.target}, CPython {on.python}: {on.survived} survive, {on.died} do not; "
        f"{on.features:,} features, {on.stable:,} of them stable ({on.unstable:,} unstable "
        f"counters); {count(needed, 'program')} cover all stable ones; "
        f"{least:.1f} to {most:.1f} ms per "
        f"program (median {median:.1f}); the slowest:",
        markup=False,
        soft_wrap=True,
    )
    slow = sorted(on.programs, key=lambda one: (-one.seconds, one.program))[:5]
    for one in slow:
        result = "did not survive" if one.died else f"{one.features:,} features"
        console.print(f"  {1000 * one.seconds:8.1f} ms  {one.program}: {result}", soft_wrap=True)
