"""The exchange in one line, and its file."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.sync.status import Peer, SyncStatus, read_status
from finfuzz.report.page.data import read_campaign
from finfuzz.support.errors import UserError
from helpers.campaign_example import journal_in, plan, state_with

B = Peer(name="b", programs=2, findings=1, executions=1234)


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (SyncStatus("a"), "a is the only machine so far"),
        (SyncStatus("a", (B,)), "2 programs, 1 finding from b (1,234 executions)"),
        (
            SyncStatus("a", (Peer(name="c", blocks=3, away=True),)),
            "0 programs, 0 findings, 3 blocks of the sweep from c (0 executions, away)",
        ),
        (
            SyncStatus("a", (B, B, B, Peer(name="c", away=True))),
            "6 programs, 3 findings from 4 machines, 1 away (3,702 executions)",
        ),
        (SyncStatus("a", (B,), (), "can't use /mnt: full"), "a: can't use /mnt: full"),
    ],
)
def test_line(status: SyncStatus, line: str) -> None:
    assert status.line == line


@pytest.fixture
def paths(tmp_path: Path) -> StatePaths:
    state = state_with(tmp_path / "state", plan(tmp_path / "crashes"))
    journal_in(state).close()
    return StatePaths(state)


def test_the_page_has_what_came_from_others(paths: StatePaths) -> None:
    assert read_status(paths) is None
    assert read_campaign(paths.folder).machines == ()
    paths.sync_status.write_bytes(msgspec.json.encode(SyncStatus("a", (B,))))
    assert read_campaign(paths.folder).machines == (B,)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"[]", b"[" * 100_000, b'{"machine":"a","peers":[{"name":"b","programs":-1}]}'],
)
def test_a_damaged_file_costs_its_figures_alone(data: bytes, paths: StatePaths) -> None:
    paths.sync_status.write_bytes(data)
    with pytest.raises(UserError, match="is damaged"):
        read_status(paths)
    assert read_campaign(paths.folder).machines == ()
