"""C++ objects that are left at the end, though the program keeps none, and not on the control."""

from __future__ import annotations

from collections.abc import Iterator

from finfuzz.executor.deviation import Deviation
from finfuzz.triage.oracles.ran import Ran

_KEY = ("C++ objects",)


def find_left(own: Ran, control: Ran | None) -> Iterator[Deviation]:
    """Yield a deviation if more objects are left than on the control.

    Where the control could not do each step, or raised elsewhere, or crashed, nothing is known.
    """
    left = own.outcome.left
    if control is None or not left or not own.ended_as(control):
        return
    if left > control.outcome.alive:
        fewer = f"{control.outcome.alive} on {control.name}"
        detail = f"{left} C++ objects are left at the end, {fewer}"
        yield Deviation("left-alive", _KEY, detail, own.outcome.phase)


def list_all_left(own: Ran) -> Iterator[Deviation]:
    """Yield a deviation if any objects are left, compared with nothing."""
    if left := own.outcome.left:
        detail = f"{left} C++ objects are left at the end"
        yield Deviation("left-alive", _KEY, detail, own.outcome.phase)
