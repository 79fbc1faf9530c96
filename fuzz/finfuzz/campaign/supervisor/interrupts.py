"""Ctrl-C, SIGTERM and the end of the terminal, as the supervisor takes them."""

from __future__ import annotations

import signal
from types import FrameType

from finfuzz.support.signals import ignores


class Interruptible:
    """A context in which the first signal only sets ``requested``; a second one interrupts.

    A signal that nohup or a shell's `&` has ignored stays ignored.
    """

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> Interruptible:
        self._before = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            if not ignores(number)
        }
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
