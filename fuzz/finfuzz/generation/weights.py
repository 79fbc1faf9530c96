"""How often what is generated and mutated: every number of that sort is here.

They are proportions, not tuned constants. What costs more than a bare child is rarer by as much
(``Word.cost``, and here for operations); containers are common because they are what the framework
has to keep alive to the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.program.words import Choice
from finfuzz.support.cpythons import NEWEST

T = TypeVar("T")


def _operations() -> dict[str, float]:
    return {
        "node": 10,
        "shape": 2,
        "edge": 12,
        "root": 8,
        "hook": 6,
        "check": 1,
        "drop": 2,
        "collect": 1.5,
        "import": 1,
        "unimport": 0.2,
        "use": 0.2,
        "self-check": 0.4,
        "elsewhere": 0.8,
        "start": 1,  # a child with one costs as much as three without
        "enter": 2,  # offered only while there is another interpreter to go to
        "stop": 1.5,
        "fork": 0.15,  # two children for one
        "again": 0.3,  # a whole new life: as much as three children
        "exit": 0.5,
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
        "unroll": 0.5,
        "repeat": 0.5,
        "relive": 0.6,
        "settle": 0.8,
        "splice": 2,
        "regenerate": 25,  # as much as all others: neighbours alone find less (docs/truth.md)
    }


def _words() -> dict[str, float]:
    # Not named: 1.
    return {
        "container": 16,
        "subclass": 6,
        "instance": 2,
        "list": 3,
        "dict": 2,
        "function": 2,
        "append": 2,
        "return": 6,
        # Hooks that few kinds have, against those that any node has.
        "traverse": 3,
        "clear": 3,
        "dealloc": 3,
        "del": 3,
        "capsule": 3,
        "cast": 2,
        # What ends the process before CPython can.
        "os-exit": 0.3,
        "c-exit": 0.3,
        "thread-exit": 0.3,
    }


@dataclass(frozen=True, slots=True)
class Weights:
    """Relative weights; what is absent weighs 1.

    ``python`` and ``offers``: the CPython, and the words of the target, that programs are for.
    """

    operations: Mapping[str, float] = field(default_factory=_operations)
    mutators: Mapping[str, float] = field(default_factory=_mutators)
    words: Mapping[str, float] = field(default_factory=_words)
    python: tuple[int, int] = NEWEST
    offers: Vocabulary = EVERYTHING
    #: Steps of a generated program: between these two, short ones more often.
    length: tuple[int, int] = (2, 16)
    #: A program does not grow beyond this by mutation: twice what the longest of the known defects'
    #: smallest programs has (tools/truth/).
    max_steps: int = 24
    #: Nor does a generated program start more interpreters than this: three cost as much as nine
    #: programs without.
    max_starts: int = 3
    #: By mutation it may come to as many: what needs a new interpreter at the address of an old one
    #: shows in the fifth.
    most_starts: int = 6
    #: Chance that a mutation is followed by another one on top.
    again: float = 0.35
    #: A program that costs more bare children than this is mutated that much more rarely: what is
    #: kept grows dearer than what is new, and then most of the time goes to the dearest.
    affordable: float = 2.0
    #: Chance that a mutation leaves dear steps out first. Mutants inherit what is rarely generated:
    #: without it every second program of a campaign had an exit function of `threading`, at the
    #: price of two others.
    cheapen: float = 0.5

    def of_word(self, choice: Choice, text: str) -> float:
        """How often a word is taken among those of its choice: less often the more it costs."""
        return self.words.get(text, 1) / choice.word(text).cost


DEFAULT = Weights()


def pick(rng: Random, items: list[T], weights: list[float]) -> T:
    """One of ``items`` by weight. ``items`` must not be empty."""
    return rng.choices(items, weights)[0]
