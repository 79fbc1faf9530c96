"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from fuzz.errors import UserError


def write_whole(path: Path, content: str | bytes) -> None:
    """Replaces ``path`` in one step: a reader, or a crash, meets the old content or the new."""
    data = content.encode() if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
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


def writable_directory(path: Path, purpose: str) -> Path:
    """Makes the directory if need be. Raises UserError where nothing can be written in it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise UserError(
            f"can't write {purpose} to {path}: {error.strerror}: give another folder"
        ) from error
    return path.resolve()
