"""Candidates asked one after another until none is left that is simpler and falls into the bucket.

Each reducer turns a program into candidates; they are tried in turn until a round of all of them
finds nothing: a fixpoint under all. Three things hold for every candidate that ``same`` is asked:

- it is simpler than the best so far, so this ends,
- its text has not been asked before, so this does not ask in circles,
- no step of it is without effect, and its names are a, b, c … in the order in which they appear, so
  candidates that mean the same are one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.program.text import to_text
from finfuzz.support.cpythons import NEWEST
from finfuzz.triage.minimize.names import named_in_order
from finfuzz.triage.minimize.reducers import Reducer, reducers
from finfuzz.triage.minimize.simplicity import complexity


def minimize(
    program: Program,
    same: Callable[[Program], bool],
    python: tuple[int, int] = NEWEST,
    *,
    abuse: bool = False,
    tries: int | None = None,
) -> Program:
    """The simplest program found for which ``same`` holds. It must hold for ``program`` already.

    ``same`` must not depend on names. ``python`` and ``abuse`` say which steps are without effect;
    if they are what counts, they stay. ``tries``: how often ``same`` is asked at most, for what
    costs a deadline each time; the best so far is returned then.

    What has become simpler has no comments: they told the story of another program.
    """
    search = _Search(program, same, tries)
    for tidy in (
        lambda candidate: named_in_order(effective(candidate, python, abuse=abuse)),
        named_in_order,
    ):
        tidied = tidy(program.without_comments())
        if tidied == program.without_comments() or search.accepts(tidied):
            search.tidy = tidy
            break
    search.to_fixpoint()
    return search.best


class _Search:
    """``best``: the simplest program so far. ``tidy``: what each candidate goes through."""

    def __init__(
        self, program: Program, same: Callable[[Program], bool], tries: int | None
    ) -> None:
        self.best = program
        self.tidy: Callable[[Program], Program] = lambda candidate: candidate
        self._complexity = complexity(program)
        self._same, self._tries = same, tries
        self._asked: set[str] = set()

    def accepts(self, candidate: Program) -> bool:
        """Takes the candidate for the best, if it is simpler and does the same."""
        if len(self._asked) == self._tries:
            return False
        candidate = self.tidy(candidate.without_comments())
        new = complexity(candidate)
        if new >= self._complexity or not self._asks(candidate):
            return False
        self.best, self._complexity = candidate, new
        return True

    def _asks(self, candidate: Program) -> bool:
        text = to_text(candidate)
        if text in self._asked:
            return False  # what held was taken, and what is simpler than that is another text
        self._asked.add(text)
        return self._same(candidate)

    def to_fixpoint(self) -> None:
        """Tries all reducers until none finds anything."""
        before = None
        while self._complexity != before:
            before = self._complexity
            for reducer in reducers(self.best):
                self._exhaust(reducer)

    def _exhaust(self, reducer: Reducer) -> None:
        """Tries its candidates, going on at the same place after each that is taken.

        What came before it has just been tried, and mostly fails again.
        """
        place: int | None = 0
        while place is not None:
            place = self._first_accepted(reducer, place)

    def _first_accepted(self, reducer: Reducer, place: int) -> int | None:
        rest = islice(reducer(self.best), place, None)
        return next((at for at, one in enumerate(rest, place) if self.accepts(one)), None)
