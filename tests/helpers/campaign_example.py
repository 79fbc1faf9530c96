"""An example of a campaign's state folder: a plan, and a journal filled with seeded numbers."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.journal import Journal, LaneRow
from finfuzz.campaign.messages import Progress
from finfuzz.campaign.plan import Bounds, Lane, Plan

#: 2026-11-20 09:30 UTC.
BEGAN = 1795167000.0
LANES = (
    Lane("pybind11==3.1.0+destroy", "/usr/bin/python3.13", "3.13.0", 0.5),
    Lane("pybind11==3.1.0+released", "/usr/bin/python3.13", "3.13.0", 0.3),
    Lane("pybind11==3.0.1,3.0.2", "/usr/bin/python3.12", "3.12.1", 0.2),
)
MUTATORS = (
    "insert", "delete", "duplicate", "swap", "splice", "cross", "rename", "rewire", "reroot",
    "retarget", "grow-shape", "another-life",
)  # fmt: skip
STEPS = ("import", "node", "shape", "edge", "hook", "root", "drop", "collect", "start", "enter",
         "stop", "again", "elsewhere", "fork", "exit")  # fmt: skip
NOTES = (
    "SIGABRT/internals-recreated 6bdb81127c2b: script crashed in 10 of 10 runs",
    "pybind11==3.1.0+destroy on CPython 3.13.0: a worker is unresponsive; killing it",
    "no new feature for 2.1 h",
)


def plan(crashes: Path, lanes: tuple[Lane, ...] = LANES) -> Plan:
    return Plan(
        lanes=lanes, workers=4, seconds=172800.0, engine="atheris", seed=20261120,
        seeds="corpus", crashes=str(crashes), abuse=False, attribute=True,
        bounds=Bounds(total_memory_mib=6144, processes=256, disk_mib=4096),
    )  # fmt: skip


def state_with(folder: Path, made: Plan) -> Path:
    """A state folder with a plan, and an empty campaign folder around it."""
    paths = StatePaths(folder)
    paths.campaign.mkdir(parents=True)
    paths.plan.write_bytes(msgspec.json.encode(made))
    return folder


def journal_in(state: Path, lanes: tuple[Lane, ...] = LANES) -> Journal:
    journal = Journal(StatePaths(state).journal)
    with journal.writing():
        journal.add_lanes(lanes)
    return journal


def fill(
    journal: Journal,
    samples: int = 2000,
    lanes: tuple[Lane, ...] = LANES,
    buckets: tuple[dict[str, object], ...] = (),
) -> None:
    """Insert ``samples`` rows a lane, with a pause of a day in the middle."""
    chance = random.Random(7)
    half, end = samples // 2, BEGAN + samples * 10.0 + 86400
    with journal.writing():
        journal.put("runs", began=BEGAN, ended=BEGAN + half * 10.0)
        journal.put("runs", began=BEGAN + half * 10.0 + 86400, ended=end)
        totals = [0.0] * len(lanes)
        rows = []
        for number in range(1, samples + 1):
            at = BEGAN + number * 10.0 + (86400 if number > half else 0)
            age = number / samples
            for lane in range(len(lanes)):
                totals[lane] += chance.gauss(3300, 160) * (1 - 0.3 * lane) * (1 - 0.12 * age)
                corpus = int(90 + 1100 * age**0.4 * (1 - 0.2 * lane))
                features = int(1400 + 5200 * age**0.3 * (1 - 0.15 * lane))
                deaths, findings = int(totals[lane] * 0.004), int(6 * age**0.5) - lane
                progress = Progress(
                    executions=int(totals[lane]), seconds=number * 40 / len(lanes), deaths=deaths
                )
                row = LaneRow(lane=lane, progress=progress, corpus=corpus, features=features)
                rows.append((row, at, max(findings, 0)))
        for row, at, findings in rows:
            journal.add_sample(row, at, findings)
        for number in range(1, samples + 1, 3):
            at = BEGAN + number * 10.0 + (86400 if number > half else 0)
            worker = 180 + (number * 3 % 400)
            journal.put(
                "resources", time=at, workers=4, load=abs(chance.gauss(3.4, 0.4)),
                memory_mib=900 + 2.2 * worker + chance.gauss(0, 30), supervisor_mib=64.0,
                worker_mib=float(worker), triage_mib=210 + chance.gauss(0, 8),
                disk_mib=40 + number * 0.05, processes=14,
            )  # fmt: skip
        for lane, _ in enumerate(lanes):
            last, *_ = rows[-len(lanes) + lane]
            executions = last.progress.executions
            progress = Progress(
                executions=executions, seconds=samples * 40 / len(lanes),
                child_seconds=samples * 12.0, mutation_seconds=samples * 0.4,
                took=(executions * 9, executions * 2, 12),
                touched=int(executions * 0.93), deaths=last.progress.deaths, floor_seconds=0.0028,
            )  # fmt: skip
            journal.save_lane(LaneRow(
                lane=lane, progress=progress, corpus=last.corpus, features=last.features,
                compared=420, disagreed=lane,
            ))  # fmt: skip
            for sort, names in (("mutator", MUTATORS), ("step", STEPS)):
                for name in names:
                    tried = chance.randrange(20_000, 400_000)
                    features = int(tried * chance.random() * 0.003)
                    journal.put(
                        "tallies", lane=lane, sort=sort, name=name, tried=tried,
                        features=features, signatures=chance.randrange(0, 9),
                        weight=0.25 + 3 * chance.random(),
                    )  # fmt: skip
        for bucket in buckets:
            facts = {"lane": 0, "state": "filed", "title": "", "path": "", "new": 1,
                     "time": BEGAN, "execution": 90, "seconds": 41.5, "sightings": 7}  # fmt: skip
            journal.put("buckets", **{**facts, **bucket})
        for line in NOTES * 3:
            journal.add_note(line)
