"""Choose the programs that keep every stable feature in the least time, and write them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import reduce
from operator import or_
from pathlib import Path

import msgspec

from finfuzz.corpus.cover import cover
from finfuzz.corpus.folder import CorpusFile
from finfuzz.corpus.measure import Measurement
from finfuzz.support.errors import UserError
from finfuzz.support.files import folder_beside, require_possible

#: Children closer together than this can't be told apart: below it, noise would choose.
_SECONDS = 0.001


class Distilled(msgspec.Struct, frozen=True, kw_only=True):
    """The result of distilling: the programs kept, by path, which have all ``features``.

    ``died`` are the programs that crashed; their features do not count. ``unstable`` counts the
    counters that came and went between runs of a program. The ``seconds`` sum one child each.
    """

    kept: tuple[CorpusFile, ...]
    programs: int
    features: int
    unstable: int
    died: tuple[CorpusFile, ...]
    seconds_before: float
    seconds_after: float


def choose_programs(measured: Sequence[Measurement]) -> Distilled:
    """Choose the programs to keep. A program's unstable features do not count for that program."""
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


def write_folder(entries: Sequence[tuple[str, str]], out: Path) -> None:
    """Make the folder ``out`` from (name, content) pairs: all of the files or none.

    Raise UserError if something is in the way.
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
    """Raise UserError if ``out`` exists and is not empty, or can't be made.

    Called first, before minutes of work are spent.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} already exists: give a new folder with -o")
    whole = out.resolve()
    if whole == Path.cwd():
        raise UserError(f"{out} is the current folder: give another folder with -o")
    require_possible(whole, "programs")
    above = next(parent for parent in whole.parents if parent.exists())
    if not os.access(above, os.W_OK | os.X_OK):
        raise UserError(f"can't write programs to {out}: {above} is not writable")
