"""The share of a sweep: which blocks come first, and that none is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.generation.sweep.exchange import take_done
from finfuzz.generation.sweep.ledger import Ledger
from finfuzz.generation.sweep.share import WHOLE, Share, read_share, write_share
from helpers.sweeps import read_blocks


@pytest.mark.parametrize(
    ("share", "order"),
    [
        (WHOLE, [0, 1, 2, 3, 4, 5, 6]),
        (Share(0, 2), [0, 2, 4, 6, 5, 3, 1]),
        (Share(2, 3), [2, 5, 6, 4, 3, 1, 0]),
    ],
)
def test_a_machine_begins_with_its_own_and_leaves_out_none(share: Share, order: list[int]) -> None:
    assert list(share.list_in_order(share.rank, 7)) == order


@pytest.mark.parametrize("text", ["", "x", "2 2", "-1 2", "0 0", "1", "0 1 2", "9" * 100])
def test_a_damaged_share_is_the_whole(text: str, tmp_path: Path) -> None:
    (tmp_path / "sweep.share").write_text(text)
    assert read_share(tmp_path / "sweep") == WHOLE


def test_workers_follow_a_share_that_changes(tmp_path: Path) -> None:
    path = tmp_path / "sweep"
    ledger = Ledger(path, "space", [("one", 6)])
    order = []
    for share in (Share(1, 3), Share(1, 3), Share(0, 2), Share(0, 2), WHOLE, WHOLE):
        write_share(path, share)
        claimed = ledger.claim()
        assert claimed is not None
        order.append(claimed[0])
        ledger.count(claimed[0], 1, done=True)
    assert order == [1, 4, 0, 2, 3, 5]
    assert ledger.claim() is None
    ledger.close()


@pytest.mark.parametrize(
    ("ours", "theirs", "after"),
    [
        ([(2, True), (0, False)], [(0, False), (3, True)], [(2, True), (3, True)]),
        ([(2, False), (0, False)], [(5, False), (9, True)], [(2, False), (9, True)]),
        ([(2, True), (2, True)], [(9, True), (1, False)], [(2, True), (2, True)]),
    ],
)
def test_blocks_that_another_machine_has_finished(
    ours: list[tuple[int, bool]],
    theirs: list[tuple[int, bool]],
    after: list[tuple[int, bool]],
    tmp_path: Path,
) -> None:
    for name, blocks in (("ours", ours), ("theirs", theirs)):
        ledger = Ledger(tmp_path / name, "space", [("one", 2)])
        for block, (run, done) in enumerate(blocks):
            ledger.count(block, run, done=done)
        ledger.close()
    other = (tmp_path / "theirs").read_bytes()
    for _ in range(2):  # taken over twice, it is the same
        take_done(tmp_path / "ours", other)
        assert read_blocks(tmp_path / "ours") == after


def test_a_ledger_of_another_space_says_nothing(tmp_path: Path) -> None:
    for name, space in (("ours", "space"), ("theirs", "another")):
        ledger = Ledger(tmp_path / name, space, [("one", 1)])
        ledger.count(0, 4, done=name == "theirs")
        ledger.close()
    assert take_done(tmp_path / "ours", (tmp_path / "theirs").read_bytes()) == 0
