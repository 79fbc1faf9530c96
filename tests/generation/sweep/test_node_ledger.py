"""The ledger of a machine that runs a part of a sweep."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from finfuzz.generation.sweep.ledger import DONE, ELSEWHERE, Ledger, read_sweep
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


def test_blocks_that_are_finished_elsewhere_are_shut(tmp_path: Path) -> None:
    share = NodeLedger(tmp_path / "sweep", "space", CELLS)
    share.add([(1, 0), (4, 2)])
    share.shut([4, 5])  # the last one is not here
    run = (
        "import sys; from pathlib import Path;"
        "from finfuzz.generation.sweep.ledger import Ledger;"
        f"ledger = Ledger(Path({str(tmp_path / 'sweep')!r}), 'space', {CELLS!r});"
        "print(ledger.claim(), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", run], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "(1, 0)\n"
        share.shut([1])  # a worker is at it
        assert read_numbers(tmp_path / "sweep")[1] == 0
    share.shut([1])
    numbers = read_numbers(tmp_path / "sweep")
    assert (numbers[1], numbers[4]) == (ELSEWHERE, ELSEWHERE)
    assert share.take_changes() == (), "the campaign knows"


def test_blocks_are_merged_by_the_larger_number(tmp_path: Path) -> None:
    Ledger(tmp_path / "sweep", "space", CELLS).close()
    for blocks in ([(0, 5), (1, 3 | DONE)], [(0, 2), (1, 9)], [(0, 5)]):
        merge_numbers(tmp_path / "sweep", blocks)
    assert read_numbers(tmp_path / "sweep") == [5, 3 | DONE, 0, 0, 0, 0]
    (state,) = read_sweep(tmp_path / "sweep")
    assert (state.programs, state.complete) == (8, False)
