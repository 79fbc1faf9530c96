"""The screen of a campaign, and the plain lines in its place."""

from __future__ import annotations

import io
import time
from pathlib import Path

import msgspec
import pytest

from finfuzz.campaign.messages import Answer, Bucket, DeferredProgress, Progress, SightingCount
from finfuzz.campaign.nodes import NodeRow
from finfuzz.campaign.supervisor.resources import Usage
from finfuzz.campaign.supervisor.screen import Screen, draw_sparkline, render
from finfuzz.campaign.supervisor.snapshot import History, Snapshot, describe_finish
from finfuzz.campaign.supervisor.warnings import find_warnings
from finfuzz.campaign.totals import Totals
from finfuzz.generation.learning import Tally
from finfuzz.support.terminal import DataConsole
from helpers.campaigns import PLAN

USAGE = Usage(
    workers=2,
    load=1.9,
    memory_mib=411.0,
    supervisor_mib=41.0,
    worker_mib=74.0,
    triage_mib=70.0,
    disk_mib=12.3,
    free_mib=90000.0,
    processes=9,
    largest=1,
)


def on_a_cluster() -> Snapshot:
    """The same on two nodes."""
    snapshot = full()
    snapshot.totals.nodes = {
        name: NodeRow(workers=2, executions=900, seconds=9.0) for name in ("node1", "node2")
    }
    return snapshot


def full(**changes: object) -> Snapshot:
    """A campaign after a quarter of an hour, with something of everything."""
    totals = Totals(1)
    lane = totals.lanes[0]
    lane.running[0] = Progress(
        executions=123_456,
        seconds=1800.0,
        child_seconds=1500.0,
        mutation_seconds=100.0,
        touched=120_000,
        deaths=1234,
        floor_seconds=0.0025,
        unstable=3,
    )
    lane.update_libfuzzer(0, {"corp": 812, "ft": 34_567})
    lane.update_tallies(0, (Tally("source", "life cycle", 4000, 120, 2, 1.5),))
    found = Bucket(
        "6bdb81127c2b", "SIGABRT", "internals-recreated", "filed", "", "/x", True, 7, 60.0, 99
    )
    known = Bucket("gh-1", "", "", "known", "gh-113433: left subinterpreter", "", False, 0, 0.0, 12)
    lane.add_answer(Answer(0, (found, known), 0, 0.1))
    facts = {
        "plan": PLAN,
        "totals": totals,
        "elapsed": 900.0,
        "usage": USAGE,
    }
    return Snapshot(**{**facts, "features": [1.0, 5.0, 9.0], **changes})  # type: ignore[arg-type]


def plain(elapsed: list[float], *notes: str, seconds: float = 60.0) -> list[str]:
    """The lines of a campaign whose clock stood so when it was asked."""
    file = io.StringIO()
    clock = iter([0.0, *elapsed])
    with Screen(seconds, DataConsole(file=file, width=40), lambda: next(clock)) as screen:
        for moment in elapsed:
            screen.show(Snapshot(PLAN, Totals(1), moment))
        for note in notes:
            screen.note(note)
    return file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("seconds", "elapsed", "at"),
    [
        (60, [], []),
        (60, [0.2, 5.0, 9.9], []),
        (60, [9.9, 10.1, 10.2, 19.9, 20.1], [10, 20]),
        (3600, [10.0, 59.0, 60.0, 119.0, 121.0], [60, 121]),
        (604_800, [60.0, 600.0, 1000.0, 1200.0], [600, 1200]),
    ],
    ids=["nothing", "too early", "a minute", "an hour", "a week"],
)
def test_a_line_now_and_then_the_longer_the_rarer(
    seconds: float, elapsed: list[float], at: list[int]
) -> None:
    lines = plain(elapsed, seconds=seconds)
    assert [line.partition(" s: ")[0] for line in lines] == [str(moment) for moment in at]


