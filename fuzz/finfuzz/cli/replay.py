"""`finfuzz replay`: programs and findings as a regression suite."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from finfuzz.cli.group import cli
from finfuzz.cli.options import deadline_option, memory_option, progress
from finfuzz.executor.limits import Limits
from finfuzz.replay import matrix as matrices
from finfuzz.replay.accept import accept as accepted
from finfuzz.replay.cases import Case, cases
from finfuzz.replay.judge import WORSE, Result
from finfuzz.replay.run import Place, built, cores, replayed
from finfuzz.report import replayed as reports
from finfuzz.report.replayed import Replay
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.targets.build import require_linux
from finfuzz.targets.frameworks import POLICIES
from finfuzz.targets.spec import parse_target

_DEFAULT = (Path("corpus"), Path("crashes"))
_out = click.Path(path_type=Path, dir_okay=False)


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--matrix",
    is_flag=True,
    help="Every CPython found × policy × --target, or × every release and the control.",
)
@click.option("--config", type=_out, default=None, help="A TOML file that says what and where.")
@click.option("--target", "targets", multiple=True, help="A target; as often as wanted.")
@click.option("--python", "pythons", multiple=True, help="A CPython; as often as wanted.")
@click.option("--policy", "policies", multiple=True, type=click.Choice(POLICIES))
@click.option(
    "--against", default=None, help="Show only what ends otherwise on this target; only that fails."
)
@click.option(
    "--accept",
    is_flag=True,
    help="Write what was seen into the programs, as what is expected; nothing is worse then.",
)
@click.option("--all", "all_rows", is_flag=True, help="Also rows where all is as expected.")
@click.option("--workers", type=click.IntRange(1, 256), default=None, show_default="one a core")
@click.option("--junit", "junit_file", type=_out, default=None)
@click.option("--json", "json_file", type=_out, default=None)
@click.option("--markdown", "markdown_file", type=_out, default=None)
@deadline_option
@memory_option
def replay(
    paths: tuple[Path, ...],
    matrix: bool,
    config: Path | None,
    targets: tuple[str, ...],
    pythons: tuple[str, ...],
    policies: tuple[str, ...],
    against: str | None,
    accept: bool,
    all_rows: bool,
    workers: int | None,
    junit_file: Path | None,
    json_file: Path | None,
    markdown_file: Path | None,
    deadline: float,
    memory: int,
) -> None:
    """Run programs and findings (PATHS; corpus and crashes if none is named) on many builds.

    Exits with 0 if nothing is worse than expected, 1 if something regressed or changed, 2 if
    something could not be run, 130 if interrupted (what was done is reported).
    """
    require_linux()
    said = matrices.read(config) if config else matrices.Matrix()
    said = matrices.Matrix(
        targets=(*said.targets, *targets, *((against,) if against else ())),
        pythons=(*said.pythons, *pythons),
        policies=(*said.policies, *policies),
        programs=said.programs,
    )
    base = config.parent if config else Path()
    wanted = paths or tuple(base / one for one in said.programs) or _present(_DEFAULT)
    read = cases(wanted)
    places = matrices.everything(said.targets) if matrix else matrices.places(said)
    done = _run(read, places, Limits(deadline, memory), workers or cores())
    for file, content in (
        (junit_file, reports.junit(done)),
        (json_file, reports.as_json(done)),
        (markdown_file, reports.markdown(done)),
    ):
        if file is not None:
            write_whole(file, content)
    _tell(done, all_rows, against is not None)
    if not done.complete:
        raise SystemExit(130)
    if accept:
        _accept(read, done)
    problems = {one.why for one in done.results if one.what == "not runnable"}
    if problems:
        raise UserError(f"not all of it could be run: {sorted(problems)[0]}")
    worse = [] if accept else done.worse
    if against is not None:  # what was no better there is not this target's doing
        here, there = done.columns[0], done.columns[-1]
        worse = [one for one, _ in reports.differing(done, here, there) if one in worse]
    raise SystemExit(1 if worse else 0)


def _present(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    found = tuple(folder for folder in folders if folder.exists())
    if not found:
        raise UserError("there is neither corpus nor crashes here: name programs or findings")
    return found


def _run(read: list[Case], places: list[Place], limits: Limits, workers: int) -> Replay:
    """Builds what is missing, runs all, in the order of cases and places; Ctrl-C ends it early."""
    results: list[Result] = []
    complete = True
    try:
        with progress("builds") as (announce, advance):
            ready = {}
            for done, place in enumerate(built(places, workers), start=1):
                ready[place.name] = place
                advance(done, len(places))
                if place.problem:
                    announce(f"{place.name}: {place.problem}")
        places = [ready[place.name] for place in places]
        with progress("replaying") as (announce, advance):
            for some in replayed(read, places, limits, workers):
                results += some
                advance(len(results), len(read) * len(places))
                for worse in (one for one in some if one.what in WORSE):
                    announce(reports.told(worse))
    except KeyboardInterrupt:
        complete = False
    order = {case.name: number for number, case in enumerate(read)}
    where = {place.name: number for number, place in enumerate(places)}
    results.sort(key=lambda one: (order[one.case], where[f"{one.target} on {one.python}"]))
    return Replay(tuple(results), complete)


def _accept(read: list[Case], done: Replay) -> None:
    """Rewrites the programs that did otherwise than they say; what is flaky is left as it is."""
    changed = 0
    for case in read:
        seen = {
            (parse_target(one.target), one.python): frozenset(one.seen)
            for one in done.results
            if one.case == case.name and one.what not in ("flaky", "not runnable")
        }
        if case.path is not None and seen:
            changed += accepted(case.path, seen)
    click.echo(f"{changed} programs say now what was seen of them")


def _tell(done: Replay, all_rows: bool, compare: bool) -> None:
    console = Console(highlight=False)
    if compare:
        columns = done.columns
        for here, there in reports.differing(done, columns[0], columns[-1]):
            line = f"{here.case}: {there.told} → {here.told}"
            console.print(line, markup=False, soft_wrap=True)
        return
    shown = reports.table(done, all_rows=all_rows)
    if shown.row_count:
        console.print(shown)
        for entry in reports.legend(done):
            console.print(entry)
    for text in reports.standing_out(done):
        console.print(text, markup=False, soft_wrap=True)
    console.print(done.total, markup=False)
