"""Compute the key that crashes of one defect share: causes before consequences."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from finfuzz.executor.judged import RULES
from finfuzz.triage.diagnosis import telling
from finfuzz.triage.diagnosis.messages import Message
from finfuzz.triage.diagnosis.sanitizer import SANITIZERS
from finfuzz.triage.diagnosis.symbols import Frame
from finfuzz.triage.diagnosis.way_out import find_way_out

#: Diagnostics of lost internals. Which code asks for them first, and what follows, is chance: the
#: key holds only how they were lost.
INTERNALS = frozenset({"internals-recreated", "internals-recreated-silently"})
DESTROYED = ("internals destroyed",)
LOST = ("internals lost",)

#: The diagnostic of a framework that used the internals of another interpreter: what comes of that,
#: and when, is chance.
FOREIGN = "foreign-internals"
OF_ANOTHER = ("internals of another interpreter",)

#: Diagnostics with the framework's access to its internals on every stack.
ASKING = INTERNALS | {"cast-error"}

#: The diagnostic of a recursion: where in its circle the stack ends is chance.
OVERFLOW = "stack-overflow"

#: The diagnostic of an exception that nobody catches: how much of its way is unwound is chance.
UNCAUGHT = "uncaught-cxx-exception"

#: Diagnostics of calls that broke a rule of the C API.
JUDGED = frozenset(RULES[1:])

#: Diagnostics that an outcome alone does not show: a comparison with the control does.
COMPARED = frozenset({"raises", "left-alive", "hook-not-run"})

#: Diagnostics of what finfuzz counts: a script shows nothing of it, but what a census found.
_COUNTED = frozenset({"left-alive", "hook-not-run"})
#: How the key of a type that a census found begins.
OF_TYPE = "type "

#: Diagnostics whose signal is chance: SIGSEGV here, the C library's SIGABRT there.
_ANY_SIGNAL = INTERNALS | {"heap-corruption", FOREIGN}

#: Diagnostics whose key begins as the message does: with a function, a kind of misuse, a place.
NAMED = frozenset(
    {
        *("fatal-python-error", "pymalloc-check", "assertion-failure"),
        *("negative-refcount", "gc-invariant", "inconsistent-object"),
        *SANITIZERS,
        *JUDGED,
    }
)

#: The fields of a key and their order. Not the version of the telling frames: a finding whose
#: telling frames stay the same keeps its bucket.
_FORMAT = 2


def compute_bucket(signal: str, diagnostic: str, phase: str, frames: Sequence[str]) -> str:
    """Compute 12 hex digits. ``frames``: the telling ones, or their substitute."""
    signal = "" if diagnostic in _ANY_SIGNAL else signal
    phase = "" if diagnostic == FOREIGN else coarsen_phase(phase)
    key = (_FORMAT, signal, diagnostic, phase, tuple(frames))
    return hashlib.sha256(repr(key).encode()).hexdigest()[:12]


def coarsen_phase(phase: str) -> str:
    """Reduce a phase to `running`, `ending` or `exited`.

    The end of a subinterpreter or of the main one, before or after its dict is cleared: all are
    routes to one defect.
    """
    progress = phase.partition("/")[0]
    return "ending" if progress in ("stopping", "finalizing") else progress


def is_counted(diagnostic: str, frames: Sequence[str]) -> bool:
    """Whether finfuzz counts it, and no script does. ``frames``: of the key."""
    return diagnostic in _COUNTED and not any(one.startswith(OF_TYPE) for one in frames[:1])


def find_route(cause: Message, stack: Sequence[Frame]) -> tuple[str, ...]:
    """Return the telling frames, innermost first, after the name in the message: at most KEPT."""
    if cause.diagnostic == OVERFLOW and (cycle := telling.select_recursive(stack)):
        return cycle
    if cause.diagnostic == UNCAUGHT and (way_out := find_way_out(stack)):
        return (way_out,)
    head = cause.detail.partition(": ")[0] if cause.diagnostic in NAMED else ""
    names = telling.select_telling_frames(
        stack, internals_gone=cause.diagnostic in ASKING, exported=bool(head)
    )
    if head and head not in names[:1]:
        names = [head, *names]
    return tuple(names[: telling.KEPT])