@pytest.mark.parametrize(
    "note",
    [
        "SIGABRT/none 0123456789ab: script crashed in 10 of 10 runs",
        "brackets [bold]are[/bold] what they are, and so is [/path]",
        "a line that is much longer than the forty columns that this terminal has",
        ":smile: stays words",
    ],
)
def test_a_note_is_one_line_as_it_is(note: str) -> None:
    assert plain([], note) == [note]


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ([], "0 findings"),
        (["SIGABRT new", "HANG new"], "2 findings, last new one 14 min ago"),
        (["SIGABRT old"], "1 finding, filed before"),
        (["NONE new"], "1 finding (1 without a crash), last new one 14 min ago"),
        (
            ["SIGSEGV new", "NONE old", "NONE old", "SIGABRT old"],
            "4 findings (2 without a crash), 1 new, the last 14 min ago, 3 filed before",
        ),
    ],
)
def test_findings_and_crashes_do_not_contradict_each_other(findings: list[str], told: str) -> None:
    """It said "4 findings · 1 crash" where some were filed before or did not crash (issue 21)."""
    totals = Totals(1)
    buckets = tuple(
        Bucket(str(number), signal, "d", "filed", "", "/x", age == "new", 7, 60.0, 1)
        for number, (signal, age) in enumerate(map(str.split, findings))
    )
    totals.lanes[0].add_answer(Answer(0, buckets, 0, 0.1))
    line = Snapshot(PLAN, totals, 900.0).headline
    assert line == f"{told} · 0 programs crashed · 45 min left"


def test_lines_go_on_when_the_fuzzing_is_over() -> None:
    """Its own time then stands still, and controls may take a quarter of an hour."""
    file = io.StringIO()
    clock = iter([0.0, 61.0, 75.0])
    with Screen(60.0, DataConsole(file=file, width=200), lambda: next(clock)) as screen:
        for _ in range(2):
            screen.show(full(elapsed=60.0, activity="done fuzzing; 1 finding is safe in crashes"))
    first, second = file.getvalue().splitlines()
    assert (first[:4], second[:4]) == ("61 s", "75 s")
    assert second.endswith("done fuzzing; 1 finding is safe in crashes")


def test_the_line_says_it_all() -> None:
    assert full().line == (
        "1 finding, last new one 14 min ago · 1,234 programs crashed · 45 min left · "
        "137 programs/s · 123,456 in all · 34,567 features · known, not filed: 12"
    )
    done = full(activity="done fuzzing; triaging 3 crashes").line
    assert " · 1,234 programs crashed · done · " in done
    assert done.endswith(" · done fuzzing; triaging 3 crashes")


def test_nodes_of_a_cluster_have_a_line() -> None:
    snapshot = on_a_cluster()
    assert " · 2 nodes, 4 workers · " in snapshot.line
    console = DataConsole(file=io.StringIO(), width=120)
    console.print(render(snapshot, 120))
    assert "nodes" in (shown := console.file.getvalue())  # type: ignore[attr-defined]
    assert "2 nodes, 4 workers: node1 2 × 100/s, node2 2 × 100/s" in shown


def test_the_screen_says_what_is_complete() -> None:
    console = DataConsole(file=io.StringIO(), width=80)
    console.print(render(full(sweep="every program of 2 sorts (3,620); now " + 60 * "x"), 80))
    (line,) = [row for row in console.file.getvalue().splitlines() if "complete" in row]  # type: ignore[attr-defined]
    assert "every program of 2 sorts (3,620); now x" in line
    assert line.rstrip().endswith("…")


CONTROLS = DeferredProgress("6bdb81127c2b", "controls", 7, 40, 272.0)


@pytest.mark.parametrize(
    ("findings", "untriaged", "waiting", "progress", "line"),
    [
        (0, 0, 0, None, "done fuzzing"),
        (0, 1, 0, None, "done fuzzing; triaging 1 crash"),
        (1, 0, 0, None, "done fuzzing; 1 finding is safe in found"),
        (2, 3, 2, CONTROLS, "done fuzzing; triaging 3 crashes; 2 findings are safe in found"),
        (
            *(1, 0, 1, None),
            "done fuzzing; 1 finding is safe in found; running controls of 1 finding, "
            "Ctrl-C is fine",
        ),
        (
            *(2, 0, 2, CONTROLS),
            "done fuzzing; 2 findings are safe in found; running controls 7 of 40 of 6bdb81127c2b "
            "(1 finding after it), some 5 min left, Ctrl-C is fine",
        ),
        (
            *(1, 0, 1, DeferredProgress("6bdb81127c2b", "controls", 2, 0)),
            "done fuzzing; 1 finding is safe in found; running controls 2 of 6bdb81127c2b, "
            "Ctrl-C is fine",
        ),
    ],
)
def test_what_a_campaign_does_after_the_fuzzing(
    findings: int, untriaged: int, waiting: int, progress: DeferredProgress | None, line: str
) -> None:
    assert describe_finish(Path("found"), findings, untriaged, waiting, progress) == line


