"""Write Markdown. No text of a process, no file's name can leave its cell, its quotes or fence."""

from __future__ import annotations

import re

from finfuzz.support.terminal import reveal, reveal_line

_TICKS = re.compile("`+")
#: Characters that are no markup, and the ways in which they make links, mentions, emojis, emphasis.
_PLAIN = re.compile(r"[A-Za-z0-9_ ,;:.()+%='/-]*")
_MEANS_MORE = re.compile(r":\S|www\.|\bGH-\d|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


class Markdown(str):
    """A text that is Markdown already. Every other text is data, whose markup means nothing."""

    __slots__ = ()


def make_row(*cells: str) -> str:
    """Make a row of a table. A cell that is no `Markdown` is quoted as ``quote_text`` does."""
    return "| " + " | ".join(_make_cell(cell) for cell in cells) + " |"


def quote_code(text: str) -> Markdown:
    """Quote a text as code, in a fence longer than any run of backquotes in it (CommonMark)."""
    text = reveal_line(text)
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return Markdown(f"{fence}{padding}{text}{padding}{fence}")


def quote_text(text: str) -> Markdown:
    """Write a text as it is if it can't be taken for markup, a link or a mention; else as code."""
    line = " ".join(reveal(text).split())
    plain = _PLAIN.fullmatch(line) and not _MEANS_MORE.search(line)
    return Markdown(line) if plain else quote_code(line)


def fence(text: str, language: str = "") -> str:
    """Put a text of several lines into a fence longer than any run of backquotes in it."""
    shown = reveal(text).rstrip("\n")
    ticks = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(shown)), default=0))
    return f"{ticks}{language}\n{shown}\n{ticks}"


def _make_cell(cell: str) -> str:
    written = cell if isinstance(cell, Markdown) else quote_text(cell)
    return written.replace("|", "\\|")
