"""`finfuzz check`: what shutdown, subinterpreters and further lives do to a package."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click

from finfuzz.check.frameworks import name_frameworks
from finfuzz.check.owners import add_owner, group_defects
from finfuzz.check.results import Check, Row
from finfuzz.check.run import Settings, run_scenarios
from finfuzz.check.scenarios import Scenario, load_scenarios
from finfuzz.cli.filing import UNFILED, filing
from finfuzz.cli.group import cli
from finfuzz.cli.new_findings import new_crashes_option
from finfuzz.cli.options import (
    Count,
    Seconds,
    build_target,
    json_option,
    junit_option,
    markdown_option,
    name_targets,
    path_option,
    python_option,
    recipe_option,
    resolve_target,
)
from finfuzz.cli.progress import Advance, show_progress
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.replay.run import count_cores
from finfuzz.report import check as reports
from finfuzz.support.errors import UserError
from finfuzz.support.files import ensure_directory, write_whole
from finfuzz.support.hints import spell_command
from finfuzz.support.terminal import DataConsole, say_line
from finfuzz.targets.build import Build, require_linux
from finfuzz.triage.findings.attribution import ControlResult

#: Above this, a user wants to know how long it will take.
_SLOW_SECONDS = 3.0


@cli.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET…")
@python_option
@recipe_option
@path_option
@click.option("--only", multiple=True, help="Run this scenario alone; repeatable.")
@click.option(
    "--deadline",
    type=Seconds(0.1, 86400),
    default=None,
    show_default="20 times what importing it takes, at least 3",
    help="Seconds that one scenario may take.",
)
@click.option(
    "--memory",
    type=Count(64, 1 << 20),
    default=8192,
    show_default=True,
    help="MiB of address space that one scenario may use.",
)
@click.option(
    "--workers",
    type=Count(1, 256),
    default=None,
    show_default="one per core",
    help="Scenarios that run at once.",
)
@click.option("--file", "files", is_flag=True, help="File a finding of each crash and hang.")
@new_crashes_option
@junit_option
@json_option
@markdown_option
def check(
    targets: tuple[str, ...],
    python: str | None,
    recipe: Path | None,
    path: Path | None,
    only: tuple[str, ...],
    deadline: float | None,
    memory: int,
    workers: int | None,
    files: bool,
    crashes: Path,
    junit_file: Path | None,
    json_file: Path | None,
    markdown_file: Path | None,
) -> None:
    """Run known scenarios on each TARGET, and print what becomes of each.

    The scenarios keep objects where they outlive modules, import again, start subinterpreters,
    further lives, threads and forks, and end in every way. Each runs in a fresh process. A crash is
    run again, and on controls, to find its owner. A package needs no recipe, and uses one if it
    has one.

    Exits with 0 if nothing went wrong, 1 if something crashed, hung, ended early or gave a wrong
    answer (known defects of CPython don't count), 2 if a target can't be checked, 130 if
    interrupted.
    """
    require_linux()
    scenarios = _select(only)
    settings = Settings(deadline, memory)
    names = name_targets(targets, recipe, path)
    found = [resolve_target(name, python) for name in names]  # all, before the first is built
    builds = [build_target(*each, instrumented=False) for each in found]
    for made in builds:
        _require_time(made, deadline)
    if files:
        crashes = ensure_directory(crashes, "findings")
    console = DataConsole()
    checks = []
    for made in builds:
        done = _check(made, scenarios, settings, workers or count_cores())
        checks.append(done)
        _print(console, done)
        if not done.complete:
            break
    for file, content in (
        (junit_file, reports.to_junit(checks)),
        (json_file, reports.to_json(checks)),
        (markdown_file, reports.to_markdown(checks)),
    ):
        if file is not None:
            write_whole(file, content)
    if not all(done.complete for done in checks):
        raise SystemExit(130)
    if files:
        for made, done in zip(builds, checks, strict=True):
            _file(made, done, Limits(deadline or Limits().deadline, memory), crashes)
    problems = [row.detail for done in checks for row in done.rows if row.state == "not run"]
    if problems:
        raise UserError(f"not everything could be run: {problems[0]}")
    raise SystemExit(1 if any(done.bad for done in checks) else 0)


def _select(only: tuple[str, ...]) -> list[Scenario]:
    known = {scenario.name: scenario for scenario in load_scenarios()}
    for name in only:
        if name not in known:
            raise UserError(f"--only {name}: no such scenario: there are {', '.join(known)}")
    return [scenario for name, scenario in known.items() if not only or name in only]


def _require_time(made: Build, deadline: float | None) -> None:
    """Raise UserError if the import alone takes longer than the deadline."""
    seconds = made.package.probe.imported.seconds if made.package else 0.0
    if deadline is not None and seconds > deadline:
        raise UserError(
            f"importing {made.spec} takes {seconds:.1f} s, and --deadline gives a scenario "
            f"{deadline:g} s: give more"
        )


def _check(made: Build, scenarios: list[Scenario], settings: Settings, workers: int) -> Check:
    """Run all scenarios. Ctrl-C ends the check early."""
    rows: list[Row] = []
    complete = True
    seconds = made.package.probe.imported.seconds if made.package else 0.0
    try:
        with show_progress(f"checking {made.spec}") as (announce, advance):
            advance(0, len(scenarios))
            if seconds > _SLOW_SECONDS:
                about = seconds * 2 * len(scenarios) / workers
                announce(f"importing {made.spec} takes {seconds:.0f} s: this takes {about:.0f} s")
            for row in run_scenarios(made, scenarios, settings, workers):
                rows.append(row)
                advance(len(rows), len(scenarios))
                if row.is_bad:
                    announce(f"{row.scenario}: {row.state}: {row.detail}")
        rows = _add_owners(made, rows, settings.make_limits(max(seconds, 1.0)))
    except KeyboardInterrupt:
        complete = False
    places = {scenario.name: place for place, scenario in enumerate(scenarios)}
    rows.sort(key=lambda row: places[row.scenario])
    return Check(
        target=str(made.spec),
        python=made.interpreter.text,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        pins=made.package.pins if made.package else (),
        frameworks=name_frameworks(made),
        controls=tuple(dict.fromkeys(one for row in rows for one in row.controls)),
        notes=made.package.notes if made.package else (),
        limits=_list_limits(made),
        rows=tuple(rows),
        complete=complete,
    )


def _add_owners(made: Build, rows: list[Row], limits: Limits) -> list[Row]:
    """Run the controls of each defect, and show the progress."""
    groups = group_defects(rows)
    found = {row.scenario: row for row in rows}
    with show_progress("controls") as (announce, advance):
        for group in groups:
            count_control = partial(_advance_by_one, advance, itertools.count(1))
            advance(0, 0, title=f"controls of {group[0].diagnosis}")
            done = add_owner(made, group, limits, announce, count_control)
            found |= {row.scenario: row for row in done}
    return list(found.values())


def _advance_by_one(advance: Advance, numbers: Iterator[int], _: ControlResult) -> None:
    advance(next(numbers), 0)


def _list_limits(made: Build) -> tuple[str, ...]:
    """Say what the scenarios could not try on this target."""
    if made.package is None or made.offers.own.kinds:
        return ()
    command = spell_command("discover", made.spec.name, "-o", "recipe.toml")
    return (
        "no recipe: no object of the package was made, only its module was used; "
        f"`{command}` drafts one",
    )


def _print(console: DataConsole, done: Check) -> None:
    for line in reports.describe_target(done):
        console.print(line, soft_wrap=True)
    console.print(reports.render_table(done))
    console.print(reports.describe_total(done))


def _file(made: Build, done: Check, limits: Limits, crashes: Path) -> None:
    """File what went wrong, as `finfuzz file` does with a program."""
    with filing(made, crashes, limits) as opened:
        for number, row in enumerate(done.bad, start=1):
            if row.state == "ends early":
                say_line(f"{row.scenario}: {row.detail}: {UNFILED}")
                continue
            outcome = run_fresh(made, parse(row.program), limits.patient)
            opened.sight(row.program, outcome, number)
        opened.run_controls()
    opened.report()
