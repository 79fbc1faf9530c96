"""The ledger of a machine that runs a part of a sweep."""

from __future__ import annotations

from pathlib import Path

from finfuzz.generation.sweep.ledger import DONE, Ledger, read_sweep
from finfuzz.generation.sweep.node_ledger import NodeLedger, merge_numbers, read_numbers

CELLS = (("first", 3), ("second", 3))


def test_only_the_own_blocks_are_run(tmp_path: Path) -> None:
    share = NodeLedger(tmp_path / "sweep", "space", CELLS)
    worker = Ledger(tmp_path / "sweep", "space", CELLS)
    assert worker.claim() is None
    share.add([(1, 0), (4, 2)])
    assert worker.claim() == (1, 0)
    worker.count(1, 7, done=True)
    assert worker.claim() == (4, 2)
    worker.count(4, 3)
    assert share.take_changes() == ((1, 7 | DONE), (4, 3))
    assert share.take_changes() == ()
    worker.count(4, 5, done=True)
    assert worker.claim() is None
    share.add([(2, 0), (1, 0)])  # one that another machine has left; the other is here, and done
    assert worker.claim() == (2, 0)


def test_blocks_are_merged_by_the_larger_number(tmp_path: Path) -> None:
    Ledger(tmp_path / "sweep", "space", CELLS).close()
    for blocks in ([(0, 5), (1, 3 | DONE)], [(0, 2), (1, 9)], [(0, 5)]):
        merge_numbers(tmp_path / "sweep", blocks)
    assert read_numbers(tmp_path / "sweep") == [5, 3 | DONE, 0, 0, 0, 0]
    (state,) = read_sweep(tmp_path / "sweep")
    assert (state.programs, state.complete) == (8, False)
