"""The stack that a finding or a reader gets: from where it went wrong, without this machine."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile
from pathlib import Path

from finfuzz.executor.outcome import Outcome
from finfuzz.triage.diagnosis.symbols import Frame, find_interrupted, name_stack
from finfuzz.triage.findings.finding import StackFrame


def read_stack(outcome: Outcome, diagnostic: str = "") -> list[Frame]:
    """Name the frames of a crash, or of what is behind a diagnostic; none where it has no stack."""
    return drop_handler(name_stack(outcome.find_stack(diagnostic)))


def drop_handler(stack: list[Frame]) -> list[Frame]:
    """Drop the runtime's frames that recorded the stack, and the C library's that called them."""
    interrupted = find_interrupted(stack)
    if interrupted is not None:
        return stack[interrupted:]
    return list(dropwhile(lambda one: "finfuzz_runtime" in one.module, stack))


def record_stack(stack: Sequence[Frame]) -> tuple[StackFrame, ...]:
    """Drop this machine's folders: the last two parts of a path are enough."""
    return tuple(map(_record_frame, stack))


def _record_frame(frame: Frame) -> StackFrame:
    place = "/".join(frame.place.split("/")[-2:])
    name = Path(frame.module).name
    return StackFrame(name, frame.offset, frame.function, place, frame.inlined, frame.local_start)
