"""What a program covers on a build, run a few times: what comes and goes does not count."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

import msgspec

from fuzz.corpus.folder import Entry
from fuzz.executor.features import as_numbers
from fuzz.executor.limits import Limits
from fuzz.executor.zygote import Executor
from fuzz.program.scope import runnable
from fuzz.target.build import Build


class Measured(msgspec.Struct, frozen=True):
    """``features`` of every run, a bit each (see ``Numbers``); ``unstable`` are those of some runs
    only. ``seconds`` of a child, the median. ``died``: in any run."""

    entry: Entry
    features: int
    unstable: int
    seconds: float
    died: bool


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
    made: Build, entries: Sequence[Entry], runs: int, limits: Limits
) -> Iterator[Measured]:
    """Runs each program so often in children of one zygote. Raises UserError as it does."""
    numbers = Numbers()
    with Executor(made, limits) as executor:
        for entry in entries:
            yield _measured(executor, entry, runs, numbers)


def _measured(executor: Executor, entry: Entry, runs: int, numbers: Numbers) -> Measured:
    python = executor.build.interpreter.version[:2]
    text = runnable(entry.program, python, abuse=executor.limits.abuse)
    seen: list[frozenset[int]] = []
    seconds: list[float] = []
    died = False
    for _ in range(runs):
        executor.shared.clear_counters()
        outcome = executor.run(text)
        died |= outcome.died
        seconds.append(outcome.seconds)
        seen.append(as_numbers(executor.shared.snapshot()))
    stable = frozenset.intersection(*seen)
    return Measured(
        entry=entry,
        features=numbers.as_bits(stable),
        unstable=numbers.as_bits(frozenset.union(*seen) - stable),
        seconds=statistics.median(seconds),
        died=died,
    )
