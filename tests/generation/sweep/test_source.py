"""The sweep's programs as workers get them: each once, whoever runs them, whoever is killed."""

from pathlib import Path

import pytest

from finfuzz.generation.sweep import space as space_module
from finfuzz.generation.sweep.payloads import Payloads
from finfuzz.generation.sweep.source import Sweep
from finfuzz.generation.sweep.space import Cell, Space
from finfuzz.program.model import Program
from finfuzz.program.vocabulary import NOTHING

CELLS = (Cell(1, Payloads.NONE, True, True), Cell(1, Payloads.KIND, True, False))


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch) -> Space:
    monkeypatch.setattr(space_module, "CELLS", CELLS)
    return Space(NOTHING, (3, 13))


def list_programs(space: Space) -> list[Program]:
    return [
        program
        for cell in space.cells
        for block in space.list_blocks(cell)
        for program in space.list_programs(block)
    ]


def take(sweep: Sweep, most: int = 10**9) -> list[Program]:
    taken: list[Program] = []
    while len(taken) < most and (program := sweep.make_next()) is not None:
        taken.append(program)
    return taken


def test_one_worker_runs_all_in_order(space: Space, tmp_path: Path) -> None:
    every = list_programs(space)
    sweep = Sweep(space, tmp_path / "sweep")
    assert take(sweep) == every
    assert take(sweep) == []
    assert take(Sweep(space, tmp_path / "sweep")) == []


@pytest.mark.parametrize("run", [1, 7, 100, 250])
def test_a_resumed_sweep_runs_at_most_the_last_program_again(
    run: int, space: Space, tmp_path: Path
) -> None:
    every = take(Sweep(space, tmp_path / "whole"))
    before = take(Sweep(space, tmp_path / "sweep"), run)
    after = take(Sweep(space, tmp_path / "sweep"))
    assert before + after[1:] == every
