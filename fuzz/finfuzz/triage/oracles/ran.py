"""A program that ran on a build, as the oracles compare it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from finfuzz.executor.outcome import Outcome
from finfuzz.executor.raised import Raised
from finfuzz.triage.oracles.meanings import Meaning


class Ran(NamedTuple):
    """A program on a build: its steps that have an effect, by number, and its outcome.

    ``name``: of the target, as a diagnosis names a control.
    """

    meanings: Mapping[int, Meaning]
    outcome: Outcome
    name: str = ""

    @property
    def raised(self) -> tuple[Raised, ...]:
        """The steps that raised, in order."""
        return self.outcome.raised

    @property
    def reached(self) -> int:
        """The number of the last step that ended: a process that died in a step did not end it."""
        at_the_end = self.outcome.phase.partition("/")[0] in ("finalizing", "exited")
        return self.outcome.step if at_the_end or not self.outcome.died else self.outcome.step - 1

    def did(self, number: int) -> bool:
        """Whether a step had its effect: it ran, did not raise, and had the nodes it needs."""
        meaning = self.meanings.get(number)
        if meaning is None or number > self.reached:
            return False
        raised = {one.number for one in self.raised}
        return number not in raised and raised.isdisjoint(meaning.needs)

    def tried(self, number: int) -> bool:
        """Whether a step ran, perhaps to raise."""
        return self.did(number) or number in {one.number for one in self.raised}

    def ended_as(self, other: Ran) -> bool:
        """Whether both ended by themselves, at the same stage, and raised in the same steps.

        And whether all steps had an effect on both: then what differs is no consequence.
        """
        mine, theirs = ({one.number for one in ran.raised} for ran in (self, other))
        ended = not (self.outcome.died or other.outcome.died)
        same = ended and self.outcome.phase == other.outcome.phase and mine == theirs
        return same and self.meanings.keys() == other.meanings.keys()
