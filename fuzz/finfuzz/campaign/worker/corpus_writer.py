"""Copies the programs that libFuzzer takes to the corpus, and finds unstable counters.

When libFuzzer takes an input, it writes a file named by the input's SHA-1. The writer looks for
that file when the next program comes. A program that was taken runs twice more, within a budget: a
counter that differs between the runs is unstable. One that is unstable on two programs no longer
steers.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from finfuzz.campaign.folder import hash_program
from finfuzz.campaign.messages import CorpusAddition
from finfuzz.executor.features import as_bits, find_differing
from finfuzz.executor.zygote import Executor
from finfuzz.generation.learning import Change
from finfuzz.program.model import Program
from finfuzz.support.files import write_whole

_AGAIN = 2
_ENOUGH = 2
#: The budget of these runs, as a share of executions. From an empty corpus libFuzzer takes every
#: sixth program, and those are the expensive ones.
_MOST_CHECKS = 0.02


class _LastRun:
    """The last mutated program, until the writer knows whether libFuzzer took it."""

    def __init__(self, data: bytes, program: Program, change: Change, counters: bytes) -> None:
        self.data, self.program, self.change, self.counters = data, program, change, counters


class CorpusWriter:
    """A worker's writer. ``live``: libFuzzer's folder; ``corpus``: whole programs."""

    def __init__(self, executor: Executor, live: Path, corpus: Path) -> None:
        self._executor, self._live, self._corpus = executor, live, corpus
        self._last: _LastRun | None = None
        self._kept: set[str] = set()
        self._seen = 0
        self._varied: Counter[int] = Counter()
        self._checks = 0
        self.unstable: frozenset[int] = frozenset()

    def record(self, data: bytes, program: Program, change: Change | None) -> None:
        """Record a run. ``data``: the program as libFuzzer has it.

        ``change`` is None for a program that is no mutation: a seed, or another worker's.
        """
        shared = self._executor.shared
        shared.clear(self.unstable)
        counters = shared.snapshot()
        if change is None:
            self._merge(counters)
            self._last = None
        else:
            self._last = _LastRun(data, program, change, counters)

    def keep_last(self, execution: int) -> tuple[CorpusAddition, Change] | None:
        """Copy the last program to the corpus if libFuzzer took it.

        Returns what to report if the program has features that are new to this worker. Raises
        OSError if it can't be written.
        """
        last, self._last = self._last, None
        if last is None:
            return None
        text = last.data.decode()
        name = hash_program(text)
        if name in self._kept or not os.path.exists(self._live / name):
            return None
        self._kept.add(name)
        if self._checks < _MOST_CHECKS * execution:
            self._check(last)
        write_whole(self._corpus / f"{name}.fin", last.data)
        features = self._merge(last.counters)
        if not features:  # a shorter program with known features
            return None
        made_by = (last.change.source, *last.change.mutators)
        return CorpusAddition(name, execution, features, made_by), last.change

    def _check(self, last: _LastRun) -> None:
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
        """Remember a program's features, a bit each; return how many are new."""
        features = as_bits(counters)
        new = features & ~self._seen
        self._seen |= features
        return new.bit_count()
