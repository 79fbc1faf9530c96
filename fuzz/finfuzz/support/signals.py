"""Signals that this process ignores, and its children don't."""

from __future__ import annotations

import signal
from types import FrameType

#: Signals that a terminal sends to all processes of its group.
TERMINAL = (signal.SIGINT, signal.SIGHUP)


def ignore(*numbers: signal.Signals) -> None:
    """Ignore signals in this process alone."""
    for number in numbers:
        signal.signal(number, _nothing)


def ignore_alone() -> None:
    """Don't pass on the signals that this process ignores (nohup, a shell's `&`) to its children.

    There `exit interrupt` would have no effect.
    """
    ignore(*(number for number in TERMINAL if signal.getsignal(number) is signal.SIG_IGN))


def ignores(number: signal.Signals) -> bool:
    """Whether this process ignores a signal."""
    return signal.getsignal(number) in (signal.SIG_IGN, _nothing)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Do nothing. Unlike SIG_IGN, a handler is not inherited through exec."""
