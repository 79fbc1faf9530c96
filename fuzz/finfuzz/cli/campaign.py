"""`finfuzz run`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from finfuzz.campaign.folder import State, StatePaths
from finfuzz.campaign.journal import REBUILT, Journal
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.summary import summarize
from finfuzz.campaign.supervisor.pool import Pool
from finfuzz.campaign.supervisor.screen import Screen
from finfuzz.campaign.supervisor.supervisor import Supervisor
from finfuzz.campaign.supervisor.worker_pool import WorkerPool
from finfuzz.campaign.sync.exchange import join
from finfuzz.campaign.totals import Totals
from finfuzz.cli.builds import Wanted, make_builds
from finfuzz.cli.group import cli
from finfuzz.cli.new_findings import PUBLISHED
from finfuzz.cli.options import (
    Count,
    Seconds,
    name_targets,
    owner_only_option,
    path_option,
    recipe_option,
    trust_option,
)
from finfuzz.cli.plan import RunOptions, extend_plan, make_plan
from finfuzz.cli.summary_text import render_summary
from finfuzz.replay.run import count_cores
from finfuzz.support.counting import count
from finfuzz.support.durations import format_duration
from finfuzz.support.errors import UserError
from finfuzz.support.files import ensure_directory, require_possible, write_whole
from finfuzz.support.hints import DEFAULT_CRASHES, DEFAULT_STATE
from finfuzz.support.terminal import say
from finfuzz.targets.build import require_linux
from finfuzz.targets.forms import list_target_forms
from finfuzz.targets.frameworks import DEFAULT
from finfuzz.targets.interpreters import probe
from finfuzz.targets.spec import parse_target

if TYPE_CHECKING:
    from finfuzz.campaign.cluster.choice import ClusterChoice

_path = click.Path(path_type=Path)


@cli.command()
@click.argument("campaign", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--target",
    "targets",
    multiple=True,
    show_default=f"the newest {DEFAULT}",
    help=f"{list_target_forms()}. Several targets share the time.",
)
@click.option(
    "--python",
    "pythons",
    multiple=True,
    show_default="the newest found that has headers",
    help="A version (3.13; 3.14d for a debug, 3.14t for a free-threaded build), or the path of a "
    "Python or of a folder with one. Several share the time: a lane is one target on one CPython.",
)
@recipe_option
@path_option
@click.option(
    "--time",
    "seconds",
    type=Seconds(0.1, 1e9),
    default=None,
    show_default="60",
    help="Seconds of fuzzing, after the builds; with --resume, instead of those left.",
)
@click.option(
    "--findings",
    type=Count(1, 1 << 20),
    default=None,
    show_default="no limit",
    help="End after so many new findings; --resume triages what else has crashed.",
)
@click.option(
    "--workers",
    type=Count(1, 1024),
    default=None,
    show_default="one per core",
    help="Processes that fuzz.",
)
@click.option(
    "--cluster",
    default=None,
    metavar="ADDRESS",
    help="Fuzz on a Dask cluster: its scheduler's tcp:// or tls:// address, or local:N for N "
    "workers of this machine. Each node needs finfuzz[cluster] (docs/cluster.md).",
)
@click.option(
    "--engine",
    type=click.Choice(["atheris", "random", "sweep"]),
    default=None,
    show_default="atheris",
    help="atheris is guided by coverage, random is not. sweep runs all small programs, smallest "
    "first, each once; it ends when there is none left (`finfuzz sweep` says how many).",
)
@click.option(
    "--seed",
    type=Count(0, 2**31),
    default=None,
    show_default="any",
    help="With one worker, the same seed gives the same programs.",
)
@click.option(
    "--state",
    type=_path,
    default=None,
    show_default=str(DEFAULT_STATE),
    help="The campaign's folder: corpus, journal, signatures.",
)
@click.option("--resume", type=_path, default=None, help="Continue the campaign in this folder.")
@click.option(
    "--corpus",
    type=_path,
    default=None,
    show_default="corpus, if it exists",
    help="Programs to start from, in addition to the corpus in --state.",
)
@click.option(
    "--crashes",
    type=_path,
    default=None,
    show_default=f"{DEFAULT_CRASHES}, or crashes in --state if the former has a {PUBLISHED}",
    help="The folder for findings.",
)
@click.option(
    "--attribute/--no-attribute",
    default=None,
    show_default="attribute",
    help="Run new findings on their controls and under heavier instruments. This takes minutes "
    "when their builds are made for the first time. `finfuzz attribute` does it later.",
)
@owner_only_option
@click.option(
    "--json", "json_file", type=_path, default=None, help="Write the summary to this file."
)
@click.option(
    "--deadline",
    type=Seconds(0.01, 86400),
    default=None,
    show_default="2",
    help="Seconds that a child may take. A longer run is a hang only if a fresh process takes ten "
    "times as long.",
)
@click.option(
    "--memory",
    type=Count(64, 1 << 20),
    default=None,
    show_default="2048",
    help="MiB of address space that a child may use.",
)
@click.option(
    "--total-memory",
    type=Count(256, 1 << 24),
    default=None,
    show_default="three quarters of the computer's",
    help="MiB that all processes together may use; beyond it the largest worker is replaced.",
)
@click.option(
    "--processes",
    type=Count(8, 1 << 20),
    default=None,
    show_default="64, and 16 per worker",
    help="Processes at a time; beyond it the largest worker is replaced.",
)
@click.option(
    "--disk",
    type=Count(1, 1 << 24),
    default=None,
    show_default="4096",
    help="MiB that the state folder may take; beyond it the campaign ends.",
)
@click.option(
    "--sync",
    type=_path,
    default=None,
    help="A folder that several machines share: each has a campaign of its own, and they exchange "
    "programs, findings and finished blocks of the sweep.",
)
@click.option(
    "--machine",
    default=None,
    show_default="the host's name",
    help="This campaign's name in --sync; two on one machine need two.",
)
@click.option("--nice", type=Count(0, 19), default=None, help="The niceness of all processes.")
@click.option("--cores", default=None, help="The cores to run on: 0-3,6.", show_default="all")
@click.option(
    "--abuse/--no-abuse",
    default=None,
    help="Also perform steps that break a rule of the C API on purpose.",
)
@trust_option
def run(
    campaign: Path | None,
    resume: Path | None,
    trust: bool,
    recipe: Path | None,
    path: Path | None,
    json_file: Path | None,
    cluster: str | None,
    **given: Any,
) -> None:
    """Fuzz targets for a while, and file each new defect as a finding.

    CAMPAIGN is a TOML file with the same keys as the options, for several targets; options
    override it. Ctrl-C ends the campaign after triage; a second one skips triage. --resume
    continues a campaign that was interrupted or killed. Exits with 0 if everything found is on
    disk, after Ctrl-C too; with 130 if triage was skipped.
    """
    require_linux()
    if json_file is not None:
        _check_json(json_file)
    given["targets"] = name_targets(given["targets"], recipe, path)
    given = {name: value for name, value in given.items() if value not in (None, ())}
    choice = _choose_cluster(cluster, given)
    if resume is not None:
        plan, state, journal = _resume(resume, campaign, given, trust=trust)
    else:
        plan, state = make_plan(RunOptions(**given), campaign)
        join(plan, state)
        _build(plan)
        state.folder.mkdir(parents=True, exist_ok=True)
        journal = state.begin(plan)
    try:
        _run(plan, state, journal, json_file, choice.make_pool if choice else WorkerPool)
    finally:
        journal.close()
        state.close()


def _resume(
    folder: Path, campaign: Path | None, given: dict[str, Any], *, trust: bool
) -> tuple[Plan, State, Journal]:
    allowed = {"seconds", "workers"}
    if campaign is not None or set(given) - allowed:
        more = "a campaign file" if campaign else f"--{min(set(given) - allowed)}"
        raise UserError(f"--resume continues a campaign with its own options: leave {more} away")
    paths = StatePaths(folder)
    paths.load_plan()  # before the lock, which would create the folder
    if not trust:
        paths.require_trust()
    state = State(folder)
    plan, journal = state.resume()
    if journal.was_rebuilt:
        say(REBUILT, err=True)
    if paths.was_on_cluster:
        given.setdefault("workers", count_cores())
    plan = extend_plan(plan, journal, **given)
    _build(plan)
    return plan, state, journal


def _describe_time(seconds: float) -> str:
    return f"{seconds:.4g} s" if seconds < 600 else format_duration(seconds)


def _choose_cluster(text: str | None, given: dict[str, Any]) -> ClusterChoice | None:
    """Connect to the cluster, and plan with as many workers as it has."""
    if text is None:
        return None
    if "workers" in given:
        raise UserError("--workers is for this machine alone: leave it away with --cluster")
    from finfuzz.campaign.cluster.choice import ClusterChoice  # noqa: PLC0415  needs Dask

    choice = ClusterChoice(text)
    given["workers"] = choice.workers
    return choice


def _run(
    plan: Plan,
    state: State,
    journal: Journal,
    json_file: Path | None,
    make_pool: Callable[[Plan, State, Totals], Pool],
) -> None:
    if json_file is not None:
        ensure_directory(json_file.absolute().parent, "the summary")
    programs = state.fill_live(Path(plan.seeds) if plan.seeds else None)
    with Screen(plan.seconds) as screen:
        supervisor = Supervisor(plan, state, journal, screen, make_pool)
        lanes = ", ".join(map(str, plan.lanes))
        workers = count(plan.workers, "worker")
        left = plan.seconds - supervisor.pool.elapsed
        supervisor.run(
            f"fuzzing {lanes} for {_describe_time(left)}, {workers}, engine {plan.engine}, "
            f"seed {plan.seed}, from {count(programs, 'program')}"
            if left > 0
            else f"this campaign has used its {_describe_time(plan.seconds)}: add some with --time"
        )
    summary = summarize(plan, supervisor, state)
    say(render_summary(summary, state.folder))
    if json_file is not None:
        write_whole(json_file, msgspec.json.format(msgspec.json.encode(summary), indent=2))
    if summary.problem:
        raise UserError(summary.problem)


def _build(plan: Plan) -> None:
    """Make the builds that the cache lacks, for fuzzing and for scripts.

    So no compiler competes with the campaign.
    """
    make_builds(
        [
            Wanted(parse_target(lane.target), probe(Path(lane.python)), instrumented)
            for lane in plan.lanes
            for instrumented in (True, False)
        ]
    )


def _check_json(json_file: Path) -> None:
    if json_file.is_dir():
        raise UserError(f"can't write the summary to {json_file}: it is a folder")
    require_possible(json_file.absolute().parent, "the summary")
