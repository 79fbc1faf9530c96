"""From what the command line and a campaign file say to a plan with nothing left open."""

from __future__ import annotations

import os
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import psutil

from finfuzz.campaign import config_file as campaign_file
from finfuzz.campaign.config_file import CampaignFile, TargetEntry
from finfuzz.campaign.folder import State
from finfuzz.campaign.journal import Journal
from finfuzz.campaign.plan import Bounds, Engine, Lane, Plan
from finfuzz.replay.matrix import expand_policies
from finfuzz.replay.run import count_cores
from finfuzz.support.errors import UserError
from finfuzz.support.files import ensure_directory, require_possible
from finfuzz.targets.frameworks import DEFAULT
from finfuzz.targets.interpreters import pick_interpreter
from finfuzz.targets.releases import include_folders

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line says; None and () where it says nothing. Paths as they were given."""

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
    deadline: float | None = None
    memory: int | None = None
    total_memory: int | None = None
    processes: int | None = None
    disk: int | None = None
    nice: int | None = None
    cores: str | None = None
    abuse: bool | None = None


def planned(asked: Asked, path: Path | None) -> tuple[Plan, State]:
    """The plan, and its locked state folder. Raises UserError for what can't be."""
    said = campaign_file.read(path) if path else CampaignFile()
    if path and not said.targets and not asked.targets:
        raise UserError(f"{path} names no target: write a [[targets]] table, or give --target")
    base = path.parent if path else Path()
    state = _first(asked.state, _beside(base, said.state), Path(".finfuzz"))
    crashes = _first(asked.crashes, _beside(base, said.crashes), Path("crashes"))
    places = [(state, "the campaign's state"), (crashes, "findings")]
    for place in places:
        require_possible(*place)
    seeds = _seeds(_first(asked.corpus, _beside(base, said.corpus), None))
    workers = _first(asked.workers, said.workers, None)
    bounds = _bounds(asked, said, workers or count_cores())
    plan = Plan(
        lanes=tuple(_lanes(asked, said)),
        workers=workers or len(bounds.cores) or count_cores(),
        seconds=_first(asked.seconds, said.time, 60.0),
        engine=_first(asked.engine, said.engine, "atheris"),
        seed=_first(asked.seed, said.seed, random.SystemRandom().randrange(2**31)),
        seeds=seeds,
        crashes=str(crashes.absolute()),
        abuse=_first(asked.abuse, said.abuse, False),
        attribute=_first(asked.attribute, said.attribute, True),
        bounds=bounds,
    )
    state, crashes = (ensure_directory(*place) for place in places)
    return plan, State(state)


def resumed(
    plan: Plan, journal: Journal, seconds: float | None = None, workers: int | None = None
) -> Plan:
    """The plan of a campaign that goes on; ``seconds`` are on top of those that it has had."""
    workers = workers or plan.workers
    if seconds is not None:
        ((had,),) = journal.rows("SELECT total(seconds) FROM lanes")
        seconds += had / workers
    if plan.seeds is not None and not Path(plan.seeds).is_dir():
        raise UserError(f"the programs that it began with are gone: put {plan.seeds} back")
    return msgspec.structs.replace(plan, workers=workers, seconds=seconds or plan.seconds)


def _first(asked: T | None, said: T | None, otherwise: T) -> T:
    if asked is not None:
        return asked
    return otherwise if said is None else said


def _beside(base: Path, text: str | None) -> Path | None:
    return None if text is None else base / Path(text).expanduser()


def _seeds(asked: Path | None) -> str | None:
    if asked is None:
        default = Path("corpus")
        return str(default.absolute()) if default.is_dir() else None
    if not asked.is_dir():
        raise UserError(f"no folder of programs {asked}: give one with --corpus, or none")
    return str(asked.absolute())


def _lanes(asked: Asked, said: CampaignFile) -> list[Lane]:
    entries = said.targets
    if asked.targets or not entries:
        entries = tuple(TargetEntry(text) for text in asked.targets or (DEFAULT,))
    lanes = []
    for entry in entries:
        for spec in expand_policies(entry.target, entry.policies):
            include_folders(spec)  # fetched here, not by a worker
            for text in asked.pythons or entry.pythons or (None,):
                python = pick_interpreter(text)
                lanes.append(Lane(str(spec), str(python.executable), python.text, entry.share))
    same = {(lane.target, lane.python) for lane in lanes}
    if len(same) < len(lanes):
        raise UserError("a target is there twice on one CPython: give it once, with a larger share")
    return lanes


def _bounds(asked: Asked, said: CampaignFile, workers: int) -> Bounds:
    chosen = _cores(_first(asked.cores, said.cores, ""))
    return Bounds(
        deadline=_first(asked.deadline, said.deadline, 2.0),
        memory_mib=_first(asked.memory, said.memory, 2048),
        total_memory_mib=_first(
            asked.total_memory, said.total_memory, psutil.virtual_memory().total * 3 // 4 >> 20
        ),
        processes=_first(asked.processes, said.processes, 64 + 16 * workers),
        disk_mib=_first(asked.disk, said.disk, 4096),
        nice=_first(asked.nice, said.nice, 0),
        cores=chosen,
    )


def _cores(text: str) -> tuple[int, ...]:
    """`0-3,6` as numbers. Raises UserError for what is no list, or names a core not to be had."""
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
