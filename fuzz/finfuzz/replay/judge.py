"""What was seen beside what was expected."""

from __future__ import annotations

from typing import Literal

import msgspec

What = Literal["as expected", "fixed", "regressed", "changed", "flaky", "new here", "not runnable"]

#: What makes a replay fail.
WORSE: frozenset[What] = frozenset({"regressed", "changed"})


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One case on one build. ``expected`` is null where nothing was, ``seen`` empty where it
    survived; both as `SIGNAL/diagnostic`, sorted. ``why``: it could not run, or it is flaky.
    ``seconds`` of the first run."""

    case: str
    target: str
    python: str
    what: What
    expected: tuple[str, ...] | None = None
    seen: tuple[str, ...] = ()
    why: str = ""
    seconds: float = 0.0

    @property
    def told(self) -> str:
        """What was seen, in a word or two."""
        if self.what == "not runnable":
            return self.why
        return ", ".join(self.seen) or "survived"


def judged(expected: frozenset[str] | None, seen: frozenset[str]) -> What:
    """A survivor that was to die is fixed, one that dies and was not to is a regression."""
    if expected is None:
        return "new here"
    if seen == expected:
        return "as expected"
    if not seen:
        return "fixed"
    return "changed" if expected else "regressed"
