"""The smallest set of programs that keeps every stable feature, weighed by time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import reduce
from operator import or_
from pathlib import Path

import msgspec

from finfuzz.corpus.cover import cover
from finfuzz.corpus.folder import CorpusFile
from finfuzz.corpus.measure import Measured
from finfuzz.support.errors import UserError
from finfuzz.support.files import folder_beside, require_possible

#: A child can't be told from one that takes this much less: without it, noise would choose.
_SECONDS = 0.001


class Distilled(msgspec.Struct, frozen=True, kw_only=True):
    """``kept`` of ``programs``, by path, with all ``features``. ``died``: programs that did, and so
    count for nothing. ``unstable``: counters that came and went in some program's runs. ``seconds``
    of a child each, added up, before and after."""

    kept: tuple[CorpusFile, ...]
    programs: int
    features: int
    unstable: int
    died: tuple[CorpusFile, ...]
    seconds_before: float
    seconds_after: float


def distilled(measured: Sequence[Measured]) -> Distilled:
    """Chooses. What came and went in a program's runs does not count for that program."""
    alive = {
        (len(one.entry.program), str(one.entry.path)): one
        for one in measured
        if not one.died and not one.problem
    }
    names = cover([(name, one.features, max(one.seconds, _SECONDS)) for name, one in alive.items()])
    kept = sorted((alive[name] for name in names), key=lambda one: one.entry.path)
    return Distilled(
        kept=tuple(one.entry for one in kept),
        programs=len(measured),
        features=reduce(or_, (one.features for one in alive.values()), 0).bit_count(),
        unstable=len(frozenset[int]().union(*(one.counters for one in alive.values()))),
        died=tuple(one.entry for one in measured if one.died),
        seconds_before=sum(one.seconds for one in measured),
        seconds_after=sum(one.seconds for one in kept),
    )


def write(entries: Sequence[tuple[str, str]], out: Path) -> None:
    """Makes the folder ``out`` with these files, all of them or none: (name, content) pairs.

    Raises UserError where something is in the way.
    """
    require_new(out)
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    with folder_beside(out) as beside:
        folder = beside / out.name
        folder.mkdir()
        for name, content in entries:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode())
        folder.replace(out)


def require_new(out: Path) -> None:
    """Raises UserError where ``out`` is there already and not empty, or can't be made: asked before
    minutes of work are spent."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is there already: give a new folder with -o")
    whole = out.resolve()
    if whole == Path.cwd():
        raise UserError(f"{out} is where you are: give another folder with -o")
    require_possible(whole, "programs")
    above = next(parent for parent in whole.parents if parent.exists())
    if not os.access(above, os.W_OK | os.X_OK):
        raise UserError(f"can't write programs to {out}: {above} is not writable")
