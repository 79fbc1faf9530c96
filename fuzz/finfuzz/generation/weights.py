"""Weights: how often each operation, word and mutator is used. All such numbers are here.

They are proportions, not tuned constants. An operation or word that costs more than a bare child is
rarer by that factor (``Word.cost``, and here for operations). Containers are common because a
framework has to keep them alive to the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from random import Random
from typing import TypeVar

from finfuzz.program.model import Program, Step
from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.program.words import ACTION, HOOK, ROOT, Choice
from finfuzz.support.cpythons import NEWEST, Version

T = TypeVar("T")


#: Where a worker's next program comes from: a new life cycle, a new graph step by step, a mutation
#: of one of the latest programs, a mutation of one that libFuzzer kept, the sweep.
LIFE_CYCLE, GRAPH, LATEST, COVERAGE, SWEEP = SOURCES = (
    "life cycle", "graph", "latest", "coverage", "sweep",
)  # fmt: skip


def _sources() -> dict[str, float]:
    # New programs more than all others: mutants alone find less (docs/truth.md).
    return {LIFE_CYCLE: 75, GRAPH: 15, LATEST: 15, COVERAGE: 10, SWEEP: 40}


def _operations() -> dict[str, float]:
    return {
        "node": 10,
        "shape": 2,
        "edge": 12,
        "root": 8,
        "hook": 6,
        "perform": 2,
        "check": 1,
        "drop": 2,
        "collect": 1.5,
        "import": 1,
        "fail-import": 0.2,
        "unimport": 0.2,
        "use": 0.2,
        "self-check": 0.4,
        "census": 0.1,  # it looks at each object there is
        "elsewhere": 0.8,
        "native": 0.4,
        "together": 0.4,
        "everywhere": 0.4,  # possible only while another interpreter exists
        "released": 0.1,  # the next step starts an interpreter
        "start": 1,  # a child with a subinterpreter costs as much as three without
        "enter": 2,  # possible only while another interpreter exists
        "stop": 1.5,
        "fork": 0.15,  # two children instead of one
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
    }


def _words() -> dict[str, float]:
    # Words not named weigh 1.
    return {
        "container": 16,
        "subclass": 6,
        "instance": 2,
        "list": 3,
        "dict": 2,
        "function": 2,
        "append": 2,
        "return": 6,
        # Hooks of few kinds, against hooks of any node.
        "traverse": 3,
        "clear": 3,
        "dealloc": 3,
        "del": 3,
        "capsule": 3,
        "cast": 2,
        # Ways that end the process before CPython can finalize.
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
    sources: Mapping[str, float] = field(default_factory=_sources)
    mutators: Mapping[str, float] = field(default_factory=_mutators)
    words: Mapping[str, float] = field(default_factory=_words)
    python: Version = NEWEST
    offers: Vocabulary = EVERYTHING
    #: Steps of a generated program: between these two, short programs more often.
    length: tuple[int, int] = (2, 16)
    #: Steps beyond which mutation lets no short program grow: twice the length of the longest
    #: minimal program of a known defect (tools/truth/).
    max_steps: int = 24
    #: Steps of a generated life cycle at most, and of its mutants: eight payloads in three of its
    #: places. One of 150 would be longer.
    longest: int = 64
    #: Interpreters and lives that a generated graph begins at most: three cost as much as nine
    #: programs without.
    max_starts: int = 3
    #: Interpreters and lives that a life cycle or a mutant begins at most. A defect that needs a
    #: new interpreter at the address of an old one shows in the fifth.
    most_starts: int = 6
    #: Chance that a mutation is followed by another one on top.
    again: float = 0.35
    #: A program that costs more bare children than this is mutated that much more rarely. Kept
    #: programs grow more expensive than new ones, and would take most of the time.
    affordable: float = 2.0
    #: Chance that a mutation leaves expensive steps out first. Mutants inherit steps that are
    #: rarely generated: otherwise every second program of a campaign had an exit function of
    #: `threading`, at the price of two other programs.
    cheapen: float = 0.5
    #: Modules that are imported already.
    imported: frozenset[str] = frozenset()
    _after: dict[str, Weights] = field(default_factory=dict, init=False, repr=False, compare=False)
    _accumulated: dict[Choice, tuple[tuple[str, ...], tuple[float, ...]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def bound(self, program: Program) -> int:
        """Return the most steps that a mutant of a program may have."""
        return self.max_steps if len(program) <= self.max_steps else self.longest

    def list_avoided(self) -> frozenset[str]:
        """List the operations that are not to be generated."""
        return frozenset(name for name, weight in self.operations.items() if not weight)

    def after(self, steps: Iterable[Step]) -> Weights:
        """Return the weights for what follows in the same interpreter.

        A module that a step needs is imported by then: other words that need it cost nothing.
        """
        found = self
        for module in dict.fromkeys(step.module for step in steps if step.module):
            found = found._after_import(module)
        return found

    def _after_import(self, module: str) -> Weights:
        if module in self.imported:
            return self
        if module not in self._after:
            free = {
                word.text: self.words.get(word.text, 1) * word.cost
                for choice in (ROOT, HOOK, ACTION)
                for word in choice.words
                if word.module == module
            }
            imported = self.imported | {module}
            self._after[module] = replace(self, words={**self.words, **free}, imported=imported)
        return self._after[module]

    def of_word(self, choice: Choice, text: str) -> float:
        """Return a word's weight within its choice: less the more the word costs."""
        return self.words.get(text, 1) / choice.word(text).cost

    def accumulate(self, choice: Choice) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """Return a choice's words, and the sum of the weights up to each (1 each if all are 0)."""
        if choice not in self._accumulated:
            texts = self.offers.list_texts(choice)
            weights = [self.of_word(choice, text) for text in texts]
            sums = accumulate(weights if any(weights) else [1.0] * len(texts))
            self._accumulated[choice] = texts, tuple(sums)
        return self._accumulated[choice]


DEFAULT = Weights()

#: The weight of a package's kinds together, as of the containers and subclasses of an extension of
#: ours, and of its actions together.
_OWN_KINDS, _OWN_ACTIONS = 24.0, 12.0


def weigh_for(offers: Vocabulary, python: Version, avoided: Iterable[str] = ()) -> Weights:
    """Return the weights for a target. ``avoided``: operations and words that are not generated."""
    none = dict.fromkeys(avoided, 0.0)
    own: dict[str, float] = {}
    if "container" not in offers.kinds:  # an extension of ours has the language's words as well
        kinds, actions = offers.own.kinds, offers.own.actions
        own |= {text: _OWN_KINDS / len(kinds) for text in kinds}
        own |= {text: _OWN_ACTIONS / len(actions) for text in actions}
    return Weights(
        operations=_operations() | none,
        words=_words() | own | none,
        python=python,
        offers=offers,
    )


def pick(rng: Random, items: Sequence[T], weights: Sequence[float]) -> T:
    """Pick one of ``items`` by weight, of all where none weighs anything; there must be one."""
    return rng.choices(items, weights if any(weights) else None)[0]
