"""Read programs from files."""

from __future__ import annotations

import re
from pathlib import Path

from finfuzz.program.model import Program
from finfuzz.program.text import ParseError, parse
from finfuzz.support.errors import UserError
from finfuzz.support.reading import read_bounded

#: A program that can be run has at most 64 KiB without comments; nobody writes 1 MiB of comments.
LARGEST = 1 << 20
_LINE_END = re.compile("\r\n?")


def read_program(path: Path) -> Program:
    """Read a program. Raise UserError if the file is unreadable or no program."""
    try:
        return parse(normalize_line_ends(read_bounded(path, LARGEST, "the program").decode()))
    except ParseError as error:
        raise UserError(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a program: byte {error.start} is not UTF-8") from error


def normalize_line_ends(text: str) -> str:
    """Replace line ends of Windows and of old Macs by line feeds, as Python's text files do."""
    return _LINE_END.sub("\n", text)
