"""`finfuzz replay`: run programs and findings as a regression suite."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from finfuzz.cli.group import cli
from finfuzz.cli.options import deadline_option, memory_option, show_progress
from finfuzz.executor.limits import Limits
from finfuzz.replay.accept import rewrite_expectations
from finfuzz.replay.cases import Case, collect_cases
from finfuzz.replay.judge import SILENT, WORSE, Result
from finfuzz.replay.matrix import Matrix, plan_all_builds, plan_builds, read_matrix
from finfuzz.replay.run import PlannedBuild, build_all, count_cores, replay_all
from finfuzz.report import replay as reports
from finfuzz.report.replay import Replay
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
    help="Run on every CPython found with every policy of each --target; without --target, of "
    "every release, and on the control.",
)
@click.option(
    "--config",
    type=_out,
    default=None,
    help="A TOML file with targets, pythons, policies and programs.",
)
@click.option("--target", "targets", multiple=True, help="A target to run on; repeatable.")
@click.option("--python", "pythons", multiple=True, help="A CPython to run on; repeatable.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    type=click.Choice(POLICIES),
    help="A policy for each target that names none and has it; repeatable.",
)
@click.option(
    "--against",
    default=None,
    help="Print only outcomes that differ from this target's; only those can fail.",
)
@click.option(
    "--accept",
    is_flag=True,
    help="Write the outcomes into the programs as their `expect` lines, instead of failing.",
)
@click.option("--all", "all_rows", is_flag=True, help="Also print rows that are as expected.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=None,
    show_default="one per core",
    help="Processes that run programs.",
)
@click.option("--junit", "junit_file", type=_out, default=None, help="Write JUnit XML here.")
@click.option("--json", "json_file", type=_out, default=None, help="Write all results here.")
@click.option(
    "--markdown",
    "markdown_file",
    type=_out,
    default=None,
    help="Write a comment for a pull request here.",
)
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
    """Run known programs and findings on many builds and compare with the expected outcomes.

    PATHS are programs, findings or folders of them; by default corpus and crashes. Exits with 0 if
    nothing is worse than expected, 1 if something regressed or changed, 2 if something could not
    be run, and 130 if interrupted (the report has the results until then).
    """
    require_linux()
    chosen = read_matrix(config) if config else Matrix()
    chosen = Matrix(
        targets=(*chosen.targets, *targets, *((against,) if against else ())),
        pythons=(*chosen.pythons, *pythons),
        policies=(*chosen.policies, *policies),
        programs=chosen.programs,
    )
    base = config.parent if config else Path()
    cases = collect_cases(
        paths or tuple(base / one for one in chosen.programs) or _find_present(_DEFAULT)
    )
    builds = plan_all_builds(chosen.targets) if matrix else plan_builds(chosen)
    done = _run(cases, builds, Limits(deadline, memory), workers or count_cores())
    for file, content in (
        (junit_file, reports.to_junit(done)),
        (json_file, reports.to_json(done)),
        (markdown_file, reports.to_markdown(done)),
    ):
        if file is not None:
            write_whole(file, content)
    _print_report(done, all_rows, against is not None)
    if not done.complete:
        raise SystemExit(130)
    if accept:
        _accept(cases, done)
    problems = {one.why for one in done.results if one.judgement == "not runnable"}
    if problems:
        raise UserError(f"not everything could be run: {sorted(problems)[0]}")
    worse = [] if accept else done.worse
    if against is not None:  # an outcome that both targets share is no change of this target
        here, there = done.columns[0], done.columns[-1]
        worse = [one for one, _ in reports.find_differences(done, here, there) if one in worse]
    raise SystemExit(1 if worse else 0)


def _find_present(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    found = tuple(folder for folder in folders if folder.exists())
    if not found:
        raise UserError("no folder corpus or crashes here: name programs or findings to replay")
    return found


def _run(cases: list[Case], builds: list[PlannedBuild], limits: Limits, workers: int) -> Replay:
    """Make missing builds and run all cases on all builds. Ctrl-C ends the replay early."""
    results: list[Result] = []
    complete = True
    try:
        builds = _build(builds, workers)
        with show_progress("replaying") as (announce, advance):
            for some in replay_all(cases, builds, limits, workers):
                results += some
                advance(len(results), len(cases) * len(builds))
                for worse in (one for one in some if one.judgement in WORSE):
                    announce(reports.describe(worse))
    except KeyboardInterrupt:
        complete = False
    rows = {case.name: number for number, case in enumerate(cases)}
    columns = {planned.name: number for number, planned in enumerate(builds)}
    results.sort(key=lambda one: (rows[one.case], columns[f"{one.target} on {one.python}"]))
    return Replay(tuple(results), complete)


def _build(builds: list[PlannedBuild], workers: int) -> list[PlannedBuild]:
    ready = {}
    with show_progress("builds") as (announce, advance):
        for done, planned in enumerate(build_all(builds, workers), start=1):
            ready[planned.name] = planned
            advance(done, len(builds))
            if planned.problem:
                announce(f"{planned.name}: {planned.problem}")
    return [ready[planned.name] for planned in builds]


def _accept(cases: list[Case], done: Replay) -> None:
    """Rewrite the `expect` lines of programs with other outcomes; flaky outcomes are ignored."""
    changed = 0
    for case in cases:
        observed = {
            (parse_target(one.target), one.python): frozenset(one.seen)
            for one in done.results
            if one.case == case.name and one.judgement not in {"flaky", *SILENT}
        }
        if case.path is not None and observed:
            changed += rewrite_expectations(case.path, observed)
    click.echo(f"rewrote the expect lines of {changed} programs")


def _print_report(done: Replay, all_rows: bool, compare: bool) -> None:
    console = Console(highlight=False)
    if compare:
        columns = done.columns
        for here, there in reports.find_differences(done, columns[0], columns[-1]):
            line = f"{here.case}: {there.summary} → {here.summary}"
            console.print(line, markup=False, soft_wrap=True)
        return
    table = reports.render_table(done, all_rows=all_rows)
    if table.row_count:
        console.print(table)
        for entry in reports.render_legend(done):
            console.print(entry)
    for text in reports.describe_notable(done):
        console.print(text, markup=False, soft_wrap=True)
    console.print(done.total, markup=False)
