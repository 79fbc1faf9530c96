"""The programs in a folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fuzz.errors import UserError
from fuzz.program.model import Program
from fuzz.program.text import ParseError, parse


class Entry(msgspec.Struct, frozen=True):
    """A file and the program in it."""

    path: Path
    text: str
    program: Program


def read_folder(folder: Path) -> tuple[list[Entry], list[str]]:
    """The programs anywhere below, by path, and a line for each file that is none.

    Raises UserError where there is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"no folder {folder}: give one with programs")
    found, problems = [], []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            text = path.read_text(encoding="utf-8")
            found.append(Entry(path, text, parse(text)))
        except (ParseError, UnicodeDecodeError) as error:
            problems.append(f"{path}: {error}")
        except OSError as error:
            problems.append(f"{path}: {error.strerror}")
    return found, problems
