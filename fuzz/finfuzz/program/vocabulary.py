"""The words that a target's extension offers.

Python's own nodes, operations, roots, hooks, actions, shapes, ways to exit and sorts of interpreter
belong to the language: every target has them. The words below need code in the extension, and a
target may lack any of them. A step with a lacking word has no effect (``scope.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

from finfuzz.program.legal import (
    CALLABLE,
    EDGES_FROM,
    EDGES_TO,
    HOOKS_OF,
    NOT_LEGAL,
    list_hooks,
    pair,
)
from finfuzz.program.model import Program
from finfuzz.program.words import (
    ACTION,
    EDGE,
    FLAVOUR,
    HOOK,
    KIND,
    KINDS,
    OF_EXTENSION,
    ROOT,
    Choice,
    Kind,
    is_own,
)

#: The words that need code in the extension: those whose function in ``child/words/`` takes it.
_OPERATIONS = frozenset({"self-check", "check", "fail-import"})
_EDGES = frozenset({"member", "keep-alive"})
_ROOTS = frozenset(
    {
        *("call-once", "static-object", "native-thread-local", "returning-thread"),
        *("native-thread", "returning-native-thread", "waiting-native-thread"),
        *("interpreter-pool", "interpreter-thread"),
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
        *("convert-releasing", "override", "gil", "native-thread", "repr"),
    }
)
_INTERPRETERS = frozenset({"framework"})
#: The sort of each choice's words in a vocabulary.
_SORTS = {
    "operation": "operations",
    KIND.name: "kinds",
    EDGE.name: "edges",
    ROOT.name: "roots",
    HOOK.name: "hooks",
    ACTION.name: "actions",
    FLAVOUR.name: "interpreters",
}


@dataclass(frozen=True)
class OwnWords:
    """The words of a target's recipe, each with its colon. ``kinds``: with their edges, by text.

    ``roles``: kinds of the language that they stand for on other targets, where the recipe says.
    ``meant``: the actions that are meant for a kind; each takes any.
    """

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    meant: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def by_choice(self) -> Mapping[Choice, tuple[str, ...]]:
        """All texts, by their choice."""
        kinds = self.kinds.values()
        edges = dict.fromkeys(edge for kind in kinds for edge in kind.edges if is_own(edge))
        hooks = dict.fromkeys(hook for kind in kinds for hook in kind.hooks if is_own(hook))
        return {
            KIND: tuple(self.kinds),
            EDGE: tuple(edges),
            HOOK: tuple(hooks),
            ACTION: self.actions,
        }


@dataclass(frozen=True)
class Vocabulary:
    """The words that one target's extension offers, by sort; each sort is all of it by default.

    ``own``: the words of its recipe, beside the language's. ``reasons``: why it lacks words, by
    sort and word; ``because``: why it lacks all others.
    """

    operations: frozenset[str] = _OPERATIONS
    kinds: frozenset[str] = OF_EXTENSION
    edges: frozenset[str] = _EDGES
    roots: frozenset[str] = _ROOTS
    hooks: frozenset[str] = _HOOKS
    actions: frozenset[str] = _ACTIONS
    interpreters: frozenset[str] = _INTERPRETERS
    own: OwnWords = field(default_factory=OwnWords, compare=False)
    reasons: Mapping[str, Mapping[str, str]] = field(default_factory=dict, compare=False)
    because: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for sort in _list_sorts():
            if unknown := getattr(self, sort) - getattr(Vocabulary, sort):
                raise ValueError(f"no {sort} of an extension: {', '.join(sorted(unknown))}")

    def without(self, **words: Iterable[str]) -> Vocabulary:
        """Return a vocabulary without these words, given by sort: ``without(kinds=["smart"])``.

        A mapping has the reasons: ``without(kinds={"smart": "it has no holders"})``.
        """
        sorts: dict[str, frozenset[str]] = {}
        given = {sort: texts for sort, texts in words.items() if isinstance(texts, Mapping)}
        reasons = {
            sort: {**self.reasons.get(sort, {}), **given.get(sort, {})}
            for sort in (*self.reasons, *given)
        }
        for sort, texts in words.items():
            if lacking := frozenset(texts) - getattr(self, sort):
                raise ValueError(f"no {sort} of this vocabulary: {', '.join(sorted(lacking))}")
            sorts[sort] = getattr(self, sort) - frozenset(texts)
        return replace(self, reasons=reasons, **sorts)  # type: ignore[arg-type]  # by sort

    @cached_property
    def lacking(self) -> Mapping[Choice, frozenset[str]]:
        """Words of the language that the target lacks, by their choice."""
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

    def list_texts(self, choice: Choice) -> tuple[str, ...]:
        """List the words of a choice, the language's and the recipe's."""
        return (*choice.texts, *self.own.by_choice.get(choice, ()))

    @cached_property
    def edges_from(self) -> Mapping[str, tuple[str, ...]]:
        """The edges that can leave each kind on this target."""
        return {
            kind: tuple(edge for edge in edges if self.has(EDGE, edge))
            for kind, edges in (*EDGES_FROM.items(), *self._own_edges())
        }

    def _own_edges(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        return ((kind.text, kind.edges) for kind in self.own.kinds.values())

    @cached_property
    def hooks_of(self) -> Mapping[str, tuple[str, ...]]:
        """The hooks that each kind takes, lacking ones among them."""
        return {**HOOKS_OF, **{text: list_hooks(kind) for text, kind in self.own.kinds.items()}}

    @cached_property
    def hooks_with_actions(self) -> tuple[tuple[str, str], ...]:
        """The hooks that kinds of the target take, each with each action that is legal for it."""
        taken = {hook for kind, hooks in self.hooks_of.items() for hook in hooks
                 if self.has(KIND, kind) and self.has(HOOK, hook)}  # fmt: skip
        return tuple(
            (hook, action)
            for hook in self.list_texts(HOOK)
            for action in self.list_texts(ACTION)
            if hook in taken and self.has(ACTION, action) and pair(hook, action) not in NOT_LEGAL
        )

    def takes(self, edge: str, kind: str) -> bool:
        """Whether such an edge can lead to that kind."""
        if not is_own(kind):
            return kind in EDGES_TO.get(edge, KINDS)
        properties = self.own.kinds[kind]
        return {"base": False, "key": properties.hashable, "weak": properties.weak}.get(edge, True)

    def calls(self, kind: str) -> bool:
        """Whether the action `call` can call that kind: a framework's own by its role."""
        return (self.own.roles.get(kind, "") if is_own(kind) else kind) in CALLABLE

    def has(self, choice: Choice, text: str) -> bool:
        """Whether a target with this vocabulary has the word."""
        if is_own(text):
            return text in self.own.by_choice.get(choice, ())
        return text not in self.lacking.get(choice, ())

    def explain_lack(self, name: str, text: str) -> str:
        """Explain that the target lacks a word. ``name``: of its choice, or `operation`."""
        if is_own(text):
            return f"the target's recipe has no {name} `{text}`"
        why = self.reasons.get(_SORTS.get(name, ""), {}).get(text, self.because)
        return f"the target has no {name} `{text}`" + (f": {why}" if why else "")

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


def _list_sorts() -> tuple[str, ...]:
    return tuple(each.name for each in fields(Vocabulary) if each.compare)


#: All words that an extension can offer.
EVERYTHING = Vocabulary()
#: No word that needs code in the extension: what any module at all has.
NOTHING = Vocabulary(
    **dict.fromkeys(_list_sorts(), frozenset()),  # type: ignore[arg-type]
    because="finfuzz compiles nothing into a package",
)


def assume_words(program: Program) -> Vocabulary:
    """Make the vocabulary of a target that has all words of a program, its recipe's as well."""
    own: dict[Choice, dict[str, None]] = {choice: {} for choice in (KIND, EDGE, HOOK, ACTION)}
    for step in program.steps:
        for _, parameter, text in step.typed():
            if isinstance(parameter, Choice) and is_own(text):
                own[parameter][text] = None
    if not any(own.values()):
        return EVERYTHING
    edges, hooks = (*own[EDGE], "attribute"), tuple(own[HOOK])
    kinds = {text: Kind(text, "", edges=edges, hooks=hooks) for text in own[KIND]}
    roles = dict.fromkeys(kinds, "bound-function")  # so that each can be called
    return replace(EVERYTHING, own=OwnWords(kinds, tuple(own[ACTION]), roles))
