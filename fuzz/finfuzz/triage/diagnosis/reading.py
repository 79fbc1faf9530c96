"""What an outcome means: a signal, a diagnostic, and the frames that tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

import msgspec

from finfuzz.executor.outcome import Outcome
from finfuzz.triage.diagnosis import beside, messages, telling
from finfuzz.triage.diagnosis.bucket import ASKING, DESTROYED, INTERNALS, LOST, route
from finfuzz.triage.diagnosis.diagnosis import DIAGNOSTICS, Diagnosis
from finfuzz.triage.diagnosis.fault import fault
from finfuzz.triage.diagnosis.messages import Message
from finfuzz.triage.diagnosis.phase import refined
from finfuzz.triage.diagnosis.sanitizer import report_stack
from finfuzz.triage.diagnosis.symbols import Frame, named_stack

__all__ = ["DIAGNOSTICS", "Diagnosis", "diagnose", "key_frames"]

#: What internals that were made again do not explain.
_OF_ITSELF = {"hang", "internals-recreated", "memory-ceiling", "fatal-python-error"}
#: Their keys are not made of the stack that a signal's handler took.
_SAID = {
    *("address-sanitizer", "undefined-behaviour", "leak-report"),
    *("capsule-lost", "wrong-answer", "unraisable-exception"),
}
_C_LIBRARY = re.compile(r"(^|/)(finfuzz_runtime|libc[.-]|ld-)[^/]*$")
_ALLOCATOR = re.compile(
    r"(__libc_)?(c?free|[cm]alloc|realloc(array)?|(posix_)?memalign|aligned_alloc)"
    r"|_int_(free|malloc|realloc)\w*|unlink_chunk|malloc_\w+|tcache_\w+"
    r"|pymalloc_\w+|address_in_range|arena_map_\w+|_?PyObject_(Free|Malloc|Calloc|Realloc)"
)


def diagnose(outcome: Outcome, memory_mib: int) -> tuple[Diagnosis, ...]:
    """All that is wrong with an outcome; empty for one that survived.

    A death comes first. Internals made again is a diagnosis of its own, with no signal, where the
    death has another cause or there was none; and so is a capsule lost where the internals are not
    what is wrong already. Wrong answers and unraisable exceptions stand beside whatever else is.
    """
    found = _death(outcome, memory_mib)
    if outcome.recreated and not any(one.diagnostic in INTERNALS for one in found):
        found.append(_recreated(outcome))
    if not any(one.diagnostic in ASKING for one in found):
        found += beside.capsule_lost(outcome)
    return (
        *found,
        *beside.wrong_answers(outcome),
        *beside.unraisable(outcome),
        *beside.reported(outcome),
    )


def key_frames(diagnosis: Diagnosis, stack: Sequence[Frame]) -> tuple[str, ...]:
    """What the key is made of by today's list of telling frames, for a stack that was kept."""
    if diagnosis.diagnostic == "internals-recreated":
        return DESTROYED
    if diagnosis.diagnostic in (_SAID | INTERNALS):
        return diagnosis.frames
    return route(Message(diagnosis.diagnostic, diagnosis.detail), stack)


def _death(outcome: Outcome, memory_mib: int) -> list[Diagnosis]:
    if not outcome.died:
        return []
    stack = named_stack(outcome.frames)
    cause = _cause(outcome, memory_mib, stack)
    if cause.diagnostic in ("address-sanitizer", "undefined-behaviour"):
        stack = report_stack(outcome.stderr) or stack
    found = _diagnosis(outcome, cause, outcome.phase, stack)
    signal = "HANG" if outcome.timed_out else outcome.signal or "NONE"
    return [
        msgspec.structs.replace(
            found, signal=signal, interpreter=outcome.interpreter, fault=fault(outcome)
        )
    ]


def _recreated(outcome: Outcome) -> Diagnosis:
    cause = Message("internals-recreated-silently", "")
    stack = named_stack(outcome.recreated_frames)
    return _diagnosis(outcome, cause, outcome.recreated_phase, stack)


def _diagnosis(outcome: Outcome, cause: Message, phase: str, stack: Sequence[Frame]) -> Diagnosis:
    path = route(cause, stack)
    return Diagnosis(
        signal="NONE",
        diagnostic=cause.diagnostic,
        phase=refined(phase, stack),
        detail=cause.detail,
        frames=_lost(outcome, cause) if cause.diagnostic in INTERNALS else path,
        stack=tuple(telling.normalized(frame.function) for frame in stack if frame.function),
        route=path,
    )


def _lost(outcome: Outcome, cause: Message) -> tuple[str, ...]:
    """How the internals were lost. The guard speaks up only where they were destroyed."""
    there = cause.diagnostic != "internals-recreated" and outcome.recreated_after == "first"
    return LOST if there else DESTROYED


def _cause(outcome: Outcome, memory_mib: int, stack: Sequence[Frame]) -> Message:
    if outcome.timed_out:
        return Message("hang", "")
    said = messages.death(outcome.stderr)
    if said and said.diagnostic in ("internals-recreated", "memory-ceiling"):
        return said
    if outcome.peak_kib > memory_mib * 900:
        return Message("memory-ceiling", "")
    cause = _by_stack(said or Message("none", messages.python_frame(outcome.stderr)), stack)
    if outcome.recreated and cause.diagnostic not in _OF_ITSELF:
        return cause._replace(diagnostic="internals-recreated-silently")
    return cause


def _by_stack(said: Message, stack: Sequence[Frame]) -> Message:
    """What the functions on the stack make of it."""
    if said.diagnostic == "none" and _in_allocator(stack):
        return said._replace(diagnostic="heap-corruption")
    if said.diagnostic == "uncaught-cxx-exception" and any(
        telling.normalized(frame.function) in telling.GIVES_UP for frame in stack
    ):
        return said._replace(diagnostic="framework-failure")
    return said


def _in_allocator(stack: Sequence[Frame]) -> bool:
    """Whether it died in malloc or free, the C library's or CPython's, or in what they call."""
    return any(_ALLOCATOR.fullmatch(frame.function) for frame in takewhile(_is_innermost, stack))


def _is_innermost(frame: Frame) -> bool:
    """Whether a frame is the handler's, the C library's or an allocator's."""
    inside = _C_LIBRARY.search(frame.module) or _ALLOCATOR.fullmatch(frame.function)
    return inside is not None
