"""Objects that many builds share: the runtime's, and those of a framework's own sources."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock

from finfuzz.targets.cache import find_cache
from finfuzz.targets.compiler import run_compiler


def compile_once(
    command: list[str], directory: Path, name: str, depends: Iterable[Path], facts: Iterable[str]
) -> None:
    """Have ``directory`` hold the object ``name`` of a command, which runs unless the cache has it.

    ``depends``: all files that the object depends on, ``facts``: all else but the command. Raise
    BuildError if the command fails.
    """
    folder = find_cache() / "objects"
    folder.mkdir(exist_ok=True)
    kept = folder / f"{_compute_key(command, depends, facts)}.o"
    with FileLock(f"{kept}.lock"):
        if not kept.exists() or not kept.stat().st_size:  # a power cut leaves empty files
            run_compiler(command, directory)
            beside = kept.with_suffix(".new")
            shutil.copy(directory / name, beside)
            os.replace(beside, kept)
            return
    shutil.copy(kept, directory / name)


def _compute_key(command: list[str], depends: Iterable[Path], facts: Iterable[str]) -> str:
    digest = hashlib.sha256("\0".join([*command, "", *facts]).encode())
    for file in sorted(depends):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:32]
