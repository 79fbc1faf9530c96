"""Reproducing a crash in fresh processes, and minimizing its program."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.triage.confirm import confirm, confirm_in_zygote, find_same
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.story import describe_rate
from finfuzz.triage.minimize import minimize, repeatedly, surely
from finfuzz.triage.steady import prefer_steady

#: Receives what is done, how often it was done, and how often at most; 0 where nobody knows.
Advance = Callable[[str, int, int], None]
#: The price of minimizing a hang: so many tries of so many seconds. A program that ends takes 3 to
#: 60 ms, so a program still running after that mostly hangs; the later fresh runs decide.
_HANG_TRIES = 60
_HANG_SECONDS = 0.5


def advance_nothing(_name: str, _done: int, _of: int) -> None:
    """Receive the progress where nobody wants it."""


class Reproduced(NamedTuple):
    """A program that fails, minimized, with its rates in fresh processes and zygotes' children."""

    program: Program
    fresh: Rate
    forked: Rate


class Reproducer:
    """Reproduces what one build's programs have done, and minimizes them.

    ``executor``: of the build. ``announce`` receives a line before each thing that takes time,
    ``advance`` how far that is.
    """

    def __init__(
        self,
        executor: Executor,
        limits: Limits,
        announce: Callable[[str], None] = lambda _: None,
        advance: Advance = advance_nothing,
    ) -> None:
        self._build, self._executor, self._limits = executor.build, executor, limits
        self._announce, self._advance = announce, advance

    def reproduce(self, program: Program, diagnosis: Diagnosis) -> Reproduced | None:
        """Reproduce and minimize a program; None where it never failed so again."""
        name = f"{diagnosis} {diagnosis.bucket}"
        self._announce(f"{name}: reproducing in fresh processes")
        found = self.confirm(program, diagnosis)
        if found is None:
            return None
        as_found = describe_rate(diagnosis.signal, found.fresh)  # a finding's is its script's
        self._announce(f"{name}: the program as found {as_found}, minimizing")
        smaller = self._minimize(found, diagnosis)
        return self._keep_better(found, self.prefer_steady(smaller, diagnosis), diagnosis)

    def confirm(self, program: Program, diagnosis: Diagnosis) -> Reproduced | None:
        """Measure how often a program fails so again; None where it never does."""
        fresh = self._measure(program, diagnosis)
        forked = confirm_in_zygote(self._executor, program, diagnosis, self._limits)
        return Reproduced(program, fresh, forked) if fresh.k else None

    def prefer_steady(self, program: Program, diagnosis: Diagnosis) -> Program:
        """Prefer the repeated form of a program that fails by an accident of this CPython's heap.

        No hang does.
        """
        if diagnosis.diagnostic == "hang":
            return program
        return prefer_steady(program, self._build, diagnosis, self._limits, self._announce)

    def _measure(self, program: Program, diagnosis: Diagnosis) -> Rate:
        report = partial(self._advance, "runs of the program")
        return confirm(self._build, program, diagnosis, self._limits, report)

    def _minimize(self, found: Reproduced, diagnosis: Diagnosis) -> Program:
        return minimize(
            found.program,
            self._make_predicate(diagnosis, found),
            self._build.interpreter.version,
            offers=self._build.offers,
            abuse=self._limits.abuse,
            tries=_HANG_TRIES if diagnosis.diagnostic == "hang" else None,
        )

    def _keep_better(self, found: Reproduced, smaller: Program, diagnosis: Diagnosis) -> Reproduced:
        """Keep the original if the minimized program is flakier in fresh processes."""
        if smaller == found.program:
            return found
        again = self._measure(smaller, diagnosis)
        if again.is_rarer_than(found.fresh):
            return found
        forked = confirm_in_zygote(self._executor, smaller, diagnosis, self._limits)
        return Reproduced(smaller, again, forked)

    def _make_predicate(self, diagnosis: Diagnosis, found: Reproduced) -> Callable[[Program], bool]:
        limits = self._limits
        if diagnosis.diagnostic == "hang":
            seconds = min(limits.deadline, _HANG_SECONDS)
            limits = Limits(seconds, limits.memory_mib, limits.abuse)

        tries = itertools.count(1)
        # Some defects never show in a zygote's child, which has inherited a heap.
        in_zygote = found.forked.k > 0 or not found.forked.n
        asked = found.forked if in_zygote else found.fresh

        def run(candidate: Program) -> Outcome:
            if in_zygote:
                return self._executor.run(candidate, limits)
            return run_fresh(self._build, candidate, limits)

        def once(candidate: Program) -> bool:
            self._advance("programs tried to minimize", next(tries), 0)
            outcome = run(candidate)
            return find_same(self._build, candidate, outcome, diagnosis, limits) is not None

        if diagnosis.diagnostic == "hang":
            return once
        return repeatedly(once, asked) if asked.flaky else surely(once)
