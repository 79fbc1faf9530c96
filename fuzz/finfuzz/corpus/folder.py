"""The programs in a folder."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from finfuzz.program.model import Program
from finfuzz.program.text import ParseError, parse
from finfuzz.support.errors import UserError

#: What can be run is 64 KiB without comments.
_LARGEST_FILE = 1 << 20
_LINE_END = re.compile("\r\n?")


class CorpusFile(msgspec.Struct, frozen=True):
    """A file and the program in it. ``text``: all of the file, with its own line ends."""

    path: Path
    text: str
    program: Program


def read_folder(folder: Path) -> tuple[list[CorpusFile], list[str]]:
    """The programs anywhere below, by path, and a line for each file that is none.

    Raises UserError where there is no such folder.
    """
    found, problems = [], []
    for path in files_below(folder):
        try:
            text = content(path).decode()
            found.append(CorpusFile(path, text, parse(with_plain_line_ends(text))))
        except UnicodeDecodeError as error:
            problems.append(f"{path}: byte {error.start} is not UTF-8")
        except ParseError as error:
            problems.append(f"{path}: {error}")
        except UserError as error:
            problems.append(str(error))
    return found, problems


def files_below(folder: Path) -> list[Path]:
    """By path, without those that are hidden or in hidden folders: `.git`, half-written files.

    Raises UserError where there is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"no folder {folder}: give one with programs")
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def content(path: Path) -> bytes:
    """Raises UserError for what can't be read or is longer than any program."""
    try:
        size = path.stat().st_size
        if size > _LARGEST_FILE:
            raise UserError(f"{path}: {size} bytes: no program is longer than {_LARGEST_FILE}")
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error


def with_plain_line_ends(text: str) -> str:
    """As Python reads a text file, which is how `finfuzz exec` reads a program."""
    return _LINE_END.sub("\n", text)
