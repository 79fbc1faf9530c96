"""A journal as the page reads it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.nodes import NodeRow
from finfuzz.report.page.clock import Clock
from finfuzz.report.page.data import read_campaign
from finfuzz.report.page.history import POINTS
from finfuzz.support.errors import UserError
from helpers.campaign_example import BEGAN, LANES, fill, journal_in, plan, state_with
from helpers.journals import change, query


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return state_with(tmp_path / "state", plan(tmp_path / "crashes"))


def test_pauses_are_left_out() -> None:
    clock = Clock([(100.0, 110.0), (500.0, 520.0), (900.0, None)], 905.0)
    assert [clock.elapsed(at) for at in (50, 105, 300, 510, 700, 905, 990)] == [
        0, 5, 10, 20, 30, 35, 35
    ]  # fmt: skip
    assert (clock.began, clock.total) == (100.0, 35.0)


def test_a_run_that_was_killed_lasts_to_the_next() -> None:
    assert Clock([(100.0, None), (500.0, 520.0)], 520.0).total == 420.0


def test_totals(state: Path) -> None:
    journal = journal_in(state)
    fill(journal, 60)
    campaign = read_campaign(state)
    assert campaign.executions == sum(lane.executions for lane in campaign.lanes) > 0
    assert campaign.seconds == pytest.approx(600)  # of fuzzing: neither triage nor pauses
    assert campaign.rate == pytest.approx(campaign.executions / 600)
    assert (campaign.began, campaign.runs, campaign.under_way) == (BEGAN, 2, False)
    assert [line.name for line in campaign.lines] == [str(lane) for lane in LANES]
    assert campaign.lines[0].rate[5][1] == pytest.approx(330, rel=0.2)
    assert campaign.machine.now is not None
    assert len(campaign.notes) == 9
    tried = query(journal.path, "SELECT sum(tried) FROM tallies WHERE name = 'splice'")[0][0]
    assert next(one for one in campaign.tallies if one.name == "splice").tried == tried


def test_nodes_of_a_cluster(state: Path) -> None:
    journal = journal_in(state)
    assert read_campaign(state).nodes == ()
    row = NodeRow(workers=4, executions=70, seconds=2.0, kernel="6.1", pythons="3.12.1 3.13.0")
    with journal.writing():
        journal.save_node("node1", row)
    (node,) = read_campaign(state).nodes
    assert (node.name, node.rate, node.kernel) == ("node1", 140.0, "6.1")
    with journal.writing():
        journal.put("nodes", name="node1", executions="many")
    with pytest.raises(UserError, match="damaged"):
        read_campaign(state)


def test_a_journal_of_an_earlier_finfuzz_has_no_nodes(state: Path) -> None:
    journal = journal_in(state)
    journal.close()
    change(journal.path, "DROP TABLE nodes")
    assert read_campaign(state).nodes == ()


def test_a_long_history_is_thinned_to_its_end(state: Path) -> None:
    journal = journal_in(state)
    fill(journal, 5000)
    line = read_campaign(state).lines[0]
    assert 50 < len(line.executions) <= POINTS + 2
    last = query(journal.path, "SELECT executions FROM samples WHERE lane = 0 ORDER BY time DESC")[
        0
    ][0]
    assert line.executions[-1] == (50_000.0, last)
    assert max(value for _, value in line.rate) < 500  # the pause is no lull, and no peak


def test_under_way(state: Path) -> None:
    journal = journal_in(state)
    with journal.writing():
        journal.put("runs", began=time.time() - 5)
        journal.put("resources", time=time.time(), workers=1)
    assert read_campaign(state).under_way


@pytest.mark.parametrize("rows", [0, 1])
def test_a_campaign_of_two_seconds(state: Path, rows: int) -> None:
    journal = journal_in(state)
    with journal.writing():
        journal.put("runs", began=BEGAN)
        for _ in range(rows):
            journal.put("samples", time=BEGAN + 1, lane=0, executions=3)
    campaign = read_campaign(state)
    assert campaign.features is None
    assert len(campaign.lines) == rows


def test_no_journal_yet(state: Path) -> None:
    campaign = read_campaign(state)
    assert (campaign.began, campaign.executions, campaign.lines) == (None, 0, ())


def test_what_cannot_be_read_is_one_line(state: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no campaign in"):
        read_campaign(tmp_path)
    path = StatePaths(state).journal
    path.write_bytes(b"SQLite format 3\0" + b"\xee" * 8000)
    with pytest.raises(UserError, match="can't read"):
        read_campaign(state)


def test_crashes_lie_where_the_plan_says(tmp_path: Path) -> None:
    assert StatePaths(tmp_path).find_crashes(plan(Path("/there"))) == Path("/there")
