"""The words that a target's extension offers.

Python's own nodes, operations, roots, hooks, actions, shapes, ways to exit and sorts of interpreter
belong to the language: every target has them. The words below need code in the extension, and a
target may lack any of them. A step with a lacking word has no effect (``scope.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property

from finfuzz.program.legal import EDGES_FROM
from finfuzz.program.model import Program
from finfuzz.program.words import ACTION, EDGE, FLAVOUR, HOOK, KIND, OF_EXTENSION, ROOT, Choice

#: The words that need code in the extension: those whose function in ``child/words/`` takes it.
_OPERATIONS = frozenset({"self-check", "check"})
_EDGES = frozenset({"member", "keep-alive"})
_ROOTS = frozenset(
    {
        *("call-once", "static-object", "native-thread-local", "returning-thread"),
        "interpreter-pool",
    }
)
_HOOKS = frozenset(
    {
        *("traverse", "clear", "dealloc", "weakref", "finalize", "capsule", "module-free"),
        *("py-atexit", "static-destructor", "thread-local-destructor"),
    }
)
_ACTIONS = frozenset(
    {
        *("plain", "cast", "lookup", "create", "internals", "cast-back", "convert"),
        *("override", "gil", "native-thread"),
    }
)
_INTERPRETERS = frozenset({"framework"})


@dataclass(frozen=True)
class Vocabulary:
    """The words that one target's extension offers, by sort; each sort is all of it by default."""

    operations: frozenset[str] = _OPERATIONS
    kinds: frozenset[str] = OF_EXTENSION
    edges: frozenset[str] = _EDGES
    roots: frozenset[str] = _ROOTS
    hooks: frozenset[str] = _HOOKS
    actions: frozenset[str] = _ACTIONS
    interpreters: frozenset[str] = _INTERPRETERS

    def __post_init__(self) -> None:
        for field in fields(self):
            assert isinstance(field.default, frozenset)
            if unknown := getattr(self, field.name) - field.default:
                raise ValueError(f"no {field.name} of an extension: {', '.join(sorted(unknown))}")

    def without(self, **words: Iterable[str]) -> Vocabulary:
        """Return a vocabulary without these words, given by sort: ``without(kinds=["smart"])``."""
        sorts = {field.name: getattr(self, field.name) for field in fields(self)}
        for sort, texts in words.items():
            if lacking := frozenset(texts) - sorts[sort]:
                raise ValueError(f"no {sort} of this vocabulary: {', '.join(sorted(lacking))}")
            sorts[sort] -= frozenset(texts)
        return Vocabulary(**sorts)

    @cached_property
    def lacking(self) -> Mapping[Choice, frozenset[str]]:
        """Words that the target lacks, by their choice; choices without any are absent."""
        words = {
            KIND: OF_EXTENSION - self.kinds,
            EDGE: _EDGES - self.edges,
            ROOT: _ROOTS - self.roots,
            HOOK: _HOOKS - self.hooks,
            ACTION: _ACTIONS - self.actions,
            FLAVOUR: _INTERPRETERS - self.interpreters,
        }
        return {choice: texts for choice, texts in words.items() if texts}

    @cached_property
    def lacking_operations(self) -> frozenset[str]:
        """Operations that the target lacks."""
        return _OPERATIONS - self.operations

    @cached_property
    def edges_from(self) -> Mapping[str, tuple[str, ...]]:
        """The edges that can leave each kind on this target."""
        return {
            kind: tuple(edge for edge in edges if self.has(EDGE, edge))
            for kind, edges in EDGES_FROM.items()
        }

    def has(self, choice: Choice, text: str) -> bool:
        """Whether a target with this vocabulary has the word."""
        return text not in self.lacking.get(choice, ())

    def missing(self, program: Program) -> tuple[str, ...]:
        """Name the program's words that the target lacks: each once, in order, with its sort."""
        found = []
        for step in program.steps:
            if step.op in self.lacking_operations:
                found.append(f"operation {step.op}")
            for _, parameter, text in step.typed():
                if isinstance(parameter, Choice) and not self.has(parameter, text):
                    found.append(f"{parameter.name} {text}")
        return tuple(dict.fromkeys(found))


#: All words that an extension can offer.
EVERYTHING = Vocabulary()
