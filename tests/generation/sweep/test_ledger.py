"""The ledger of a sweep, with real processes that share it and are killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from finfuzz.generation.sweep.ledger import Ledger, read_counts

#: A worker that claims a block, counts two of its programs, says so, and waits.
WORKER = """
import sys
from pathlib import Path
from finfuzz.generation.sweep.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]), "space", 3)
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
    ledger = Ledger(path, "space", 3)
    claimed = []
    while (block := ledger.claim()) is not None:
        claimed.append(block)
        ledger.count(block[0], 7, done=True)
    assert claimed == [(0, 0), (1, 0), (2, 0)]
    assert read_counts(path) == [(7, True)] * 3


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
    assert read_counts(path) == [(2, False), (0, False), (0, False)]
    second, said = start_worker(path)
    end(second)
    assert said == "0 2"


def test_nothing_is_left_while_others_run_the_rest(path: Path) -> None:
    workers = [start_worker(path)[0] for _ in range(3)]
    try:
        ledger = Ledger(path, "space", 3)
        assert ledger.claim() is None
        end(workers[1])
        assert ledger.claim() == (1, 2)
    finally:
        for worker in workers:
            end(worker)


@pytest.mark.parametrize(("space", "blocks"), [("another space", 3), ("space", 4)])
def test_a_ledger_of_another_space_begins_anew(path: Path, space: str, blocks: int) -> None:
    ledger = Ledger(path, "space", 3)
    ledger.count(0, 7, done=True)
    ledger.close()
    other = Ledger(path, space, blocks)
    assert other.claim() == (0, 0)
    assert read_counts(path) == [(0, False)] * blocks


def test_a_ledger_that_was_cut_off_is_made_whole(path: Path) -> None:
    Ledger(path, "space", 3).close()
    path.write_bytes(path.read_bytes()[:-5])
    ledger = Ledger(path, "space", 3)
    ledger.count(2, 7, done=True)
    assert read_counts(path)[2] == (7, True)


def test_no_file_is_no_sweep(path: Path) -> None:
    assert read_counts(path) == []
