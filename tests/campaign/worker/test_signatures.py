"""The signatures that a lane keeps, whichever of its workers meets them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.campaign.worker import signatures
from finfuzz.campaign.worker.signatures import FURTHER, SignatureCounter
from finfuzz.program.text import parse
from helpers.outcome_files import SURVIVED

PROGRAM = parse("finfuzz 1\nnode a list\nroot a sys\n")


def meet(counter: SignatureCounter, *numbers: int) -> list[str]:
    """Have a worker meet programs that died of signals; return the names of what it counts."""
    for number in numbers:
        died = msgspec.structs.replace(SURVIVED, exit_code=None, signal=f"SIG{number}")
        counter.add(PROGRAM, died, 1, 0.5)
    return [one.signature for one in counter.take_unsent()]


def test_a_lane_keeps_so_many_signatures_of_all_its_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the two thousand workers of a week added as many again."""
    monkeypatch.setattr(signatures, "MOST_SIGNATURES", 3)
    first, second = SignatureCounter(tmp_path), SignatureCounter(tmp_path)
    kept = meet(first, 1, 2)
    kept += meet(second, 3)
    assert FURTHER not in kept
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
    assert meet(first, 4) == meet(second, 5) == [FURTHER]
    assert meet(first, 3) == [kept[2]]  # another worker's is no further one
    assert len(list(tmp_path.iterdir())) == 3


def test_programs_that_leave_objects_have_some_signatures_more() -> None:
    """Only the first of each is compared with the control, and what that leaves depends on it."""
    left = msgspec.structs.replace(SURVIVED, keeps_nothing=True, alive=2)
    assert left.left
    kinds = ["list", "dict", "function", "object", "generator", "frame", "method", "class"]
    programs = [parse(f"finfuzz 1\nnode a {a}\nnode b {b}\n") for a in kinds for b in kinds]
    found = [signatures.compute_signature(program, left) for program in programs]
    assert 10 < len(set(found)) <= 16
    renamed = parse("finfuzz 1\nnode c list\nnode d list\n")
    assert signatures.compute_signature(renamed, left) == found[0]
    assert len({signatures.compute_signature(one, SURVIVED) for one in programs}) == 1
