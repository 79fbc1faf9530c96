"""Steps that raised: the driver writes a line on standard error for each."""

from __future__ import annotations

import re

import msgspec

_LINE = re.compile(
    r"^finfuzz: (?:step (\d+) )?`(.+?)` raised (while importing )?(\w+): ?(.*)$", re.MULTILINE
)


#: A program that takes all memory, or that is interrupted, may be told so by any step.
_ANYWHERE = frozenset({"MemoryError", "KeyboardInterrupt", "RecursionError"})
#: What an action raises on purpose, and an import that says that it does not support more
#: interpreters or more lives.
_EXPECTED = re.compile(
    r"ValueError: a hook raises"
    r"|ImportError: .*(sub-?interpreters?|more than once|once per|[Ii]nterpreter change)"
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

    @property
    def described(self) -> str:
        """The exception as `TYPE: TEXT`."""
        return f"{self.type}: {self.text}"

    @property
    def expected(self) -> bool:
        """Whether the exception is no defect of any target."""
        return self.type in _ANYWHERE or _EXPECTED.match(self.described) is not None


def find_raised(stderr: str) -> tuple[Raised, ...]:
    """Find the steps that raised, in order. Standard error that was cut may lack some."""
    if "finfuzz: " not in stderr:
        return ()
    return tuple(
        Raised(int(number or 0), step, bool(importing), kind, text)
        for number, step, importing, kind, text in _LINE.findall(stderr)
    )
