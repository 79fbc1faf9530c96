"""Which mutators, operations and words bring something, and weights that follow from it.

Each is tried so many times, and now and then the program is one that brings features, or a death
that looks new. What brings more than the average of its sort is taken more often, by the ratio of
the two; never more than CEILING times as often as it was stated, and never less than FLOOR of it:
what brought nothing so far may be what the next defect needs.
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
#: So many trials at the average rate are taken for granted: a first success is no proof.
_PRIOR = 300.0
#: Early features are easy, and mean little for what brings the later ones: what is older than so
#: many trials of its sort counts half, and so on.
_HALF_LIFE = 100_000
#: A death that looks new is worth as many programs with new features.
_SIGNATURE = 5
#: Trials between two adjustments: what has been learnt changes slowly, and weights cost 0.1 ms.
_EVERY = 500

SORTS = ("mutator", "step", "word")


class Change(NamedTuple):
    """What made a program of its parent: the mutators, and the operations and words gained."""

    mutators: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Tally(msgspec.Struct):
    """Of a mutator, an operation or a word (``sort``, see SORTS): programs that it made, those of
    them with new features, those that died in a way that looked new; ``weight``: the factor now."""

    sort: str
    name: str
    tried: int = 0
    features: int = 0
    signatures: int = 0
    weight: float = 1.0

    def plus(self, other: Tally) -> Tally:
        """Both together; the weight is the other's, which is the later."""
        tried, features = self.tried + other.tried, self.features + other.features
        signatures = self.signatures + other.signatures
        return Tally(self.sort, self.name, tried, features, signatures, other.weight)


class _Recent:
    """Trials and what they brought, the older the less."""

    def __init__(self, tried: float = 0.0, brought: float = 0.0) -> None:
        self.tried, self.brought = tried, brought


class Learner:
    """Adjusts ``stated`` weights. ``before``: what the campaign learnt earlier."""

    def __init__(self, stated: Weights, before: Iterable[Tally] = ()) -> None:
        self._stated = stated
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._recent: dict[tuple[str, str], _Recent] = {}
        self._trials = 0
        for tally in before:
            # As if all of it had happened within a half-life.
            share = min(1.0, _HALF_LIFE / max(tally.tried, 1))
            brought = tally.features + _SIGNATURE * tally.signatures
            self._recent[tally.sort, tally.name] = _Recent(tally.tried * share, brought * share)
        self.weights = self._adjusted()

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """What happened since this learner began."""
        return tuple(self._tallies.values())

    def tried(self, change: Change) -> None:
        """A program was made so and run."""
        for key in _keys(change):
            self._tally(key).tried += 1
            self._recent.setdefault(key, _Recent()).tried += 1
        self._trials += 1
        if self._trials % _EVERY == 0:
            self.weights = self._adjusted()
        if self._trials % _HALF_LIFE == 0:
            for recent in self._recent.values():
                recent.tried /= 2
                recent.brought /= 2

    def brought_features(self, change: Change) -> None:
        """A program made so has features that none had before."""
        for key in _keys(change):
            self._tally(key).features += 1
            self._recent.setdefault(key, _Recent()).brought += 1

    def found_signature(self, change: Change) -> None:
        """A program made so went wrong in a way that looks new."""
        for key in _keys(change):
            self._tally(key).signatures += 1
            self._recent.setdefault(key, _Recent()).brought += _SIGNATURE

    def _tally(self, key: tuple[str, str]) -> Tally:
        if key not in self._tallies:
            self._tallies[key] = Tally(*key)
        return self._tallies[key]

    def _adjusted(self) -> Weights:
        factors = {sort: self._factors(sort) for sort in SORTS}
        for (sort, name), tally in self._tallies.items():
            tally.weight = round(factors[sort].get(name, 1.0), 3)
        return replace(
            self._stated,
            mutators=_scaled(self._stated.mutators, factors["mutator"]),
            operations=_scaled(self._stated.operations, factors["step"]),
            words=_scaled(self._stated.words, factors["word"]),
        )

    def _factors(self, sort: str) -> dict[str, float]:
        those = {name: recent for (kind, name), recent in self._recent.items() if kind == sort}
        tried = sum(recent.tried for recent in those.values())
        brought = sum(recent.brought for recent in those.values())
        if not brought or not tried:
            return {}
        mean = brought / tried
        return {
            name: min(
                CEILING,
                max(FLOOR, (one.brought / mean + _PRIOR) / (one.tried + _PRIOR)),
            )
            for name, one in those.items()
        }


def gained(parent: Program, child: Program) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The operations and the words that a program has and its parent has not, or has fewer of."""
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


def _scaled(stated: Mapping[str, float], factors: Mapping[str, float]) -> dict[str, float]:
    return {**stated, **{name: stated.get(name, 1) * by for name, by in factors.items()}}
