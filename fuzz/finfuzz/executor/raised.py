"""Steps that raised: the driver writes a line on standard error for each."""

from __future__ import annotations

import re

import msgspec

_LINE = re.compile(
    r"^finfuzz: (?:step (\d+) )?`(.+?)` raised (\w+)( while importing)?: ?(.*)$", re.MULTILINE
)


class Raised(msgspec.Struct, frozen=True):
    """A step that raised an exception, which the driver caught.

    ``number``: of the step, from 1 (0 in outcomes of older versions). ``step``: its line, as the
    child got it. ``importing``: whether the import of the extension raised, which the step needed.
    ``type`` and ``text``: of the exception; a newline in the text is a backslash and an `n`.
    """

    number: int
    step: str
    importing: bool
    type: str
    text: str


def find_raised(stderr: str) -> tuple[Raised, ...]:
    """Find the steps that raised, in order. Standard error that was cut may lack some."""
    if "finfuzz: " not in stderr:
        return ()
    return tuple(
        Raised(int(number or 0), step, bool(importing), kind, text)
        for number, step, kind, importing, text in _LINE.findall(stderr)
    )
