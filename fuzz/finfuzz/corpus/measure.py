"""Measure which features a program covers on a build, over a few runs.

Only features of every run count: some come and go.
"""

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


class Measurement(msgspec.Struct, frozen=True):
    """One program's features on a build, a bit each (see ``FeatureBits``), and its median time.

    ``features`` appeared in every run, ``unstable`` only in some; ``counters`` are the indices of
    the unstable ones. A program that ``died`` in any run has no features and is not run again.
    ``problem`` says why a program can't be run at all.
    """

    entry: CorpusFile
    features: int = 0
    unstable: int = 0
    counters: frozenset[int] = frozenset()
    seconds: float = 0.0
    died: bool = False
    problem: str = ""


class FeatureBits:
    """Assigns bits to features in the order of their first appearance.

    A corpus has about a tenth of the million possible features. So numbered, ten thousand programs
    fit into memory.
    """

    def __init__(self) -> None:
        self._bits: dict[int, int] = {}

    def pack(self, features: frozenset[int]) -> int:
        """Pack features into one integer. ``executor.features`` defines their numbers."""
        numbers = [self._bits.setdefault(feature, len(self._bits)) for feature in features]
        found = bytearray(len(self._bits) // 8 + 1)
        for number in numbers:
            found[number // 8] |= 1 << number % 8
        return int.from_bytes(found, "little")


def measure_programs(
    made: Build, entries: Sequence[CorpusFile], runs: int, limits: Limits
) -> Iterator[Measurement]:
    """Run each program ``runs`` times in children of one zygote.

    Raise UserError if the zygote can't start.
    """
    bits = FeatureBits()
    with Executor(made, limits) as executor:
        for entry in entries:
            yield _measure(executor, entry, runs, bits)


def _measure(executor: Executor, entry: CorpusFile, runs: int, bits: FeatureBits) -> Measurement:
    seen: list[frozenset[int]] = []
    seconds: list[float] = []
    for _ in range(runs):
        executor.shared.clear_counters()
        try:
            outcome = executor.run(entry.program)
        except ProgramTooLong:
            problem = f"longer than {PROGRAM_BYTES} bytes without its comments"
            return Measurement(entry, problem=problem)
        seconds.append(outcome.seconds)
        if outcome.died:
            return Measurement(entry, seconds=statistics.median(seconds), died=True)
        seen.append(as_numbers(executor.shared.snapshot()))
    stable = frozenset.intersection(*seen)
    unstable = frozenset.union(*seen) - stable
    return Measurement(
        entry=entry,
        features=bits.pack(stable),
        unstable=bits.pack(unstable),
        counters=frozenset(feature // 8 for feature in unstable),
        seconds=statistics.median(seconds),
    )
