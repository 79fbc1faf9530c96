"""`finfuzz replay`: run programs and findings as a regression suite."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from finfuzz.cli.group import cli
from finfuzz.cli.options import (
    Count,
    deadline_option,
    json_option,
    junit_option,
    markdown_option,
    memory_option,
    name_targets,
    path_option,
    recipe_option,
    trust_option,
)
from finfuzz.cli.progress import show_progress
from finfuzz.executor.limits import Limits
from finfuzz.replay.accept import can_be_named, collect_observed, rewrite_expectations
from finfuzz.replay.cases import Case, collect_cases
from finfuzz.replay.compare import (
    Comparison,
    Pair,
    compare_all,
    pair_with_python,
    pair_with_target,
)
from finfuzz.replay.judge import WORSE, Result
from finfuzz.replay.matrix import Matrix, plan_all_builds, plan_builds, read_matrix
from finfuzz.replay.run import PlannedBuild, build_all, count_cores, name_places, replay_all
from finfuzz.report import comparison as comparing
from finfuzz.report import replay as reports
from finfuzz.report.replay import Replay
from finfuzz.support.counting import count
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.support.terminal import DataConsole, say, say_line
from finfuzz.targets.build import is_built, require_linux
from finfuzz.targets.frameworks import POLICIES
from finfuzz.targets.spec import parse_target
from finfuzz.triage.findings.trust import require_target_trust

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
@recipe_option
@path_option
@click.option(
    "--against",
    default=None,
    help="Print only outcomes that differ from this target's; only those can fail.",
)
@click.option(
    "--against-python",
    default=None,
    help="Print only outcomes that differ from those on this CPython; only those can fail.",
)
@click.option(
    "--accept",
    is_flag=True,
    help="Write the outcomes into the programs as their `expect` lines, instead of failing.",
)
@click.option("--all", "all_rows", is_flag=True, help="Also print rows that are as expected.")
@click.option(
    "--workers",
    type=Count(1, 256),
    default=None,
    show_default="one per core",
    help="Processes that run programs.",
)
@junit_option
@json_option
@markdown_option
@deadline_option
@memory_option
@trust_option
def replay(
    paths: tuple[Path, ...],
    matrix: bool,
    config: Path | None,
    targets: tuple[str, ...],
    pythons: tuple[str, ...],
    policies: tuple[str, ...],
    recipe: Path | None,
    path: Path | None,
    against: str | None,
    against_python: str | None,
    accept: bool,
    all_rows: bool,
    workers: int | None,
    junit_file: Path | None,
    json_file: Path | None,
    markdown_file: Path | None,
    deadline: float,
    memory: int,
    trust: bool,
) -> None:
    """Run known programs and findings on many builds and compare with the expected outcomes.

    PATHS are programs, findings or folders of them; by default corpus and crashes. Exits with 0 if
    nothing is worse than expected, 1 if something failed, regressed or changed, 2 if something
    could not be run, and 130 if interrupted (the report has the results until then).

    With --against or --against-python, only programs that differ are shown: a line each, and a
    total. Exits with 1 if one of them fails on the target steadily, and neither its comments nor
    its finding expect that; what fails on the other side alone is no reason.
    """
    require_linux()
    if against is not None and against_python is not None:
        raise click.UsageError("--against and --against-python exclude each other")
    chosen = read_matrix(config) if config else Matrix()
    chosen = Matrix(
        targets=(*chosen.targets, *name_targets(targets, recipe, path)),
        pythons=(*chosen.pythons, *pythons),
        policies=(*chosen.policies, *policies),
        programs=chosen.programs,
    )
    base = config.parent if config else Path()
    cases = collect_cases(
        paths or tuple(base / one for one in chosen.programs) or _find_present(_DEFAULT)
    )
    if not chosen.targets and not matrix:
        chosen = msgspec.structs.replace(chosen, targets=_find_own_targets(cases, trust=trust))
    builds = plan_all_builds(chosen.targets) if matrix else plan_builds(chosen)
    builds = list(dict.fromkeys(name_places(builds)))
    pairs = _pair(builds, against, against_python, chosen.policies)
    if pairs:
        builds = list(dict.fromkeys(one for column in zip(*pairs, strict=True) for one in column))
    for case in cases if not trust else ():
        for planned in builds:
            case.require_trust(planned.spec)
    limits = Limits(deadline, memory)
    done = _run(cases, builds, limits, workers or count_cores(), compare=bool(pairs))
    comparisons = compare_all(done.results, pairs)
    for file, content in (
        (junit_file, comparing.to_junit(comparisons) if pairs else reports.to_junit(done)),
        (json_file, reports.to_json(done, comparisons)),
        (markdown_file, comparing.to_markdown(comparisons) if pairs else reports.to_markdown(done)),
    ):
        if file is not None:
            write_whole(file, content)
    if pairs:
        _print_comparisons(comparisons)
    else:
        _print_report(done, all_rows)
    if not done.complete:
        raise SystemExit(130)
    if accept:
        _accept(cases, done)
    problems = {one.why for one in done.results if one.judgement == "not runnable"}
    if problems:
        raise UserError(f"not everything could be run: {sorted(problems)[0]}")
    worse = any(one.worse for one in comparisons) if pairs else bool(done.worse)
    raise SystemExit(1 if worse and not accept else 0)


def _pair(
    builds: list[PlannedBuild],
    against: str | None,
    against_python: str | None,
    policies: tuple[str, ...],
) -> list[Pair]:
    """Pair builds to compare; no pairs, if there is nothing to compare with."""
    if against is not None:
        return pair_with_target(builds, against, policies)
    return pair_with_python(builds, against_python) if against_python is not None else []


def _find_own_targets(cases: list[Case], *, trust: bool) -> tuple[str, ...]:
    """Find the targets of findings that are all on packages: no other target has their words.

    Raise UserError for a finding that somebody else wrote, without ``trust``.
    """
    specs = [case.found_on for case in cases]
    own = [spec.name for spec in specs if spec is not None and spec.package]
    if len(own) < len(cases):
        return ()
    for case in cases if not trust else ():
        if case.folder is not None:
            require_target_trust(case.folder, "replay")
    return tuple(dict.fromkeys(own))


def _find_present(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    found = tuple(folder for folder in folders if folder.exists())
    if not found:
        raise UserError("no folder corpus or crashes here: name programs or findings to replay")
    return found


def _run(
    cases: list[Case], builds: list[PlannedBuild], limits: Limits, workers: int, *, compare: bool
) -> Replay:
    """Make missing builds and run all cases on all builds. Ctrl-C ends the replay early."""
    results: list[Result] = []
    complete = True
    try:
        builds = _build(builds, workers)
        with show_progress("replaying") as (announce, advance):
            for some in replay_all(cases, builds, limits, workers, compare=compare):
                results += some
                advance(len(results), len(cases) * len(builds))
                for worse in (one for one in some if one.judgement in WORSE and not compare):
                    announce(reports.describe(worse))
    except KeyboardInterrupt:
        complete = False
    rows = {case.name: number for number, case in enumerate(cases)}
    columns = {planned.name: number for number, planned in enumerate(builds)}
    results.sort(key=lambda one: (rows[one.case], columns[one.build]))
    return Replay(tuple(results), complete)


def _build(builds: list[PlannedBuild], workers: int) -> list[PlannedBuild]:
    ready = {}
    missing = {planned.name for planned in builds if not planned.problem and not _is_built(planned)}
    with show_progress("builds") as (announce, advance):
        for planned in build_all(builds, workers):
            ready[planned.name] = planned
            advance(len(missing & set(ready)), len(missing))
            if planned.problem:
                for line in f"{planned.name}: {planned.problem}".splitlines():  # a compiler's, too
                    announce(line)
    return [ready[planned.name] for planned in builds]


def _is_built(planned: PlannedBuild) -> bool:
    """Whether nothing is left to build: the cache has it, or it can't be built anyway."""
    try:
        return is_built(planned.spec, planned.interpreter, False)
    except UserError:
        return True


def _accept(cases: list[Case], done: Replay) -> None:
    """Rewrite the `expect` lines of programs with other outcomes; flaky outcomes are ignored."""
    changed = 0
    for case in cases:
        observed = collect_observed(one for one in done.results if one.case == case.name)
        if case.path is not None and observed:
            changed += rewrite_expectations(case.path, observed)
    say(f"rewrote the expect lines of {count(changed, 'program')}")
    targets = sorted({one.target for one in done.results})
    if unnamed := [one for one in targets if not can_be_named(parse_target(one))]:
        say(f"recorded nothing of {', '.join(unnamed)}: no expect line can name that")


def _print_report(done: Replay, all_rows: bool) -> None:
    console = DataConsole()
    tables = list(reports.render_tables(done, all_rows=all_rows, width=console.width))
    for table in tables:
        console.print(table)
    for entry in reports.render_legend(done) if tables else ():
        console.print(entry)
    for text in (*reports.describe_notable(done), *reports.describe_skipped(done, all_rows)):
        console.print(text, soft_wrap=True)
    console.print(done.total)


def _print_comparisons(comparisons: Iterable[Comparison]) -> None:
    for one in comparisons:
        for line in comparing.describe_differences(one):
            say(line)
        say_line(one.total)
