"""Read the programs in a folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from finfuzz.program.file import LARGEST, normalize_line_ends
from finfuzz.program.model import Program
from finfuzz.program.text import ParseError, parse
from finfuzz.support.errors import UserError
from finfuzz.support.reading import read_bounded


class CorpusFile(msgspec.Struct, frozen=True):
    """A file and its program. ``text`` is the whole file, with its own line ends."""

    path: Path
    text: str
    program: Program


def read_folder(folder: Path) -> tuple[list[CorpusFile], list[str]]:
    """Read all programs below a folder, by path. Return them, and a line for each other file.

    Raise UserError if there is no such folder.
    """
    found, problems = [], []
    for path in find_files(folder):
        try:
            text = read_content(path).decode()
            found.append(CorpusFile(path, text, parse(normalize_line_ends(text))))
        except UnicodeDecodeError as error:
            problems.append(f"{path}: byte {error.start} is not UTF-8")
        except ParseError as error:
            problems.append(f"{path}: {error}")
        except UserError as error:
            problems.append(str(error))
    return found, problems


def find_files(folder: Path) -> list[Path]:
    """List files below a folder, by path, without hidden ones: `.git`, half-written files.

    Raise UserError if there is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}: name a folder of programs")
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def read_content(path: Path) -> bytes:
    """Read a file. Raise UserError if it is unreadable or longer than any program."""
    return read_bounded(path, LARGEST, "the program")
