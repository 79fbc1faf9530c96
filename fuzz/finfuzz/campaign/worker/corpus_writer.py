"""Keeps the programs that libFuzzer took for its corpus, and finds counters that come and go.

libFuzzer says nothing when it takes an input: it writes a file named by the SHA-1 of it. Whether
that is there when the next program comes is all that has to be asked. What was taken is run twice
more, if that was not done too often: a counter that differs between the runs is not this program's
doing. One that did so on two programs steers no longer.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from finfuzz.campaign.folder import name_of
from finfuzz.campaign.messages import Kept
from finfuzz.executor.features import as_bits, find_differing
from finfuzz.executor.zygote import Executor
from finfuzz.generation.learning import Change
from finfuzz.program.model import Program
from finfuzz.support.files import write_whole

_AGAIN = 2
_ENOUGH = 2
#: Of all executions at most so many are such: from an empty corpus every sixth program is taken,
#: and those are the dear ones.
_MOST_CHECKS = 0.02


class _Ran:
    """A mutated program that was run, until it is known whether libFuzzer took it."""

    def __init__(self, data: bytes, program: Program, change: Change, counters: bytes) -> None:
        self.data, self.program, self.change, self.counters = data, program, change, counters


class CorpusWriter:
    """One worker's. ``live``: libFuzzer's folder; ``corpus``: where programs are kept whole."""

    def __init__(self, executor: Executor, live: Path, corpus: Path) -> None:
        self._executor, self._live, self._corpus = executor, live, corpus
        self._last: _Ran | None = None
        self._kept: set[str] = set()
        self._seen = 0
        self._varied: Counter[int] = Counter()
        self._checks = 0
        self.unstable: frozenset[int] = frozenset()

    def ran(self, data: bytes, program: Program, change: Change | None) -> None:
        """A program, ``data`` to libFuzzer, has been run. ``change`` is None where it was no
        mutation: a seed, or another worker's."""
        shared = self._executor.shared
        shared.clear(self.unstable)
        counters = shared.snapshot()
        if change is None:
            self._merge(counters)
            self._last = None
        else:
            self._last = _Ran(data, program, change, counters)

    def settle(self, execution: int) -> tuple[Kept, Change] | None:
        """Keeps the last program if libFuzzer took it, and says so where its features are new to
        this worker. Raises OSError where it can't be written."""
        last, self._last = self._last, None
        if last is None:
            return None
        text = last.data.decode()
        name = name_of(text)
        if name in self._kept or not os.path.exists(self._live / name):
            return None
        self._kept.add(name)
        if self._checks < _MOST_CHECKS * execution:
            self._check(last)
        write_whole(self._corpus / f"{name}.fin", last.data)
        features = self._merge(last.counters)
        if not features:  # a shorter one for features that were there
            return None
        return Kept(name, execution, features, last.change.mutators), last.change

    def _check(self, last: _Ran) -> None:
        shared = self._executor.shared
        varied: set[int] = set()
        self._checks += _AGAIN
        for _ in range(_AGAIN):
            shared.clear_counters()
            self._executor.run(last.program)
            shared.clear(self.unstable)
            varied |= find_differing(last.counters, shared.snapshot())
        shared.clear_counters()
        if varied:
            self._varied.update(varied)
            often = {index for index in varied if self._varied[index] >= _ENOUGH}
            self.unstable |= often

    def _merge(self, counters: bytes) -> int:
        """Remembers a program's features, a bit each; returns how many are new."""
        features = as_bits(counters)
        new = features & ~self._seen
        self._seen |= features
        return new.bit_count()
