"""The smallest set of programs that keeps every feature, weighed by time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from pathlib import Path

import msgspec

from fuzz.corpus.cover import cover
from fuzz.corpus.folder import Entry
from fuzz.corpus.measure import Measured
from fuzz.errors import UserError
from fuzz.files import folder_beside

#: A child can't be told from one that takes this much less: without it, noise would choose.
_SECONDS = 0.001


class Distilled(msgspec.Struct, frozen=True, kw_only=True):
    """``kept`` of ``programs``, with all ``features``. ``died``: programs that did, and so count
    for nothing. ``unstable``: features that came and went. ``seconds`` of a child each, added up,
    before and after."""

    kept: tuple[Entry, ...]
    programs: int
    features: int
    unstable: int
    died: tuple[Entry, ...]
    seconds_before: float
    seconds_after: float


def distilled(measured: Sequence[Measured]) -> Distilled:
    """Chooses. A feature that came and went in any program's runs counts for none."""
    unstable = reduce(or_, (one.unstable for one in measured), 0)
    alive = {str(one.entry.path): one for one in measured if not one.died}
    names = cover(
        [
            (name, one.features & ~unstable, max(one.seconds, _SECONDS))
            for name, one in alive.items()
        ]
    )
    features = reduce(or_, (one.features for one in alive.values()), 0) & ~unstable
    return Distilled(
        kept=tuple(alive[name].entry for name in names),
        programs=len(measured),
        features=features.bit_count(),
        unstable=unstable.bit_count(),
        died=tuple(one.entry for one in measured if one.died),
        seconds_before=sum(one.seconds for one in measured),
        seconds_after=sum(alive[name].seconds for name in names),
    )


def write(entries: Sequence[tuple[str, str]], out: Path) -> None:
    """Makes the folder ``out`` with these files, all of them or none: (name, content) pairs.

    Raises UserError where something is in the way.
    """
    require_new(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with folder_beside(out) as beside:
        folder = beside / out.name
        for name, content in entries:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        folder.mkdir(exist_ok=True)
        folder.replace(out)


def require_new(out: Path) -> None:
    """Raises UserError where ``out`` is there already and not empty."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is there already: give a new folder with -o")
