"""Calls of CPython that broke a rule of the C API: the gate saw them (``child/native/gate.h``)."""

from __future__ import annotations

import msgspec

from finfuzz.executor.frames import RawFrame, read_frames
from finfuzz.executor.phases import name_phase
from finfuzz.executor.shared_memory import JUDGED_CALLS, SharedMemory
from finfuzz.executor.shared_memory import JudgedCall as Record

#: The diagnostics of broken rules, by number.
RULES = ("", "api-after-finalization", "api-without-thread-state")


class JudgedCall(msgspec.Struct, frozen=True):
    """A call site that broke a rule.

    ``rule``: see RULES. ``function``: of CPython. ``module``: the file that called it.
    ``site``: where the call returns to. That is in another file, mostly CPython's, where the
    compiler made the call a jump. ``frames``: the stack.
    """

    rule: str
    function: str
    module: str
    site: RawFrame
    phase: str
    frames: tuple[RawFrame, ...]


def read_judged(shared: SharedMemory) -> tuple[JudgedCall, ...]:
    """Read the calls that a child left behind, but none that it was recording when it ended."""
    count = min(shared.header.facts.judged_count, JUDGED_CALLS)
    return tuple(_read(shared, record) for record in shared.header.judged[:count] if record.rule)


def _read(shared: SharedMemory, record: Record) -> JudgedCall:
    (site,) = read_frames(shared, [record.caller], 1)
    return JudgedCall(
        rule=RULES[record.rule],
        function=record.name.decode(),
        module=record.module.decode("utf-8", "replace"),
        site=site,
        phase=name_phase(record.progress, record.cleared),
        frames=read_frames(shared, record.frames, record.frame_count),
    )
