"""Programs out of any folder: steps that are none are left out with a warning, never the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from fuzz.errors import UserError
from fuzz.program.lenient import parse_leniently
from fuzz.program.text import to_text

#: What can be run is 64 KiB without comments.
_LARGEST_FILE = 1 << 20


class Imported(msgspec.Struct):
    """``files``: (name, text) of each program, once; ``same``: how many were there twice;
    ``warnings``: what was left out, ``refused``: files in which there is no step."""

    files: list[tuple[str, str]] = []
    same: int = 0
    warnings: list[str] = []
    refused: list[str] = []


def imported(folders: Sequence[Path]) -> Imported:
    """Reads every file below the folders. Raises UserError where one is no folder."""
    found, names, texts = Imported(), set[str](), set[str]()
    for path in _files(folders):
        text = _text_of(path)
        program, problems = parse_leniently(text) if text is not None else (None, [])
        if program is None or not program.steps:
            found.refused.append(
                f"{path}: no step in it" if text is not None else f"{path}: no text"
            )
            continue
        found.warnings += [f"{path}: {problem}" for problem in problems]
        plain = to_text(program.without_comments())
        if plain in texts:
            found.same += 1
            continue
        texts.add(plain)
        name = _unique(path.stem or path.name, names)
        found.files.append((f"{name}.fin", to_text(program)))
    return found


def _files(folders: Sequence[Path]) -> list[Path]:
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"no folder {folder}: give one with programs")
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]


def _text_of(path: Path) -> str | None:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            return None
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return None if "\0" in text else text


def _unique(stem: str, names: set[str]) -> str:
    number, name = 1, stem
    while name in names:
        number += 1
        name = f"{stem}-{number}"
    names.add(name)
    return name
