"""How far sweeps have come, in one line, and by lane."""

from pathlib import Path

import pytest

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.sweeps import Sweeps, read_sweeps
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
    assert Sweeps(lanes).line == line


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
