"""Programs out of any folder: steps that are none are left out with a warning, never the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from finfuzz.corpus.folder import content, files_below, with_plain_line_ends
from finfuzz.program.lenient import parse_leniently
from finfuzz.program.text import to_text
from finfuzz.support.errors import UserError


class Imported(msgspec.Struct):
    """``files``: (name, text) of each program, once; ``same``: how many were there twice;
    ``warnings``: what was left out or taken for something else, a line each; ``refused``: files in
    which there is no step."""

    files: list[tuple[str, str]] = []
    same: int = 0
    warnings: list[str] = []
    refused: list[str] = []


def imported(folders: Sequence[Path]) -> Imported:
    """Reads every file below the folders. Raises UserError where one is no folder."""
    found, names, texts = Imported(), set[str](), set[str]()
    for path in [path for folder in folders for path in files_below(folder)]:
        try:
            text, problems = _text_of(path)
        except UserError as error:
            found.refused.append(str(error))
            continue
        program, more = parse_leniently(text)
        if not program.steps:
            found.refused.append(f"{path}: no step in it")
            continue
        found.warnings += [f"{path}: {problem}" for problem in (*problems, *more)]
        plain = to_text(program.without_comments())
        if plain in texts:
            found.same += 1
            continue
        texts.add(plain)
        name = _unique(path.stem, names)
        found.files.append((f"{name}.fin", to_text(program)))
    return found


def _text_of(path: Path) -> tuple[str, list[str]]:
    """And what had to be replaced in it. Raises UserError for what is no text at all."""
    data = content(path)
    if b"\0" in data:
        raise UserError(f"{path}: no text")
    try:
        return with_plain_line_ends(data.decode()), []
    except UnicodeDecodeError as error:  # mostly a name in a comment, in another encoding
        line = data[: error.start].count(b"\n") + 1
        text = with_plain_line_ends(data.decode(errors="replace"))
        return text, [f"line {line} is not UTF-8: what can't be read is replaced"]


def _unique(stem: str, names: set[str]) -> str:
    number, name = 1, stem
    while name in names:
        number += 1
        name = f"{stem}-{number}"
    names.add(name)
    return name
