"""Write Markdown tables. No text of a process, no file's name can leave its cell."""

from __future__ import annotations

import re

from finfuzz.support.terminal import reveal

_TICKS = re.compile("`+")


def make_row(*cells: str) -> str:
    """Make a row of a table."""
    return "| " + " | ".join(_escape(cell) for cell in cells) + " |"


def quote_code(text: str) -> str:
    """Quote a text as code, in a fence longer than any run of backquotes in it (CommonMark)."""
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def _escape(cell: str) -> str:
    return " ".join(reveal(cell).split()).replace("|", "\\|")
