import pytest

from finfuzz.generation.sweep import plan as module
from finfuzz.generation.sweep.plan import plan_cell
from finfuzz.generation.sweep.space import CELLS, Space
from finfuzz.program.vocabulary import NOTHING

SPACE = Space(NOTHING, (3, 13))
CELL = CELLS[4]  # two segments without an object


def test_a_small_cell_is_counted() -> None:
    programs = [p for block in SPACE.list_blocks(CELL) for p in SPACE.list_programs(block)]
    plan = plan_cell(SPACE, CELL)
    assert plan.exact
    assert plan.programs == len(programs)
    assert plan.cost == pytest.approx(sum(program.cost for program in programs))


def test_of_a_large_cell_every_few_blocks_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = plan_cell(SPACE, CELL)
    monkeypatch.setattr(module, "_COUNTED", 100)
    estimated = plan_cell(SPACE, CELL)
    assert not estimated.exact
    assert estimated.programs == pytest.approx(counted.programs, rel=0.3)
    assert estimated.cost == pytest.approx(counted.cost, rel=0.3)
