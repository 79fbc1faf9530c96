"""Names of a recipe's kinds and edges: small letters, digits and hyphens, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from finfuzz.discovery.answer import Held, Kind

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
#: A recipe's names have at most 39 characters; two are left for a number.
_LONGEST = 36
#: The edge that every kind has whose `make` uses `cell`.
_TAKEN = "cell"


def hyphenate(name: str) -> str:
    """Write `DataFrame`, `data_frame` or `HTMLFrame2` as `data-frame` and `html-frame-2`."""
    words = [word.lower() for word in _WORD.findall(name)]
    text = "-".join(words)[:_LONGEST].rstrip("-")
    return text if text[:1].isalpha() else f"n-{text}".rstrip("-")


def make_kind_names(kinds: Sequence[Kind]) -> list[str]:
    """Name each kind for its type; where two types have one name, with their module's last part."""
    short = [hyphenate(kind.name) for kind in kinds]
    whole = [
        hyphenate(f"{kind.type.split('.')[-2]}_{kind.name}") if "." in kind.type else name
        for kind, name in zip(kinds, short, strict=True)
    ]
    names = [
        long if short.count(name) > 1 else name for name, long in zip(short, whole, strict=True)
    ]
    return make_unique(names)


def make_edge_name(edge: Held) -> str:
    """Name an edge for its member: `setContext` is `context`."""
    name = hyphenate(edge.name)
    name = name.removeprefix("set-") or name
    return f"{name}-edge" if name == _TAKEN else name


def make_unique(names: Iterable[str]) -> list[str]:
    """Number the second and later of equal names: `item`, `item-2`."""
    taken: set[str] = set()
    found = []
    for name in names:
        number, free = 1, name
        while free in taken:
            number += 1
            free = f"{name}-{number}"
        taken.add(free)
        found.append(free)
    return found
