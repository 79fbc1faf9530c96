"""Learning: the yield of each mutator, operation and word, and weights adjusted by the yield.

A trial yields something if the program has new features, or a crash with a new signature. A
mutator, operation or word that yields more than the average of its sort is used more often, by the
ratio of the two: never more than CEILING times its stated weight, and never less than FLOOR times.
A word without any yield so far may be what the next defect needs.
"""

from __future__ import annotations

from collections import Counter
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

SORTS = ("mutator", "step", "word")


class Change(NamedTuple):
    """The difference to a parent: the mutators, and the operations and words gained."""

    mutators: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Tally(msgspec.Struct):
    """The yield of a mutator, an operation or a word (``sort``, see SORTS).

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

    def count_trial(self, change: Change) -> None:
        """Count a program that was made so and run."""
        for key in _keys(change):
            self._tally(key).tried += 1
            self._recent.setdefault(key, _Recent()).tried += 1
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
            mutators=_scale(self._stated.mutators, factors["mutator"]),
            operations=_scale(self._stated.operations, factors["step"]),
            words=_scale(self._stated.words, factors["word"]),
        )

    def _find_factors(self, sort: str) -> dict[str, float]:
        found = {name: recent for (kind, name), recent in self._recent.items() if kind == sort}
        tried = sum(recent.tried for recent in found.values())
        brought = sum(recent.brought for recent in found.values())
        if not brought or not tried:
            return {}
        mean = brought / tried
        return {
            name: min(
                CEILING,
                max(FLOOR, (one.brought / mean + _PRIOR) / (one.tried + _PRIOR)),
            )
            for name, one in found.items()
        }


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
    parts = zip(SORTS, change, strict=True)
    return {(sort, name) for sort, names in parts for name in names}


def _scale(stated: Mapping[str, float], factors: Mapping[str, float]) -> dict[str, float]:
    return {**stated, **{name: stated.get(name, 1) * by for name, by in factors.items()}}
