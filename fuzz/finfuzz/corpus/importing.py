"""Read programs out of any folder. A bad line is skipped with a warning; its file still counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from finfuzz.corpus.folder import find_files, read_content
from finfuzz.program.file import normalize_line_ends
from finfuzz.program.lenient import parse_leniently
from finfuzz.program.text import to_text
from finfuzz.support.errors import UserError


class Imported(msgspec.Struct):
    """The result of an import: ``files`` has the (name, text) of each program, once.

    ``same`` counts duplicates. ``warnings`` has a text for each line that was skipped or changed.
    ``refused`` has a text for each file without a step.
    """

    files: list[tuple[str, str]] = []
    same: int = 0
    warnings: list[str] = []
    refused: list[str] = []


def import_programs(folders: Sequence[Path]) -> Imported:
    """Read every file below the folders. Raise UserError if a path is no folder."""
    found, names, texts = Imported(), set[str](), set[str]()
    for path in [path for folder in folders for path in find_files(folder)]:
        try:
            text, problems = _read_text(path)
        except UserError as error:
            found.refused.append(str(error))
            continue
        program, more = parse_leniently(text)
        if not program.steps:
            found.refused.append(f"{path}: contains no step")
            continue
        found.warnings += [f"{path}: {problem}" for problem in (*problems, *more)]
        plain = to_text(program.without_comments())
        if plain in texts:
            found.same += 1
            continue
        texts.add(plain)
        name = _pick_name(path.stem, names)
        found.files.append((f"{name}.fin", to_text(program)))
    return found


def _read_text(path: Path) -> tuple[str, list[str]]:
    """Read a text, and list its bad bytes. Raise UserError if the file is no text at all."""
    data = read_content(path)
    if b"\0" in data:
        raise UserError(f"{path}: not a text file")
    try:
        return normalize_line_ends(data.decode()), []
    except UnicodeDecodeError as error:  # mostly a name in a comment, in another encoding
        line = data[: error.start].count(b"\n") + 1
        text = normalize_line_ends(data.decode(errors="replace"))
        return text, [f"line {line} is not UTF-8: unreadable bytes are replaced"]


def _pick_name(stem: str, names: set[str]) -> str:
    number, name = 1, stem
    while name in names:
        number += 1
        name = f"{stem}-{number}"
    names.add(name)
    return name
