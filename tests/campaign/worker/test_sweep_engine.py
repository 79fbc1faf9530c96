from pathlib import Path
from types import SimpleNamespace

import pytest

from finfuzz.campaign.worker import sweep_engine
from finfuzz.campaign.worker.chooser import Chooser
from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.generation.combinations import Combinations
from finfuzz.generation.learning import Change
from finfuzz.generation.novelty import Novelty
from finfuzz.generation.sweep import space as space_module
from finfuzz.generation.sweep.source import Sweep
from finfuzz.generation.sweep.space import CELLS, Space
from finfuzz.generation.weights import SWEEP
from finfuzz.program.model import Program
from finfuzz.program.vocabulary import NOTHING


class FakeLoop(SimpleNamespace):
    """A loop that takes programs and runs none."""

    def __init__(self, most: int) -> None:
        super().__init__(mutation_seconds=0.0)
        self.most, self.ran = most, list[Program]()

    @property
    def over(self) -> bool:
        return len(self.ran) >= self.most

    def execute(self, program: Program, change: Change) -> None:
        assert change.source == SWEEP
        self.ran.append(program)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> list[Program]:
    """A space of one cell; its programs."""
    monkeypatch.setattr(space_module, "CELLS", CELLS[:1])
    space = Space(NOTHING, (3, 13))
    return [
        program
        for cell in space.cells
        for block in space.list_blocks(cell)
        for program in space.list_programs(block)
    ]


def sweep_with(loop: FakeLoop, ledger: Path) -> bool:
    source = ProgramSource((3, 13, 0), NOTHING)
    sweep = Sweep(Space(NOTHING, (3, 13)), ledger)
    chooser = Chooser(source, Novelty(), Combinations(NOTHING), sweep)
    return sweep_engine.run(loop, chooser)  # type: ignore[arg-type]


def test_it_runs_all_programs_and_says_that_there_are_no_more(
    small: list[Program], tmp_path: Path
) -> None:
    loop = FakeLoop(10**9)
    assert sweep_with(loop, tmp_path / "sweep")
    assert loop.ran == small


def test_it_ends_when_its_time_is_up(small: list[Program], tmp_path: Path) -> None:
    loop = FakeLoop(5)
    assert not sweep_with(loop, tmp_path / "sweep")
    assert loop.ran == small[:5]
