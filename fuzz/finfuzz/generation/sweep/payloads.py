"""The payloads of the sweep: one object, and at most one thing done with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum

from finfuzz.program.model import Step
from finfuzz.program.vocabulary import Vocabulary
from finfuzz.program.words import ACTION, KIND, ROOT

Payload = tuple[Step, ...]


class Payloads(Enum):
    """A set of payloads; the text is how the summary names it."""

    NONE = "no object"
    KIND = "every kind"
    ROOT = "every kind × every root"
    HOOK = "every kind × every hook × every action"
    PERFORM = "every kind × every action"
    ITSELF = "every kind × every edge to itself"


def list_payloads(which: Payloads, offers: Vocabulary) -> Iterator[Payload]:
    """Yield the payloads of a set with the words of a target, in the order of its words."""
    if which is Payloads.NONE:
        yield ()
        return
    for kind in offers.list_texts(KIND):
        for further in _FURTHER[which](kind, offers):
            yield (Step("node", ("a", kind)), *further)


def _alone(_: str, __: Vocabulary) -> Iterator[Payload]:
    yield ()


def _roots(_: str, offers: Vocabulary) -> Iterator[Payload]:
    for root in offers.list_texts(ROOT):
        yield (Step("root", ("a", root)),)


def _hooks(kind: str, offers: Vocabulary) -> Iterator[Payload]:
    for hook in offers.hooks_of[kind]:
        for action in offers.list_texts(ACTION):
            yield (Step("hook", ("a", hook, action)),)


def _actions(_: str, offers: Vocabulary) -> Iterator[Payload]:
    for action in offers.list_texts(ACTION):
        yield (Step("perform", ("a", action)),)


def _edges(kind: str, offers: Vocabulary) -> Iterator[Payload]:
    for edge in offers.edges_from[kind]:
        yield (Step("edge", ("a", "a", edge)),)


_FURTHER: dict[Payloads, Callable[[str, Vocabulary], Iterator[Payload]]] = {
    Payloads.KIND: _alone,
    Payloads.ROOT: _roots,
    Payloads.HOOK: _hooks,
    Payloads.PERFORM: _actions,
    Payloads.ITSELF: _edges,
}
