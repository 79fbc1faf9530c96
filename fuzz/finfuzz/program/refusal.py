"""The reason why a step has no effect, as a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Refusal(NamedTuple):
    """A reason; ``str`` writes the sentence.

    The rules are asked thousands of times a second, and hardly any answer is read: so ``text`` has
    a blank `{}` for each of ``words`` until somebody does.
    """

    text: str
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text.format(*self.words)


def name_one(kind: str) -> str:
    """Name an object of a kind: `an instance`, `a container`."""
    return f"an {kind}" if kind[:1] in tuple("aeio") else f"a {kind}"


def list_words(texts: Iterable[str]) -> str:
    """List words for the end of a sentence."""
    return ", ".join(texts) or "none"
