"""The plan of `finfuzz run`, from the command line and a campaign file."""

from __future__ import annotations

import os
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import psutil

from finfuzz.campaign import config_file
from finfuzz.campaign.config_file import CampaignFile, TargetEntry
from finfuzz.campaign.folder import State
from finfuzz.campaign.journal import Journal
from finfuzz.campaign.plan import Bounds, Engine, Lane, Plan
from finfuzz.campaign.sync.shared_folder import name_machine
from finfuzz.cli.discover import add_draft
from finfuzz.cli.new_findings import choose_crashes
from finfuzz.replay.matrix import expand_policies
from finfuzz.replay.run import count_cores
from finfuzz.support.errors import UserError
from finfuzz.support.files import ensure_directory, expand_home, require_possible, require_utf8
from finfuzz.support.hints import DEFAULT_STATE
from finfuzz.targets.frameworks import DEFAULT
from finfuzz.targets.package_location import pin_version
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import find_roots

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of `finfuzz run`; None or () for one that is not given."""

    targets: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    seconds: float | None = None
    workers: int | None = None
    engine: Engine | None = None
    seed: int | None = None
    state: Path | None = None
    corpus: Path | None = None
    crashes: Path | None = None
    attribute: bool | None = None
    owner_only: bool | None = None
    findings: int | None = None
    deadline: float | None = None
    memory: int | None = None
    total_memory: int | None = None
    processes: int | None = None
    disk: int | None = None
    nice: int | None = None
    cores: str | None = None
    abuse: bool | None = None
    sync: Path | None = None
    machine: str | None = None


def make_plan(options: RunOptions, path: Path | None) -> tuple[Plan, State]:
    """Make the plan, and lock its state folder. Raises UserError for impossible options."""
    file = config_file.read(path) if path else CampaignFile()
    if path and not file.targets and not options.targets:
        raise UserError(f"{path} names no target: write a [[targets]] table, or give --target")
    base = path.parent if path else Path()
    state = _choose(options.state, _resolve(base, file.state), DEFAULT_STATE)
    crashes = choose_crashes(options.crashes or _resolve(base, file.crashes), state)
    sync = options.sync or _resolve(base, file.sync)
    places = [(state, "the campaign's state"), (crashes, "findings")]
    for place in places:
        require_possible(*place)
    if sync is not None:
        require_possible(sync, "what machines exchange")
    seeds = _find_seeds(_choose(options.corpus, _resolve(base, file.corpus), None))
    workers = _choose(options.workers, file.workers, None)
    lanes = tuple(_make_lanes(options, file, state / "recipes"))
    bounds = _make_bounds(options, file, workers or count_cores(), len(lanes))
    plan = Plan(
        lanes=lanes,
        workers=workers or len(bounds.cores) or count_cores(),
        seconds=_choose(options.seconds, file.time, 60.0),
        engine=_choose(options.engine, file.engine, "atheris"),
        seed=_choose(options.seed, file.seed, random.SystemRandom().randrange(2**31)),
        seeds=seeds,
        crashes=str(crashes.absolute()),
        abuse=_choose(options.abuse, file.abuse, False),
        attribute=_choose(options.attribute, file.attribute, True),
        owner_only=_choose(options.owner_only, file.owner_only, False),
        findings=_choose(options.findings, file.findings, 0),
        bounds=bounds,
        sync=None if sync is None else str(sync.absolute()),
        machine=name_machine(options.machine or file.machine),
    )
    state, crashes = (ensure_directory(*place) for place in places)
    return plan, State(state)


def extend_plan(
    plan: Plan, journal: Journal, seconds: float | None = None, workers: int | None = None
) -> Plan:
    """Change the plan of a campaign that is resumed; ``seconds`` are in place of those left."""
    workers, before = workers or plan.workers, journal.sum_seconds()
    left = max(plan.seconds - before / plan.workers, 0.0) if seconds is None else seconds
    if plan.seeds is not None and not Path(plan.seeds).is_dir():
        raise UserError(f"the campaign's seed programs are gone: put {plan.seeds} back")
    return msgspec.structs.replace(plan, workers=workers, seconds=before / workers + left)


def _choose(option: T | None, in_file: T | None, default: T) -> T:
    if option is not None:
        return option
    return default if in_file is None else in_file


def _resolve(base: Path, text: str | None) -> Path | None:
    return None if text is None else base / expand_home(text)


def _find_seeds(folder: Path | None) -> str | None:
    if folder is None:
        default = Path("corpus")
        return str(default.absolute()) if default.is_dir() else None
    if not folder.is_dir():
        raise UserError(f"no folder of programs {folder}: give one with --corpus, or none")
    require_utf8(folder.absolute(), "programs")
    return str(folder.absolute())


def _make_lanes(options: RunOptions, file: CampaignFile, recipes: Path) -> list[Lane]:
    entries = file.targets
    if options.targets or not entries:
        entries = tuple(TargetEntry(text) for text in options.targets or (DEFAULT,))
    lanes = []
    for entry in entries:
        for spec in expand_policies(entry.target, entry.policies):
            find_roots(spec)  # fetched here, not by a worker
            for text in options.pythons or entry.pythons or (None,):
                python = pick_interpreter(text)
                target = str(add_draft(pin_version(spec, python), python, recipes))
                lanes.append(Lane(target, str(python.path), python.text, entry.share))
    same = {(lane.target, lane.python) for lane in lanes}
    if len(same) < len(lanes):
        raise UserError("a target is given twice on one CPython: give it once, with a larger share")
    return lanes


def _make_bounds(options: RunOptions, file: CampaignFile, workers: int, lanes: int) -> Bounds:
    chosen = _parse_cores(_choose(options.cores, file.cores, ""))
    return Bounds(
        deadline=_choose(options.deadline, file.deadline, 2.0),
        memory_mib=_choose(options.memory, file.memory, 2048),
        total_memory_mib=_choose(
            options.total_memory, file.total_memory, psutil.virtual_memory().total * 3 // 4 >> 20
        ),
        # triage keeps two zygotes for each lane in which it has confirmed something
        processes=_choose(options.processes, file.processes, 64 + 16 * workers + 2 * lanes),
        disk_mib=_choose(options.disk, file.disk, 4096),
        nice=_choose(options.nice, file.nice, 0),
        cores=chosen,
    )


def _parse_cores(text: str) -> tuple[int, ...]:
    """Parse a list of cores such as `0-3,6`. Raises UserError if one is not available."""
    found: set[int] = set()
    there = os.sched_getaffinity(0)
    for part in text.split(",") if text else ():
        match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part, re.ASCII)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise UserError(f"--cores {text}: can't read {part!r}: write something like 0-3,6")
        found |= set(range(first, last + 1))
    if found - there:
        raise UserError(
            f"--cores {text}: no core {min(found - there)} here: there are "
            f"{', '.join(map(str, sorted(there)))}"
        )
    return tuple(sorted(found))
