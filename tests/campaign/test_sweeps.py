"""How far sweeps have come, in one line, and by lane."""

from pathlib import Path

import pytest

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.sweeps import Sweeps, add_explored, describe_explored, read_sweeps
from finfuzz.generation.combinations import Explored
from finfuzz.generation.sweep.ledger import CellState, Ledger

KINDS = CellState("life cycles of 1 segment × every kind", 1810, complete=True)
ROOTS = CellState("life cycles of 1 segment × every kind × every root", 12_345, complete=False)

LINES = [
    ([[]], ""),
    ([[KINDS]], "every program of 1 sort (1,810)"),
    ([[ROOTS]], f"now {ROOTS.cell} (12,345 so far)"),
    (
        [[KINDS, ROOTS], [KINDS]],
        f"every program of 2 sorts (3,620); now {ROOTS.cell} (12,345 so far)",
    ),
]


@pytest.mark.parametrize(("lanes", "line"), LINES)
def test_one_line_for_all_lanes(lanes: list[list[CellState]], line: str) -> None:
    assert Sweeps(lanes, []).line == line


EXPLORED = [
    ((), ""),
    (((1, 0, 9), (2, 0, 36), (3, 0, 84)), ""),
    (((1, 1, 9), (2, 0, 36), (3, 0, 84)), "1 of 9 words, 0% of 36 pairs, 0% of 84 triples"),
    (
        ((1, 190, 219), (2, 7617, 23_871), (3, 900, 1_726_669)),
        "190 of 219 words, 32% of 23,871 pairs, 0.052% of 1,726,669 triples",
    ),
    (
        ((1, 219, 219), (2, 23_870, 23_871), (3, 1_726_669, 1_726_669)),
        "219 of 219 words, over 99% of 23,871 pairs, 100% of 1,726,669 triples",
    ),
]


@pytest.mark.parametrize(("figures", "line"), EXPLORED)
def test_what_was_run_together(figures: tuple[tuple[int, int, int], ...], line: str) -> None:
    assert describe_explored([Explored(*one) for one in figures]) == line


def test_lanes_are_added_up() -> None:
    lanes = [(Explored(1, 2, 9), Explored(2, 1, 36)), (), (Explored(1, 3, 8), Explored(2, 0, 28))]
    assert add_explored(lanes) == (Explored(1, 5, 17), Explored(2, 1, 64))


def test_a_damaged_file_costs_its_lane_only(tmp_path: Path) -> None:
    paths = StatePaths(tmp_path)
    paths.campaign.mkdir()
    for lane in range(2):
        ledger = Ledger(paths.sweep(lane), "space", [("cell", 1)])
        ledger.count(0, 3, done=True)
        ledger.close()
    paths.sweep(0).with_name("sweep-0.json").write_text("[")
    sweeps = read_sweeps(paths, 3)
    assert sweeps.lanes == [[], [CellState("cell", 3, complete=True)], []]
    assert "sweep-0.json is damaged" in sweeps.problem
