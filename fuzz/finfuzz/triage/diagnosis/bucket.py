"""The key that deaths of one defect share: causes before consequences."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from finfuzz.triage.diagnosis import telling
from finfuzz.triage.diagnosis.messages import Message
from finfuzz.triage.diagnosis.symbols import Frame

#: Where the framework's internals are what is wrong. Who asks for them first, and what comes of
#: it, is chance: how they were lost is all that the key says.
INTERNALS = frozenset({"internals-recreated", "internals-recreated-silently"})
DESTROYED = ("internals destroyed",)
LOST = ("internals lost",)

#: Where the framework's ways of asking for its internals are on every stack.
ASKING = INTERNALS | {"cast-error"}

#: Which signal comes is chance: SIGSEGV here, the C library's SIGABRT there.
_ANY_SIGNAL = INTERNALS | {"heap-corruption"}

#: These keys begin with what the message begins with: a function, a kind of misuse, a place.
_NAMED = frozenset(
    {
        *("fatal-python-error", "assertion-failed", "pymalloc-check"),
        *("address-sanitizer", "undefined-behaviour"),
    }
)


def bucket(signal: str, diagnostic: str, phase: str, frames: Sequence[str]) -> str:
    """12 hex digits. ``frames``: the telling ones, or what stands for them."""
    signal = "" if diagnostic in _ANY_SIGNAL else signal
    key = (telling.VERSION, signal, diagnostic, coarse(phase), tuple(frames))
    return hashlib.sha256(repr(key).encode()).hexdigest()[:12]


def coarse(phase: str) -> str:
    """Ending one interpreter or the last one, before or after its dict: routes to one defect."""
    progress = phase.partition("/")[0]
    return "ending" if progress in ("stopping", "finalizing") else progress


def route(cause: Message, stack: Sequence[Frame]) -> tuple[str, ...]:
    """The telling frames, behind what the message names, innermost first: at most KEPT."""
    names = telling.telling(stack, internals_gone=cause.diagnostic in ASKING)
    if cause.diagnostic in _NAMED:
        head = cause.detail.partition(": ")[0]
        names = [head, *names] if head not in names[:1] else names
    return tuple(names[: telling.KEPT])
