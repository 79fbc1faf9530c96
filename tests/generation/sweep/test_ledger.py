"""The ledger of a sweep, with real processes that share it and are killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from finfuzz.generation.sweep.ledger import CellState, Ledger, read_sweep
from finfuzz.support.errors import UserError
from helpers.sweeps import read_blocks

#: Cells, each with the number of its blocks.
CELLS = [("one", 2), ("two", 1)]
#: A worker that claims a block, counts two of its programs, says so, and waits.
WORKER = """
import sys
from pathlib import Path
from finfuzz.generation.sweep.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]), "space", [("one", 2), ("two", 1)])
block, run = ledger.claim()
ledger.count(block, run + 2)
print(block, run, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sweep"


def start_worker(path: Path) -> tuple[subprocess.Popen[str], str]:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    return worker, worker.stdout.readline().strip()


def end(worker: subprocess.Popen[str]) -> None:
    worker.kill()
    worker.communicate()


def test_blocks_are_claimed_in_order_until_all_were_run(path: Path) -> None:
    ledger = Ledger(path, "space", CELLS)
    claimed = []
    while (block := ledger.claim()) is not None:
        claimed.append(block)
        ledger.count(block[0], 7, done=True)
    assert claimed == [(0, 0), (1, 0), (2, 0)]
    assert read_blocks(path) == [(7, True)] * 3


def test_two_workers_never_have_the_same_block(path: Path) -> None:
    first, said_first = start_worker(path)
    second, said_second = start_worker(path)
    try:
        assert (said_first, said_second) == ("0 0", "1 0")
    finally:
        end(first)
        end(second)


def test_after_a_kill_another_worker_goes_on_behind_what_was_run(path: Path) -> None:
    first, said = start_worker(path)
    assert said == "0 0"
    end(first)
    assert read_blocks(path) == [(2, False), (0, False), (0, False)]
    second, said = start_worker(path)
    end(second)
    assert said == "0 2"


def test_nothing_is_left_while_others_run_the_rest(path: Path) -> None:
    workers = [start_worker(path)[0] for _ in range(3)]
    try:
        ledger = Ledger(path, "space", CELLS)
        assert ledger.claim() is None
        end(workers[1])
        assert ledger.claim() == (1, 2)
    finally:
        for worker in workers:
            end(worker)


@pytest.mark.parametrize(("space", "more"), [("another space", 0), ("space", 1)])
def test_a_ledger_of_another_space_begins_anew(path: Path, space: str, more: int) -> None:
    ledger = Ledger(path, "space", CELLS)
    ledger.count(0, 7, done=True)
    ledger.close()
    other = Ledger(path, space, [("one", 3 + more)])
    assert other.claim() == (0, 0)
    assert read_blocks(path) == [(0, False)] * (3 + more)


def test_a_ledger_that_was_cut_off_is_made_whole(path: Path) -> None:
    Ledger(path, "space", CELLS).close()
    path.write_bytes(path.read_bytes()[:-5])
    ledger = Ledger(path, "space", CELLS)
    ledger.count(2, 7, done=True)
    assert read_blocks(path)[2] == (7, True)


def test_cells_are_complete_when_all_their_blocks_are(path: Path) -> None:
    ledger = Ledger(path, "space", CELLS)
    assert read_sweep(path) == []
    ledger.count(0, 7, done=True)
    ledger.count(1, 3)
    assert read_sweep(path) == [CellState("one", 10, complete=False)]
    ledger.count(1, 4, done=True)
    ledger.count(2, 0, done=True)  # a block without a program
    assert read_sweep(path) == [CellState("one", 11, True), CellState("two", 0, True)]


def test_no_file_is_no_sweep(path: Path) -> None:
    assert read_sweep(path) == []


@pytest.mark.parametrize("text", ["", "[[1, 2]]", '{"one": 1}'])
def test_damaged_cells_are_one_line(path: Path, text: str) -> None:
    Ledger(path, "space", CELLS).close()
    path.with_name(f"{path.name}.json").write_text(text)
    with pytest.raises(UserError, match="is damaged"):
        read_sweep(path)


@pytest.mark.parametrize("cells", ['[["one", 1000000]]', '[["one", -5], ["two", 2]]'])
def test_cells_that_the_ledger_has_not_are_not_complete(path: Path, cells: str) -> None:
    ledger = Ledger(path, "space", CELLS)
    for block in range(3):
        ledger.count(block, 1, done=True)
    path.with_name(f"{path.name}.json").write_text(cells)
    assert all(not cell.complete for cell in read_sweep(path) if cell.cell == "one")
