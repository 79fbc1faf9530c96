"""The engine without coverage: what it does with a program that hung."""

from types import SimpleNamespace

from finfuzz.campaign.worker import random_engine
from finfuzz.campaign.worker.chooser import Chooser
from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.generation.combinations import Combinations
from finfuzz.generation.learning import Change
from finfuzz.generation.novelty import Novelty
from finfuzz.program.model import Program
from finfuzz.program.vocabulary import EVERYTHING


class FakeLoop(SimpleNamespace):
    """A loop that takes ten programs and runs none; ``hangs`` says which hang."""

    def __init__(self, *, hangs: bool) -> None:
        super().__init__(mutation_seconds=0.0, executions=0)
        self.hangs = hangs

    @property
    def over(self) -> bool:
        return bool(self.executions >= 10)

    def execute(self, _: Program, __: Change) -> SimpleNamespace:
        self.executions += 1
        return SimpleNamespace(timed_out=self.hangs)


def test_what_hung_is_forgotten() -> None:
    kept = {}
    for hangs in (True, False):
        chooser = Chooser(ProgramSource((3, 13, 0)), Novelty(), Combinations(EVERYTHING), None)
        random_engine.run(FakeLoop(hangs=hangs), chooser, 1)  # type: ignore[arg-type]
        kept[hangs] = len(chooser._latest)
    assert kept == {True: 0, False: 10}
