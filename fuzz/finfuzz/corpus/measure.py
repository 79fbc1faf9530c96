"""What a program covers on a build, run a few times: what comes and goes does not count."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

import msgspec

from finfuzz.corpus.folder import CorpusFile
from finfuzz.executor.features import as_numbers
from finfuzz.executor.limits import Limits
from finfuzz.executor.shared_memory import PROGRAM_BYTES, ProgramTooLong
from finfuzz.executor.zygote import Executor
from finfuzz.targets.build import Build


class Measured(msgspec.Struct, frozen=True):
    """``features`` of every run, a bit each (see ``Numbers``); ``unstable`` are those of some runs
    only, ``counters`` the indices of theirs. ``seconds`` of a child, the median. ``died``: in any
    run, the last one then; it has no features. ``problem``: why it can't be run at all."""

    entry: CorpusFile
    features: int = 0
    unstable: int = 0
    counters: frozenset[int] = frozenset()
    seconds: float = 0.0
    died: bool = False
    problem: str = ""


class Numbers:
    """Gives features their bits in the order in which they are met: of a million that there could
    be, a corpus has a tenth, and ten thousand programs fit into memory."""

    def __init__(self) -> None:
        self._bits: dict[int, int] = {}

    def as_bits(self, features: frozenset[int]) -> int:
        """``features`` as numbers, see ``executor.features``."""
        numbers = [self._bits.setdefault(feature, len(self._bits)) for feature in features]
        found = bytearray(len(self._bits) // 8 + 1)
        for number in numbers:
            found[number // 8] |= 1 << number % 8
        return int.from_bytes(found, "little")


def measured(
    made: Build, entries: Sequence[CorpusFile], runs: int, limits: Limits
) -> Iterator[Measured]:
    """Runs each program so often in children of one zygote. Raises UserError as it does."""
    numbers = Numbers()
    with Executor(made, limits) as executor:
        for entry in entries:
            yield _measured(executor, entry, runs, numbers)


def _measured(executor: Executor, entry: CorpusFile, runs: int, numbers: Numbers) -> Measured:
    seen: list[frozenset[int]] = []
    seconds: list[float] = []
    for _ in range(runs):
        executor.shared.clear_counters()
        try:
            outcome = executor.run(entry.program)
        except ProgramTooLong:
            problem = f"longer than {PROGRAM_BYTES} bytes without its comments"
            return Measured(entry, problem=problem)
        seconds.append(outcome.seconds)
        if outcome.died:
            return Measured(entry, seconds=statistics.median(seconds), died=True)
        seen.append(as_numbers(executor.shared.snapshot()))
    stable = frozenset.intersection(*seen)
    unstable = frozenset.union(*seen) - stable
    return Measured(
        entry=entry,
        features=numbers.as_bits(stable),
        unstable=numbers.as_bits(unstable),
        counters=frozenset(feature // 8 for feature in unstable),
        seconds=statistics.median(seconds),
    )
