"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from finfuzz.support.errors import UserError

_LEFTOVER = re.compile(r"\..*\.(\d+)-\w+\.part")


def write_whole(path: Path, content: str | bytes) -> None:
    """Replaces ``path`` in one step: a reader, or a crash, meets the old content or the new."""
    data = content.encode() if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(".part", _prefix(path), path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


@contextlib.contextmanager
def folder_beside(path: Path) -> Iterator[Path]:
    """A new folder where ``path`` is to be, for what is then renamed; gone afterwards."""
    with tempfile.TemporaryDirectory(".part", _prefix(path), path.parent) as folder:
        yield Path(folder)


def remove_leftovers(folder: Path) -> None:
    """Takes away what processes that were killed had half-written anywhere below; others may add
    and remove folders meanwhile."""
    for path in _paths_below(folder):
        match = _LEFTOVER.fullmatch(path.name)
        if match is None or psutil.pid_exists(int(match[1])):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _paths_below(folder: Path) -> Iterator[Path]:
    # Path.rglob raises FileNotFoundError where a folder goes before it is entered.
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent, name) for name in (*folders, *files))


def _prefix(path: Path) -> str:
    return f".{path.name}.{os.getpid()}-"


def require_possible(path: Path, purpose: str) -> None:
    """Raises UserError where a directory can't be, because something else is in its way."""
    whole = path.absolute()
    there = next(parent for parent in (whole, *whole.parents) if os.path.exists(parent))
    if not there.is_dir():
        problem = errno.EEXIST if there == whole else errno.ENOTDIR
        raise _not_writable(path, purpose, os.strerror(problem))


def writable_directory(path: Path, purpose: str) -> Path:
    """Makes the directory if need be. Raises UserError where nothing can be written in it."""
    require_possible(path, purpose)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise _not_writable(path, purpose, error.strerror) from error
    return path.resolve()


def _not_writable(path: Path, purpose: str, problem: str | None) -> UserError:
    return UserError(f"can't write {purpose} to {path}: {problem}: give another folder")
