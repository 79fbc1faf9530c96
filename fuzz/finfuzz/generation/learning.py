"""Learning: the yield of each source, mutator, operation and word, and weights adjusted by it.

A trial yields something if the program has new features, or a crash with a new signature. What
yields more than the average of its sort is used more often, by the ratio of the two: never more
than CEILING times its stated weight, and never less than FLOOR times. A word without any yield so
far may be what the next defect needs. The yield of a source is by cost, since a program by life
cycle costs as much as several others; so the sources are arms of a bandit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

import msgspec

from finfuzz.generation.weights import Weights
from finfuzz.program.model import Program
from finfuzz.program.words import Choice

FLOOR, CEILING = 0.25, 4.0
#: Trials at the average yield that are assumed for each: a first success is no proof.
_PRIOR = 300.0
#: Trials after which a yield counts half. Early features are easy, and predict little about later
#: ones.
_HALF_LIFE = 100_000
#: A new signature counts as much as this many programs with new features.
_SIGNATURE = 5
#: Trials between two adjustments: yields change slowly, and an adjustment costs 0.1 ms.
_EVERY = 500

SORTS = ("source", "mutator", "step", "word")


class Change(NamedTuple):
    """A program's source, and the difference to its parent.

    ``mutators``: those that made it; ``steps``, ``words``: the operations and words gained.
    """

    source: str = ""
    mutators: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Tally(msgspec.Struct):
    """The yield of a source, a mutator, an operation or a word (``sort``, see SORTS).

    ``tried``: programs made with it; ``features`` and ``signatures``: programs of these with new
    features, and with a new signature; ``weight``: the present factor.
    """

    sort: str
    name: str
    tried: int = 0
    features: int = 0
    signatures: int = 0
    weight: float = 1.0

    def plus(self, other: Tally) -> Tally:
        """Add a later tally, and take its weight."""
        tried, features = self.tried + other.tried, self.features + other.features
        signatures = self.signatures + other.signatures
        return Tally(self.sort, self.name, tried, features, signatures, other.weight)


class _Recent:
    """Trials and their yield, old ones discounted."""

    def __init__(self, tried: float = 0.0, brought: float = 0.0) -> None:
        self.tried, self.brought = tried, brought


class Learner:
    """The adjustment of ``stated`` weights. ``before``: the tallies of the campaign so far."""

    def __init__(self, stated: Weights, before: Iterable[Tally] = ()) -> None:
        self._stated = stated
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._recent: dict[tuple[str, str], _Recent] = {}
        self._costs: defaultdict[str, float] = defaultdict(float)
        self._trials = 0
        for tally in before:
            # As if all earlier trials had happened within a half-life.
            share = min(1.0, _HALF_LIFE / max(tally.tried, 1))
            brought = tally.features + _SIGNATURE * tally.signatures
            self._recent[tally.sort, tally.name] = _Recent(tally.tried * share, brought * share)
        self.weights = self._adjust()

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """The tallies since this learner began."""
        return tuple(self._tallies.values())

    def count_trial(self, change: Change, cost: float = 1.0) -> None:
        """Count a program that was made so and run. ``cost``: in bare children."""
        for key in _keys(change):
            self._tally(key).tried += 1
            self._recent.setdefault(key, _Recent()).tried += 1
        if change.source:
            self._costs[change.source] += cost
        self._trials += 1
        if self._trials % _EVERY == 0:
            self.weights = self._adjust()
        if self._trials % _HALF_LIFE == 0:
            for recent in self._recent.values():
                recent.tried /= 2
                recent.brought /= 2

    def credit_features(self, change: Change) -> None:
        """Credit a program made so that has new features."""
        for key in _keys(change):
            self._tally(key).features += 1
            self._recent.setdefault(key, _Recent()).brought += 1

    def credit_signature(self, change: Change) -> None:
        """Credit a program made so that has a new signature."""
        for key in _keys(change):
            self._tally(key).signatures += 1
            self._recent.setdefault(key, _Recent()).brought += _SIGNATURE

    def _tally(self, key: tuple[str, str]) -> Tally:
        if key not in self._tallies:
            self._tallies[key] = Tally(*key)
        return self._tallies[key]

    def _adjust(self) -> Weights:
        factors = {sort: self._find_factors(sort) for sort in SORTS}
        for (sort, name), tally in self._tallies.items():
            tally.weight = round(factors[sort].get(name, 1.0), 3)
        return replace(
            self._stated,
            sources=_scale(self._stated.sources, factors["source"]),
            mutators=_scale(self._stated.mutators, factors["mutator"]),
            operations=_scale(self._stated.operations, factors["step"]),
            words=_scale(self._stated.words, factors["word"]),
        )

    def _find_factors(self, sort: str) -> dict[str, float]:
        found = {name: recent for (kind, name), recent in self._recent.items() if kind == sort}
        if sort == "source" and not self._costs:
            return {}  # what a trial costs is not known yet
        spent = {name: recent.tried * self._find_cost(sort, name) for name, recent in found.items()}
        brought = sum(recent.brought for recent in found.values())
        if not brought or not any(spent.values()):
            return {}
        mean = brought / sum(spent.values())
        return {
            name: min(
                CEILING,
                max(FLOOR, (one.brought / mean + _PRIOR) / (spent[name] + _PRIOR)),
            )
            for name, one in found.items()
        }

    def _find_cost(self, sort: str, name: str) -> float:
        """Return what a trial costs on average: of a source, the cost of its programs so far.

        Of one that this learner has not tried, that of all programs.
        """
        if sort != "source":
            return 1.0
        names = [name] if name in self._costs else list(self._costs)
        tried = sum(self._tallies[sort, one].tried for one in names)
        return sum(self._costs[one] for one in names) / tried


def list_gains(parent: Program, child: Program) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """List the operations and words that a program has more often than its parent."""
    steps = Counter(child.steps) - Counter(parent.steps)
    operations = {step.op for step in steps}
    words = {
        argument
        for step in steps
        for _, parameter, argument in step.typed()
        if isinstance(parameter, Choice)
    }
    return tuple(sorted(operations)), tuple(sorted(words))


def _keys(change: Change) -> set[tuple[str, str]]:
    parts = zip(SORTS, ((change.source,), *change[1:]), strict=True)
    return {(sort, name) for sort, names in parts for name in names if name}


def _scale(stated: Mapping[str, float], factors: Mapping[str, float]) -> dict[str, float]:
    return {**stated, **{name: stated.get(name, 1) * by for name, by in factors.items()}}
