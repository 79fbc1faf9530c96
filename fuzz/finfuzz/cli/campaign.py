"""`finfuzz run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from finfuzz.campaign.folder import State, load_plan
from finfuzz.campaign.journal import REBUILT, Journal
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.summary import LaneSummary, Summary, summarize
from finfuzz.campaign.supervisor.screen import Screen
from finfuzz.campaign.supervisor.supervisor import Supervisor
from finfuzz.cli.group import cli
from finfuzz.cli.options import Seconds, show_progress
from finfuzz.cli.planned import Asked, planned, resumed
from finfuzz.support.errors import UserError
from finfuzz.support.files import ensure_directory, require_possible, write_whole
from finfuzz.targets.build import build, require_linux
from finfuzz.targets.frameworks import DEFAULT, target_forms
from finfuzz.targets.interpreters import probe
from finfuzz.targets.spec import parse_target

_path = click.Path(path_type=Path)


@cli.command()
@click.argument("campaign", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--target",
    "targets",
    multiple=True,
    show_default=f"the newest {DEFAULT}",
    help=f"{target_forms()}. More than one share the time.",
)
@click.option(
    "--python",
    "pythons",
    multiple=True,
    show_default="the newest found that has headers",
    help="A version (3.13) or the path of an interpreter. More than one share the time.",
)
@click.option(
    "--time",
    "seconds",
    type=Seconds(0.1, 1e9),
    default=None,
    show_default="60",
    help="Seconds of fuzzing, after the builds; with --resume, so many more.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    default=None,
    show_default="one per core",
    help="Processes that fuzz.",
)
@click.option(
    "--engine",
    type=click.Choice(["atheris", "random"]),
    default=None,
    show_default="atheris",
    help="atheris is guided by coverage, random by nothing.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31),
    default=None,
    show_default="any",
    help="With one worker, the same seed gives the same programs.",
)
@click.option(
    "--state",
    type=_path,
    default=None,
    show_default=".finfuzz",
    help="The campaign's folder: corpus, journal, signatures.",
)
@click.option("--resume", type=_path, default=None, help="Go on with the campaign in this folder.")
@click.option(
    "--corpus",
    type=_path,
    default=None,
    show_default="corpus, if it is there",
    help="Programs to start from, beside those that earlier campaigns left in --state.",
)
@click.option("--crashes", type=_path, default=None, show_default="crashes", help="For findings.")
@click.option(
    "--attribute/--no-attribute",
    default=None,
    show_default="attribute",
    help="Run what is new on its controls and under heavier instruments: some minutes when their "
    "builds are made for the first time. `finfuzz attribute` does it later.",
)
@click.option("--json", "json_file", type=_path, default=None, help="Write the summary here.")
@click.option(
    "--deadline",
    type=Seconds(0.01, 86400),
    default=None,
    show_default="2",
    help="Seconds a child may take. One that takes longer is a hang only if a fresh process "
    "takes ten times as long.",
)
@click.option(
    "--memory",
    type=click.IntRange(64, 1 << 20),
    default=None,
    show_default="2048",
    help="MiB of address space a child may use.",
)
@click.option(
    "--total-memory",
    type=click.IntRange(256, 1 << 24),
    default=None,
    show_default="three quarters of the machine's",
    help="MiB that all processes together may hold; beyond it the largest worker is replaced.",
)
@click.option(
    "--processes",
    type=click.IntRange(8, 1 << 20),
    default=None,
    show_default="64, and 16 a worker",
    help="Processes there may be at a time; beyond it the largest worker is replaced.",
)
@click.option(
    "--disk",
    type=click.IntRange(1, 1 << 24),
    default=None,
    show_default="4096",
    help="MiB that the state folder may have; beyond it the campaign ends.",
)
@click.option(
    "--nice", type=click.IntRange(0, 19), default=None, help="Give way to other processes."
)
@click.option("--cores", default=None, help="Those to run on: 0-3,6.", show_default="all")
@click.option(
    "--abuse/--no-abuse",
    default=None,
    help="Also perform steps that break a rule of the C API on purpose.",
)
def run(campaign: Path | None, resume: Path | None, json_file: Path | None, **asked: Any) -> None:
    """Fuzz for a while and file what kills a target. CAMPAIGN is a TOML file that says what the
    options say, for several targets; options go before it.

    A second Ctrl-C leaves what is being sorted. A campaign that was interrupted or killed goes on
    with --resume.
    """
    require_linux()
    if json_file is not None:
        _check_json(json_file)
    asked = {name: value for name, value in asked.items() if value not in (None, ())}
    if resume is not None:
        plan, state, journal = _resume(resume, campaign, asked)
    else:
        plan, state = planned(Asked(**asked), campaign)
        _build(plan)
        state.folder.mkdir(parents=True, exist_ok=True)
        journal = state.begin(plan)
    try:
        _run(plan, state, journal, json_file)
    finally:
        journal.close()
        state.close()


def _resume(
    folder: Path, campaign: Path | None, asked: dict[str, Any]
) -> tuple[Plan, State, Journal]:
    allowed = {"seconds", "workers"}
    if campaign is not None or set(asked) - allowed:
        more = "a campaign file" if campaign else f"--{min(set(asked) - allowed)}"
        raise UserError(f"--resume goes on as the campaign began: leave {more} away")
    load_plan(folder)
    state = State(folder)
    plan, journal = state.resume()
    if any(row["line"] == REBUILT for row in journal.rows("SELECT line FROM notes")):
        click.echo(REBUILT, err=True)
    plan = resumed(plan, journal, **asked)
    _build(plan)
    return plan, state, journal


def _run(plan: Plan, state: State, journal: Journal, json_file: Path | None) -> None:
    if json_file is not None:
        ensure_directory(json_file.absolute().parent, "the summary")
    programs = state.fill_live(Path(plan.seeds) if plan.seeds else None)
    with Screen(plan.seconds) as screen:
        supervisor = Supervisor(plan, state, journal, screen)
        what = ", ".join(map(str, plan.lanes))
        workers = "1 worker" if plan.workers == 1 else f"{plan.workers} workers"
        left = plan.seconds - supervisor.pool.elapsed
        screen.note(
            f"fuzzing {what} for {left:.4g} s, {workers}, engine {plan.engine}, "
            f"seed {plan.seed}, from {programs} programs"
            if left > 0
            else f"the {plan.seconds:.4g} s of this campaign are over: --time gives it more"
        )
        supervisor.run()
    summary = summarize(plan, supervisor)
    click.echo(_told(summary, Path(plan.crashes), plan))
    if json_file is not None:
        write_whole(json_file, msgspec.json.format(msgspec.json.encode(summary), indent=2))
    if summary.problem:
        raise UserError(summary.problem)
    if summary.interrupted:
        sys.exit(130)


def _build(plan: Plan) -> None:
    """Makes what the cache lacks: what is fuzzed, and what scripts are run with, so that no
    compiler competes with the campaign."""
    wanted = [(lane, instrumented) for lane in plan.lanes for instrumented in (True, False)]
    with show_progress("builds") as (announce, advance):
        for number, (lane, instrumented) in enumerate(wanted):
            advance(number, len(wanted))
            spec, python = parse_target(lane.target), probe(Path(lane.python))
            build(spec, python, instrumented=instrumented, announce=announce)


def _check_json(json_file: Path) -> None:
    if json_file.is_dir():
        raise UserError(f"can't write the summary to {json_file}: it is a folder")
    require_possible(json_file.absolute().parent, "the summary")


def _told(summary: Summary, crashes: Path, plan: Plan) -> str:
    lines = []
    for lane in summary.lanes:
        lines += _told_of(lane, summary)
    if len(summary.lanes) > 1:
        lines.append(
            f"together {summary.executions:,} executions in {summary.seconds:.0f} s "
            f"({summary.executions_per_second:.0f}/s)"
        )
    if summary.findings:
        python = plan.lanes[0].python
        lines.append(f"findings lie in {crashes}; in a finding's folder: {python} repro.py")
    return "\n".join(lines)


def _told_of(lane: LaneSummary, summary: Summary) -> list[str]:
    alone = len(summary.lanes) == 1
    figures = summary if alone else lane
    seconds = "s" if alone or summary.workers == 1 else "worker-seconds"
    lines = [
        f"{lane.target} on CPython {lane.python}: {lane.executions:,} executions in "
        f"{figures.seconds:.0f} {seconds} ({figures.executions_per_second:.0f}/s), "
        f"engine {summary.engine}, seed {summary.seed}"
    ]
    for title, count in lane.known.items():
        if count:
            lines.append(f"known, not filed: {title} ({count} times)")
    here = (lane.target, lane.python)
    for entry in summary.unconfirmed:
        if (entry.target, entry.python) != here:
            continue
        lines.append(
            f"not seen again in a fresh process, kept aside: {entry.signal}/{entry.diagnostic} "
            f"{entry.path}"
        )
    findings = [one for one in summary.findings if (one.target, one.python) == here]
    if not findings:
        lines.append("found nothing")
    for entry in findings:
        new = "new" if entry.new else "filed before"
        lines.append(
            f"{entry.signal}/{entry.diagnostic} ({new}, seen {entry.sightings} times, first after "
            f"{entry.first_seen_seconds:.1f} s): {entry.path}"
        )
    return lines
