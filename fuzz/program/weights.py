"""How often what is generated and mutated: every number of that sort is here.

They are proportions, not tuned constants. Interpreters are rare because one costs as much as
two whole children without (4 to 5 ms against 2.5, DESIGN.md); containers are common because they
are what the framework has to keep alive to the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

T = TypeVar("T")


def _operations() -> dict[str, float]:
    return {
        "node": 10,
        "edge": 12,
        "root": 8,
        "hook": 5,
        "check": 2,
        "drop": 2,
        "collect": 2,
        "import": 1,
        "start": 0.7,
        "enter": 2,  # offered only while there is another interpreter to go to
        "stop": 1.5,
        "exit": 0.7,
    }


def _mutators() -> dict[str, float]:
    return {
        "insert": 5,
        "delete": 4,
        "move": 2,
        "duplicate": 1,
        "rewire": 3,
        "change_word": 5,
        "change_interpreter": 1,
        "splice": 2,
        "regenerate": 3,
    }


def _words() -> dict[str, float]:
    # Not named: 1. Printing an exception imports `traceback` and reads sources: 20 to 160 ms.
    return {"container": 4, "subclass": 2, "append": 2, "return": 3, "exception": 0.2}


@dataclass(frozen=True, slots=True)
class Weights:
    """Relative weights; what is absent weighs 1."""

    operations: Mapping[str, float] = field(default_factory=_operations)
    mutators: Mapping[str, float] = field(default_factory=_mutators)
    words: Mapping[str, float] = field(default_factory=_words)
    #: Steps of a generated program: between these two, short ones more often.
    length: tuple[int, int] = (2, 16)
    #: A program does not grow beyond this by mutation.
    max_steps: int = 48
    #: Nor does it start more interpreters than this: three cost as much as five programs without.
    max_starts: int = 3
    #: Chance that a mutation is followed by another one on top.
    again: float = 0.35


DEFAULT = Weights()


def pick(rng: Random, items: list[T], weights: list[float]) -> T:
    """One of ``items`` by weight. ``items`` must not be empty."""
    return rng.choices(items, weights)[0]
