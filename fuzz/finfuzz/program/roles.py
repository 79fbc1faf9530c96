"""Translate programs between targets, by the roles that kinds have.

A recipe's kind stands for a kind of the language: the one that the recipe names as its role, else
`container` if it has edges and `instance` if not. Other words follow their nodes. A translated
program has the same steps, so an interpreter, a root or a life stays where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from finfuzz.program.language import MAIN, Role
from finfuzz.program.legal import EDGES_FROM
from finfuzz.program.model import Program, Step
from finfuzz.program.vocabulary import OwnWords, Vocabulary
from finfuzz.program.words import ACTION, EDGE, FLAVOUR, HOOK, KIND, KINDS, ROOT, Choice, is_own

#: The kind of an extension that every target has: its module.
_MODULE = "extension"
_WITH_EDGES, _WITHOUT = "container", "instance"
#: The plainest hook that runs code when a node is gone, and one that any node has.
_WHEN_GONE, _AT_EXIT = "finalize", "atexit"
#: The action of a recipe calls into the extension, as this one does.
_CALL = "create"
#: Words that need code in the extension, and the nearest that need none.
_NEAREST: dict[Choice, dict[str, str]] = {
    ROOT: {
        "call-once": "leak",
        "static-object": "leak",
        "native-thread-local": "thread-local",
        "returning-thread": "daemon-thread",
    },
    FLAVOUR: {"framework": "isolated"},
}


def list_own_words(program: Program, choices: tuple[Choice, ...] = ()) -> frozenset[str]:
    """List the words of a recipe that a program has. ``choices``: only these; without, all."""
    return frozenset(
        text
        for step in program.steps
        for _, parameter, text in step.typed()
        if isinstance(parameter, Choice) and is_own(text)
        if not choices or parameter in choices
    )


def adapt(program: Program, own: OwnWords, offers: Vocabulary) -> Program:
    """Translate a program for a target with these words; unchanged where it was made for it.

    ``own``: the words of the recipe that the program was written with, as far as they are known.
    """
    words = list_own_words(program)
    if words and words <= {text for texts in offers.own.by_choice.values() for text in texts}:
        return program
    if words:
        program = to_language(program, own)
    return to_own(program, offers) if _is_of_package(offers) else program


def find_role(kind: str, own: OwnWords) -> str:
    """Find the kind of the language that a recipe's kind stands for."""
    has_edges = kind not in own.kinds or bool(own.kinds[kind].edges)
    return own.roles.get(kind) or (_WITH_EDGES if has_edges else _WITHOUT)


def to_language(program: Program, own: OwnWords) -> Program:
    """Replace a recipe's words by words of the language. The result has none of a recipe."""

    def find_kind(kind: str) -> str:
        return find_role(kind, own) if is_own(kind) else kind

    def find_word(choice: Choice, text: str, kind: str) -> str:
        if choice is EDGE and (is_own(kind) or is_own(text)):
            edges = EDGES_FROM.get(find_kind(kind), ())
            return _fit_edge(text, edges) or EDGES_FROM[_WITH_EDGES][0]
        return {HOOK: _WHEN_GONE, ACTION: _CALL}[choice] if is_own(text) else text

    return _translate(program, find_kind, find_word)


def to_own(program: Program, offers: Vocabulary) -> Program:
    """Replace words that need an extension of ours by words that the target has.

    A kind becomes the recipe's first kind of that role, or else its first with, or without, edges.
    Words with nothing like them on the target stay, and have no effect there.
    """
    own = offers.own

    def find_kind(kind: str) -> str:
        return kind if offers.has(KIND, kind) else _find_own_kind(kind, own)

    def find_word(choice: Choice, text: str, kind: str) -> str:
        if choice is EDGE and not offers.has(KIND, kind or _WITH_EDGES):
            return _fit_edge(text, offers.edges_from[find_kind(kind or _WITH_EDGES)]) or text
        if offers.has(choice, text):
            return text
        if choice is HOOK:
            return _WHEN_GONE if _is_weak(find_kind(kind), own) else _AT_EXIT
        if choice is ACTION:
            return next(iter(own.actions), text)
        return _NEAREST.get(choice, {}).get(text, text)

    return _translate(program, find_kind, find_word)


class _Kinds:
    """The kinds of a program's nodes, by interpreter and name, as its steps go by."""

    def __init__(self) -> None:
        self._current = MAIN
        self._found: dict[str, dict[str, str]] = {MAIN: {}}

    def find(self, step: Step) -> str:
        """Find the kind of the first node that a step names; empty where none is known."""
        name, *_ = (*step.names(Role.NODE), "")
        return self._found[self._current].get(name, "")

    def follow(self, step: Step) -> None:
        if step.op in ("node", "shape"):
            self._found[self._current][step.args[0]] = _get_kind(step)
        elif step.op == "start":
            self._found.setdefault(step.args[0], {})
        elif step.op == "enter" and step.args[0] in self._found:
            self._current = step.args[0]
        elif step.op == "stop" and step.args[0] in self._found and step.args[0] != MAIN:
            del self._found[step.args[0]]
            self._current = MAIN if self._current == step.args[0] else self._current
        elif step.op == "again":
            self._current, self._found = MAIN, {MAIN: {}}


def _get_kind(step: Step) -> str:
    return next(text for _, parameter, text in step.typed() if parameter is KIND)


def _translate(
    program: Program,
    find_kind: Callable[[str], str],
    find_word: Callable[[Choice, str, str], str],
) -> Program:
    """Translate each word. ``find_word`` gets its choice, the word, and the kind of its node."""
    kinds = _Kinds()
    steps = []
    for step in program.steps:
        kind = kinds.find(step)
        args = list(step.args)
        for index, parameter, text in step.typed():
            if parameter is KIND:
                args[index] = find_kind(text)
            elif isinstance(parameter, Choice):
                args[index] = find_word(parameter, text, kind)
        steps.append(replace(step, args=tuple(args)))
        kinds.follow(step)
    return Program(tuple(steps), program.below)


def _fit_edge(edge: str, edges: tuple[str, ...]) -> str:
    """Keep an edge that leaves the kind, or take its first one; empty where it has none."""
    return edge if edge in edges else next(iter(edges), "")


def _find_own_kind(kind: str, own: OwnWords) -> str:
    """Find the recipe's kind that is most like a kind of our extensions."""
    if same := [one for one in own.kinds if find_role(one, own) == kind]:
        return same[0]
    wants_edges = bool(EDGES_FROM[kind])
    like = [text for text, one in own.kinds.items() if bool(one.edges) == wants_edges]
    return next(iter((*like, *own.kinds)), _MODULE)


def _is_weak(kind: str, own: OwnWords) -> bool:
    known = own.kinds.get(kind) or KINDS.get(kind)
    return known is not None and known.weak


def _is_of_package(offers: Vocabulary) -> bool:
    """Whether a target has none of our extensions' kinds but its module."""
    return offers.kinds <= {_MODULE}
