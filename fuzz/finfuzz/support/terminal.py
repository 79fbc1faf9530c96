"""The only way from finfuzz to a terminal: text of programs and processes can't command it.

A finding, a file's name or a crashed process may hold escape sequences, which would move the
cursor, set the window's title or answer for the user. Every character that a reader can't see is
spelled out, and square brackets in data are no markup of rich.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

#: Columns of a console that is no terminal: more than any table has. rich would take 80.
_UNWRAPPED = 1 << 20

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, but for tab and line feed
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # invisible or bidirectional
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def reveal(text: str) -> str:
    """Spell out control characters, bidirectional overrides and unpaired surrogates.

    The reader then sees every character of the text.
    """
    return _HIDDEN.sub(_spell, text.replace("\r\n", "\n"))


def reveal_line(text: str) -> str:
    """Reveal a text that is printed as one line: its line feeds are spelled out, too.

    Else data could add lines of its own: a total that is not ours, a command to GitHub's log.
    """
    return reveal(text).replace("\n", "\u240a")


def _spell(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"\u27e8U+{code:04X}\u27e9"


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print a text, its hidden characters spelled out. ``err``: on standard error."""
    click.echo(reveal(text), err=err, nl=nl)


def say_line(text: str, *, err: bool = False) -> None:
    """Print a text as one line, whatever is in it. ``err``: on standard error."""
    say(reveal_line(text), err=err)


class DataConsole(Console):
    """A console that prints data as it is: no markup, and nothing hidden.

    ``options``: of rich's console. A hidden character has no width for rich, so a table's cell may
    lose its last characters for those that are spelled out. In a file or a pipe nothing is wrapped:
    a tool reads it by lines, and a cell is on one.
    """

    def __init__(self, *, err: bool = False, **options: Any) -> None:
        super().__init__(stderr=err, highlight=False, markup=False, emoji=False, **options)
        if not self.is_terminal and "width" not in options:
            self.width = _UNWRAPPED

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Render as rich does; all that it prints comes by here, live displays too."""
        for segment in super().render(renderable, options):
            # rich's own commands to the terminal are control segments
            yield segment if segment.control else segment._replace(text=reveal(segment.text))
