"""Write files and folders whole or not at all."""

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
    """Replace ``path`` in one step: readers see the old content or the new, even after a crash."""
    data = content.encode() if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(".part", _make_prefix(path), path.parent)
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
    """Make a temporary folder beside ``path``, to be filled and renamed; remove it afterwards."""
    with tempfile.TemporaryDirectory(".part", _make_prefix(path), path.parent) as folder:
        yield Path(folder)


def remove_leftovers(folder: Path, *, alone: bool = False) -> None:
    """Remove the partial files of killed processes below ``folder``.

    Other processes may add and remove folders meanwhile. ``alone``: none of them writes there now,
    so the id of a killed process may belong to another one by now.
    """
    for path in _walk(folder):
        match = _LEFTOVER.fullmatch(path.name)
        if match is None or (not alone and psutil.pid_exists(int(match[1]))):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _walk(folder: Path) -> Iterator[Path]:
    # Path.rglob raises FileNotFoundError when a folder vanishes before rglob enters it.
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent, name) for name in (*folders, *files))


def _make_prefix(path: Path) -> str:
    return f".{path.name}.{os.getpid()}-"


def require_possible(path: Path, purpose: str) -> None:
    """Raise UserError if ``path`` can't be a directory.

    A file stands there or above it, or files of JSON can't keep its name.
    """
    whole = path.absolute()
    require_utf8(whole, purpose)
    existing = next(parent for parent in (whole, *whole.parents) if os.path.exists(parent))
    if not existing.is_dir():
        problem = errno.EEXIST if existing == whole else errno.ENOTDIR
        raise _make_unwritable_error(path, purpose, os.strerror(problem))


def require_utf8(path: Path, purpose: str) -> None:
    """Raise UserError for a path that is not UTF-8: JSON, SQLite and pages could not keep it."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UserError(
            f"{path} can't be used for {purpose}: it is not UTF-8: give another folder"
        ) from None


def ensure_directory(path: Path, purpose: str) -> Path:
    """Create the directory if it is missing. Raise UserError if it is not writable."""
    require_possible(path, purpose)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise _make_unwritable_error(path, purpose, error.strerror) from error
    return path.resolve()


def _make_unwritable_error(path: Path, purpose: str, problem: str | None) -> UserError:
    return UserError(f"can't write {purpose} to {path}: {problem}: give another folder")


def expand_home(text: str) -> Path:
    """Return a path whose `~` or `~user` is that folder. Raises UserError without such a user."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UserError(f"{text}: there is no user {Path(text).parts[0][1:]} here") from None


def shorten_home(path: Path) -> str:
    """Write a path with `~` for the user's folder: it names no user and is found by another."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
