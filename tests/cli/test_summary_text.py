"""The end of a campaign as text."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.campaign.summary import BucketSummary, LaneSummary, Summary
from finfuzz.cli.summary_text import render_summary
from finfuzz.generation.combinations import Explored
from finfuzz.triage.findings.save import save
from helpers.finding_example import finding

TARGET = "pybind11==3.1.0+destroy"
LANE = LaneSummary(
    target=TARGET,
    python="3.13.0",
    executions=1234,
    seconds=60.0,
    executions_per_second=20.6,
    child_seconds=50.0,
    mutation_seconds=1.0,
    floor_seconds=None,
    sources={"life cycle": 700, "sweep": 534},
    explored=[Explored(1, 200, 247), Explored(2, 3038, 30_381), Explored(3, 400, 2_481_115)],
    touched=1200,
    deaths=12,
    known={"gh-113433": 3, "never seen": 0},
    steps_effective=1,
    steps_skipped=0,
    steps_raised=0,
    zygotes_replaced=0,
    corpus=None,
    features=None,
    unstable_counters=0,
    compared=0,
    disagreed=0,
    sweep=[],
)
SUMMARY = Summary(
    engine="random",
    seed=1,
    workers=1,
    seconds=60.0,
    executions=1234,
    executions_per_second=20.6,
    replaced=0,
    interrupted=False,
    problem="",
    findings=[],
    unconfirmed=[],
    lanes=[LANE],
)
HEAD = [
    "pybind11==3.1.0+destroy on CPython 3.13.0: 1,234 executions in 60 s (21/s), engine random, "
    "seed 1",
    "programs: 57% life cycle, 43% sweep",
    "run together in one program: 200 of 247 words, 10% of 30,381 pairs, 0.016% of 2,481,115 "
    "triples",
    "known, not filed: gh-113433 (3 times)",
]


def seen(path: Path | None, **changes: object) -> BucketSummary:
    made = BucketSummary(
        target=TARGET,
        python="3.13.0",
        signal="SIGABRT",
        diagnostic="internals-recreated",
        bucket="0123456789ab",
        path=str(path or ""),
        first_seen_execution=7,
        first_seen_seconds=1.24,
        sightings=5,
        new=True,
    )
    return msgspec.structs.replace(made, **changes)


def lines(**changes: object) -> list[str]:
    changed = msgspec.structs.replace(SUMMARY, **changes)
    return render_summary(changed, Path("my state")).splitlines()


def test_nothing_found() -> None:
    assert lines() == [*HEAD, "no findings"]


def test_the_command_that_continues() -> None:
    assert lines(interrupted=True)[len(HEAD)] == (
        "stopped early, everything is on disk: `finfuzz run --resume 'my state'` continues"
    )


@pytest.mark.parametrize("attributed", [True, False])
def test_a_finding_ends_with_the_command_that_runs_its_script(
    attributed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    some = finding() if attributed else finding(attribution=None)
    folder = save(tmp_path / "crashes", some, {})
    title = "abort in f, in the second life"
    first, *rest = lines(findings=[seen(folder, title=title)])[len(HEAD) :]
    assert first == f"{title} (new, seen 5 times, first after 1.2 s)"
    if attributed:
        owner, *rest = rest
        assert owner.startswith("    owner: target: survives on pybind11 as released, so ")
    assert rest == [
        "    script crashed in 10 of 10 runs:",
        f"    python3.13 crashes/{some.folder}/repro.py",
    ]


def test_new_findings_stand_last_and_each_has_its_lane(tmp_path: Path) -> None:
    other = msgspec.structs.replace(LANE, python="3.12.1")
    some = [
        seen(None),
        seen(tmp_path, new=False, sightings=1, python="3.12.1", title="hang in g"),
    ]
    found = [line for line in lines(lanes=[LANE, other], findings=some) if "first after" in line]
    assert found == [
        f"hang in g (filed earlier, seen 1 time, first after 1.2 s on {TARGET}, CPython 3.12.1)",
        f"SIGABRT/internals-recreated (not filed, seen 5 times, first after 1.2 s on {TARGET}, "
        "CPython 3.13.0)",
    ]