def draw(width: int, snapshot: Snapshot) -> list[str]:
    file = io.StringIO()
    console = DataConsole(file=file, width=width, height=60, force_terminal=True, color_system=None)
    console.print(render(snapshot, width))
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize("width", [80, 140])
def test_the_screen_fits_and_shows_what_there_is(width: int) -> None:
    lines = draw(width, full(warnings=["no new feature for 2.1 h"], feature_age=130.0))
    assert max(map(len, lines)) <= width
    assert lines[0] == "1 finding, last new one 14 min ago · 1,234 programs crashed · 45 min left"
    places = []
    for piece in (
        "pybind11==3.1.0+destroy on CPython 3.13.0 · 2 workers",
        "15 min of 1 h",
        "6bdb81127c2b  SIGABRT/internals-recreated",
        "speed      137 programs/s, 17% of the speed of empty programs; 123,456 in all",
        "stability  3 coverage counters not the same each time",
        "coverage   34,567 features, last new one 2 min 10 s ago; 812 programs kept",
        "▁▅█",
        "machine    411 MiB in 9 processes",
        "known      not filed: gh-113433: left subinterpreter (12)",
        "! no new feature for 2.1 h",
        "life cycle",
        "×1.50",
        "workers' time: programs 83%, mutation 6%, other 11%",
    ):
        found = [number for number, line in enumerate(lines) if piece in line]
        assert found, piece
        places.append(found[0])
    assert places == sorted(places), "the most important first"


def test_a_title_too_long_for_the_screen_ends_in_an_ellipsis() -> None:
    title = "heap-use-after-free in pybind11::detail::" + "very_" * 20 + "long, in the second life"
    snapshot = full()
    (bucket,) = snapshot.totals.lanes[0].buckets_in("filed")
    bucket = msgspec.structs.replace(bucket, title=title)
    snapshot.totals.lanes[0].buckets[bucket.bucket] = bucket
    (line,) = [line for line in draw(80, snapshot) if "heap-use-after-free" in line]
    assert "…" in line
    assert line.endswith("14 min ago")
    (line,) = [line for line in draw(240, snapshot) if "heap-use-after-free" in line]
    assert title in line


@pytest.mark.parametrize(
    ("values", "width", "line"),
    [
        ([1.0], 10, "▁ 1"),
        ([0.0, 7.0], 10, "▁█ 7"),
        ([float(n) for n in range(100)], 8, "▁▂▃▄▅▆▇█ 99"),
        ([5.0, 5.0, 5.0], 10, "▁▁▁ 5"),
    ],
)
def test_a_draw_sparkline(values: list[float], width: int, line: str) -> None:
    assert draw_sparkline(values, width) == line


def test_history_stays_short_and_keeps_its_shape() -> None:
    history = History()
    for value in range(10_000):
        history.add(value)
    assert len(history.values) <= History.MOST
    assert history.values == sorted(history.values)
    assert history.values[0] == 0
    assert history.values[-1] > 9_000


def lane_with(**progress: object) -> Totals:
    totals = Totals(1)
    facts = {"executions": 10_000, "touched": 10_000, "seconds": 100.0, "child_seconds": 90.0}
    totals.lanes[0].running[0] = Progress(**{**facts, **progress})  # type: ignore[arg-type]
    return totals


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        ({}, None),
        ({"executions": 100, "touched": 0}, None),  # too early to say
        ({"touched": 1000}, "9 of 10 programs never run code of the extension"),
        (
            {"touched": 0},
            "no program runs counted code of the extension: events alone guide the campaign",
        ),
        ({"deaths": 6000}, "60% of the programs crash: what comes after a crash is hardly tested"),
        (
            {"early": 1},
            "1 program ended early, by a process that ended itself: not filed, and what comes "
            "after is not tested; `finfuzz replay` names such programs",
        ),
        ({"zygotes_replaced": 50}, "50 zygotes had to be replaced"),
        ({"child_seconds": 40.0}, "workers spend only 40% of their time in children"),
    ],
)
def test_warnings_of_a_lane(progress: dict[str, object], line: str | None) -> None:
    assert find_warnings(PLAN, lane_with(**progress), USAGE, {}) == ([line] if line else [])


def test_warnings_of_what_takes_time_to_see() -> None:
    totals = lane_with()
    hours_ago = {0: time.monotonic() - 2.5 * 3600}
    assert find_warnings(PLAN, totals, USAGE, hours_ago) == ["no new feature for 2.5 h"]
    lane = totals.lanes[0]
    lane.compared, lane.disagreed = 100, 3
    assert find_warnings(PLAN, totals, USAGE, {}) == [
        "zygote and fresh process disagree on 3% of 100 programs"
    ]
    lane.disagreed = 0
    lane.add_sightings((SightingCount("further", (), 7),))
    assert find_warnings(PLAN, totals, USAGE, {}) == [
        "7 crashes have signatures beyond the 1000 that are kept"
    ]
