"""Which of the finds go into a recipe: a person reads it, so the best, and few."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from finfuzz.discovery.answer import Discovery, Held, Kind
from finfuzz.discovery.names import make_edge_name, make_kind_names, make_unique

MOST_KINDS = 40
MOST_EDGES = 6
#: Kinds in Python that hold something, before kinds in C that don't.
_MOST_PYTHON = 16
#: The expression of the module itself, whose edges are functions that register what they get.
_MODULE = "t"
_LAYERS = ("c", "derived", "wrapper", "python")


@dataclass(frozen=True, slots=True)
class ChosenKind:
    """A kind of a recipe.

    ``holding``: the expression with `cell` that makes it, where there is one. ``edges``: by name.
    ``others``: further expressions that hold, and edges, left out.
    """

    name: str
    kind: Kind
    holding: Held | None
    edges: dict[str, Held]
    others: tuple[str, ...]

    @property
    def make(self) -> str:
        """The expression that makes an object."""
        return self.holding.text if self.holding else self.kind.make

    @property
    def role(self) -> str:
        """The language's kind that this one stands for."""
        if self.kind.make == _MODULE:
            return "extension"
        if self.holding and self.holding.called:
            return "callback"
        return "container" if self.holding or self.edges else "instance"


def choose_kinds(discovery: Discovery) -> tuple[list[ChosenKind], list[Kind]]:
    """Choose at most forty kinds, those that hold something first. Return them and the rest."""
    ranked = _rank(discovery.kinds)
    chosen, rest = ranked[:MOST_KINDS], ranked[MOST_KINDS:]
    names = make_kind_names(chosen)
    return [_choose_calls(name, kind) for name, kind in zip(names, chosen, strict=True)], rest


def _rank(kinds: Sequence[Kind]) -> list[Kind]:
    """Put what holds something first, C before Python, and objects before the module itself."""
    by_layer = sorted(kinds, key=lambda kind: (kind.make == _MODULE, _LAYERS.index(kind.layer)))
    holding = [kind for kind in by_layer if kind.holdings or kind.edges]
    python = [kind for kind in holding if kind.layer != "c"]
    first = [kind for kind in holding if kind.layer == "c"] + python[:_MOST_PYTHON]
    others = [kind for kind in by_layer if not (kind.holdings or kind.edges)]
    native = [kind for kind in others if kind.layer == "c"]
    return [
        *first,
        *native,
        *python[_MOST_PYTHON:],
        *(kind for kind in others if kind.layer != "c"),
    ]


def _choose_calls(name: str, kind: Kind) -> ChosenKind:
    # An edge takes every node; what takes functions only gets the cell when the object is made.
    made = [_write_make(kind, edge) for edge in kind.edges if not edge.any]
    holdings = sorted([*kind.holdings, *filter(None, made)], key=_rank_holding)
    edges = _mix([edge for edge in kind.edges if edge.any])
    unique = make_unique(make_edge_name(edge) for edge in edges)
    kept = dict(list(zip(unique, edges, strict=True))[:MOST_EDGES])
    # A list or dict with what is held in it adds nothing to the same call without.
    plain = [one.text for one in holdings[1:] if _is_plain(one.text)]
    others = (*plain, *(edge.text for edge in edges[MOST_EDGES:]))
    return ChosenKind(name, kind, holdings[0] if holdings else None, kept, others)


def _write_make(kind: Kind, edge: Held) -> Held | None:
    """Write an edge as an expression that makes an object with a cell; None for an assignment."""
    try:
        ast.parse(edge.text, mode="eval")
    except SyntaxError:
        return None
    call = re.sub(r"\btarget\b(?!=)", "cell", edge.text)
    return msgspec.structs.replace(edge, text=f"(lambda source: ({call}, source)[1])({kind.make})")


def _is_plain(text: str) -> bool:
    return not any(one in text for one in ("[cell]", "(cell,)", ": cell}", ", cell)]"))


def _rank_holding(held: Held) -> tuple[bool, bool, bool, bool]:
    """Prefer the object itself to one in a list, and then a callback: its call is one more risk."""
    indirect = held.text.startswith("(lambda")
    return not held.freed, indirect, not _is_plain(held.text), not held.called


def _mix(edges: Sequence[Held]) -> list[Held]:
    """Take turns between the four sorts, so that the first few edges differ."""
    groups = [
        [edge for edge in edges if (edge.freed, edge.seen) == sort]
        for sort in ((True, True), (True, False), (False, True), (False, False))
    ]
    longest = max(map(len, groups))
    return [group[index] for index in range(longest) for group in groups if index < len(group)]
