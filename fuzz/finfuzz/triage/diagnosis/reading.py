"""Read an outcome: its signal, its diagnostic, and the telling frames."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

import msgspec

from finfuzz.executor.outcome import Outcome
from finfuzz.triage.diagnosis import beside, messages, telling
from finfuzz.triage.diagnosis.bucket import (
    ASKING,
    COMPARED,
    DESTROYED,
    FOREIGN,
    INTERNALS,
    JUDGED,
    LOST,
    OF_ANOTHER,
    find_route,
)
from finfuzz.triage.diagnosis.diagnosis import DIAGNOSTICS, Diagnosis
from finfuzz.triage.diagnosis.fault import describe_fault, is_stack_overflow
from finfuzz.triage.diagnosis.messages import Message
from finfuzz.triage.diagnosis.phase import refine_phase
from finfuzz.triage.diagnosis.sanitizer import SANITIZERS, read_report_stack
from finfuzz.triage.diagnosis.symbols import Frame, name_stack

__all__ = ["DIAGNOSTICS", "Diagnosis", "diagnose", "find_key_frames"]

#: Diagnostics that recreated internals do not explain.
_OF_ITSELF = {
    *("hang", "internals-recreated", "memory-ceiling", "fatal-python-error", "stack-overflow")
}
#: What comes of a framework's use of another interpreter's internals.
_OF_FOREIGN = {"none", "heap-corruption", "pymalloc-check", "framework-failure"}
#: Diagnostics whose keys are not made of the stack that a signal's handler took.
_SAID = {
    *SANITIZERS,
    "leak-report",
    *("capsule-lost", "wrong-answer", "unraisable-exception"),
    *COMPARED,
    *JUDGED,
}
_C_LIBRARY = re.compile(r"(^|/)(finfuzz_runtime|libc[.-]|ld-)[^/]*$")
_ALLOCATOR = re.compile(
    r"(__libc_)?(c?free|[cm]alloc|realloc(array)?|(posix_)?memalign|aligned_alloc)"
    r"|_int_(free|malloc|realloc)\w*|unlink_chunk|malloc_\w+|tcache_\w+"
    rf"|{telling.ALLOCATES}"
)


def diagnose(outcome: Outcome, memory_mib: int) -> tuple[Diagnosis, ...]:
    """Return all diagnoses of an outcome; empty for one that survived.

    A crash comes first. Recreated internals are a diagnosis of their own, without a signal, unless
    they explain the crash. So is a lost capsule, unless the internals are the cause already, and a
    call that broke a rule, unless the process crashed in it. Wrong answers, unraisable exceptions,
    deviations and reports come in addition to any other.
    """
    found = _diagnose_death(outcome, memory_mib)
    if outcome.recreated and not any(one.diagnostic in INTERNALS for one in found):
        found.append(_diagnose_recreation(outcome))
    if not any(one.diagnostic in ASKING for one in found):
        found += beside.find_lost_capsule(outcome)
    return (
        *found,
        *beside.find_wrong_answers(outcome),
        *beside.find_judged_calls(outcome),
        *beside.find_unraisable(outcome),
        *beside.find_deviations(outcome),
        *beside.find_reports(outcome),
    )


def find_key_frames(diagnosis: Diagnosis, stack: Sequence[Frame]) -> tuple[str, ...]:
    """Return the frames of the key by the current list of telling frames, for a saved stack."""
    if diagnosis.diagnostic == "internals-recreated":
        return DESTROYED
    if diagnosis.diagnostic in (_SAID | INTERNALS | {FOREIGN}):
        return diagnosis.frames
    return find_route(Message(diagnosis.diagnostic, diagnosis.detail), stack)


def _diagnose_death(outcome: Outcome, memory_mib: int) -> list[Diagnosis]:
    if not outcome.died:
        return []
    stack = name_stack(outcome.frames)
    cause = _find_cause(outcome, memory_mib, stack)
    if cause.diagnostic in SANITIZERS:
        stack = read_report_stack(outcome.stderr) or stack
    found = _make_diagnosis(outcome, cause, outcome.phase, stack)
    signal = "HANG" if outcome.timed_out else outcome.signal or "NONE"
    return [
        msgspec.structs.replace(
            found, signal=signal, interpreter=outcome.interpreter, fault=describe_fault(outcome)
        )
    ]


def _diagnose_recreation(outcome: Outcome) -> Diagnosis:
    cause = Message("internals-recreated-silently", "")
    stack = name_stack(outcome.recreated_frames)
    return _make_diagnosis(outcome, cause, outcome.recreated_phase, stack)


def _make_diagnosis(
    outcome: Outcome, cause: Message, phase: str, stack: Sequence[Frame]
) -> Diagnosis:
    path = find_route(cause, stack)
    return Diagnosis(
        signal="NONE",
        diagnostic=cause.diagnostic,
        phase=refine_phase(phase, stack),
        detail=cause.detail,
        frames=_tell_cause(outcome, cause) or path,
        stack=tuple(telling.normalize_function(frame.function) or "?" for frame in stack),
        route=path,
    )


def _tell_cause(outcome: Outcome, cause: Message) -> tuple[str, ...]:
    """Tell what became of the internals; nothing where they are not the cause.

    The guard reports only that they were destroyed.
    """
    if cause.diagnostic == FOREIGN:
        return OF_ANOTHER
    if cause.diagnostic not in INTERNALS:
        return ()
    there = cause.diagnostic != "internals-recreated" and outcome.recreated_after == "first"
    return LOST if there else DESTROYED


def _find_cause(outcome: Outcome, memory_mib: int, stack: Sequence[Frame]) -> Message:
    if outcome.timed_out:
        return Message("hang", "")
    said = messages.read_death(outcome.stderr)
    if said and said.diagnostic in ("internals-recreated", "memory-ceiling"):
        return said
    if outcome.peak_kib > memory_mib * 900:
        return Message("memory-ceiling", "")
    if said is None and is_stack_overflow(outcome):
        return Message("stack-overflow", messages.read_python_frame(outcome.stderr))
    cause = _refine_by_stack(
        said or Message("none", messages.read_python_frame(outcome.stderr)), stack
    )
    if (
        outcome.importers > 1
        and cause.diagnostic in _OF_FOREIGN
        and telling.serves_one_interpreter(stack)
    ):
        return cause._replace(diagnostic=FOREIGN)
    if outcome.recreated and cause.diagnostic not in _OF_ITSELF:
        return cause._replace(diagnostic="internals-recreated-silently")
    if said is None and (judged := beside.find_judged_crash(outcome)):
        return judged
    return cause


def _refine_by_stack(said: Message, stack: Sequence[Frame]) -> Message:
    """Refine a message by the functions on the stack."""
    if said.diagnostic == "none" and _is_in_allocator(stack):
        return said._replace(diagnostic="heap-corruption")
    if said.diagnostic == "uncaught-cxx-exception" and any(
        telling.normalize_function(frame.function) in telling.GIVES_UP for frame in stack
    ):
        return said._replace(diagnostic="framework-failure")
    return said


def _is_in_allocator(stack: Sequence[Frame]) -> bool:
    """Whether a crash was in an allocator of the C library or CPython, or in its callees."""
    return any(_is_of_allocator(frame) for frame in takewhile(_is_innermost, stack))


def _is_of_allocator(frame: Frame) -> bool:
    return _ALLOCATOR.fullmatch(telling.normalize_function(frame.function)) is not None


def _is_innermost(frame: Frame) -> bool:
    """Whether a frame is the handler's, the C library's or an allocator's."""
    return _C_LIBRARY.search(frame.module) is not None or _is_of_allocator(frame)
