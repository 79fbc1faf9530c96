"""The search for the simplest program: ask about one candidate after another until none is left.

Each reducer turns a program into candidates. The reducers take turns until a round of all of them
finds nothing: a fixpoint under all. Three things hold for every candidate that ``same`` is asked
about:

- The candidate is simpler than the best so far, so the search ends.
- Its text has not been asked about before, so the search does not go in circles.
- All its steps have an effect, and its names are a, b, c … in the order in which they appear, so
  candidates that mean the same are one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.program.text import to_text
from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.support.cpythons import NEWEST, Version
from finfuzz.triage.minimize.names import name_in_order
from finfuzz.triage.minimize.reducers import Reducer, reducers
from finfuzz.triage.minimize.simplicity import complexity


def minimize(
    program: Program,
    same: Callable[[Program], bool],
    python: Version = NEWEST,
    *,
    offers: Vocabulary = EVERYTHING,
    abuse: bool = False,
    tries: int | None = None,
) -> Program:
    """Find the simplest program for which ``same`` holds; it must hold for ``program`` already.

    ``same`` must not depend on names. ``python``, ``offers`` and ``abuse`` say which steps have no
    effect; these go first, unless the bucket needs them. ``tries``: how often ``same`` is asked at
    most, where each question costs a deadline; then the best program so far is returned.

    A simpler program has no comments: these were about another program.
    """
    search = _Search(program, same, tries)
    for tidy in (
        lambda candidate: name_in_order(effective(candidate, python, abuse=abuse, offers=offers)),
        name_in_order,
    ):
        tidied = tidy(program.without_comments())
        if tidied == program.without_comments() or search.accepts(tidied):
            search.tidy = tidy
            break
    search.to_fixpoint()
    return search.best


class _Search:
    """A search. ``best``: the simplest program so far. ``tidy``: applied to each candidate."""

    def __init__(
        self, program: Program, same: Callable[[Program], bool], tries: int | None
    ) -> None:
        self.best = program
        self.tidy: Callable[[Program], Program] = lambda candidate: candidate
        self._complexity = complexity(program)
        self._same, self._tries = same, tries
        self._asked: set[str] = set()

    def accepts(self, candidate: Program) -> bool:
        """Take the candidate for the best, if it is simpler and does the same."""
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
            return False  # a candidate that held was taken, and all simpler ones have other texts
        self._asked.add(text)
        return self._same(candidate)

    def to_fixpoint(self) -> None:
        """Try all reducers until none finds anything."""
        before = None
        while self._complexity != before:
            before = self._complexity
            for reducer in reducers(self.best):
                self._exhaust(reducer)

    def _exhaust(self, reducer: Reducer) -> None:
        """Try all candidates of a reducer, going on at the same place after each success.

        The candidates before that place have just been tried, and mostly fail again.
        """
        place: int | None = 0
        while place is not None:
            place = self._first_accepted(reducer, place)

    def _first_accepted(self, reducer: Reducer, place: int) -> int | None:
        rest = islice(reducer(self.best), place, None)
        return next((at for at, one in enumerate(rest, place) if self.accepts(one)), None)
