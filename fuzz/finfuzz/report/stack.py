"""Fold a stack for a reader: plumbing frames in a row become one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec

from finfuzz.triage.diagnosis.symbols import Frame
from finfuzz.triage.diagnosis.telling import is_plumbing, normalize_function
from finfuzz.triage.findings.finding import StackFrame

#: Functions of an interpreter's end: a reader looks for them, though they tell no defects apart.
_ENDS = frozenset({"Py_FinalizeEx", "_Py_Finalize", "Py_EndInterpreter"})
#: By these a process ends itself: the frames around them do not tell where it went wrong.
_ABORTS = frozenset({"abort", "raise", "gsignal", "std::terminate", "_exit"})
#: Our own functions around the extension's code.
_HARNESS = "finfuzz::"
#: Functions that a folded line names.
_NAMED = 3


class StackLine(NamedTuple):
    """A line of a folded stack. ``number``: `#3`, or `#4-#9`; ``place``: a source, or a file."""

    number: str
    text: str
    place: str = ""


def fold_stack(stack: Sequence[StackFrame]) -> list[StackLine]:
    """Write a line for each frame; one for two or more plumbing frames in a row.

    The innermost frames show where it crashed. They are folded only where a process ended itself.
    """
    lines: list[StackLine] = []
    runs = groupby(enumerate(stack), key=lambda one: _is_folded(one[1]))
    for folded, members in runs:
        run = list(members)
        names = [_name(frame) for _, frame in run]
        if folded and len(run) > 1 and (lines or not _ABORTS.isdisjoint(names)):
            lines.append(_fold(run[0][0], names))
        else:
            lines += _show(run)
    return lines


def _fold(first: int, names: Sequence[str]) -> StackLine:
    different = list(dict.fromkeys(name for name in names if name != "?"))
    more = ", …" if len(different) > _NAMED else ""
    named = f": {', '.join(different[:_NAMED])}{more}" if different else ""
    return StackLine(f"#{first}-#{first + len(names) - 1}", f"{len(names)} plumbing frames{named}")


def _show(run: Sequence[tuple[int, StackFrame]]) -> Iterator[StackLine]:
    for number, frame in run:
        inlined = " (inlined)" if frame.inlined else ""
        where = frame.place or f"{frame.module}+{frame.offset:#x}"
        yield StackLine(f"#{number}", f"{_name(frame)}{inlined}", where)


def _is_folded(frame: StackFrame) -> bool:
    name = _name(frame)
    return name.startswith(_HARNESS) or (
        name not in _ENDS and is_plumbing(Frame(**msgspec.structs.asdict(frame)))
    )


def _name(frame: StackFrame) -> str:
    return normalize_function(frame.function) or "?"
