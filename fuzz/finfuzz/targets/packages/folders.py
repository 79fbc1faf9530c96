"""Folders of the cache that are filled once and then only read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from filelock import FileLock

from finfuzz.support.files import folder_beside

T = TypeVar("T", bound=msgspec.Struct)


def fill_once(
    folder: Path,
    record: str,
    kind: type[T],
    fill: Callable[[Path], T],
    holds: Callable[[T], bool] = lambda _: True,
) -> T:
    """Return the record in ``folder``; unless it is there and ``holds``, have the folder filled.

    ``fill`` gets an empty folder beside, which takes the name when it is filled and the record is
    in it: a folder with a record is whole. Of many processes at once, one fills.
    """
    known = _read(folder / record, kind)
    if known is not None and holds(known):
        return known
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        known = _read(folder / record, kind)  # another process may have filled it meanwhile
        return known if known is not None and holds(known) else _fill(folder, record, fill)


def _fill(folder: Path, record: str, fill: Callable[[Path], T]) -> T:
    for leftover in folder.parent.glob(f".{folder.name}.*"):  # of a process that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    with folder_beside(folder) as scratch:
        made = scratch / "made"
        made.mkdir()
        known = fill(made)
        (made / record).write_bytes(msgspec.json.format(msgspec.json.encode(known), indent=2))
        shutil.rmtree(folder, ignore_errors=True)  # without a record, or with one of the past
        os.rename(made, folder)
    return known


def _read(record: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(record.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):  # a power cut can leave an empty file behind
        return None
