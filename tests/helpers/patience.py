"""Wait for an event, on a machine however busy: no limit of a test is about speed (issue 21)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import psutil

#: Only a test that fails waits as long as this; pytest's own limit comes later (pyproject.toml).
PATIENCE = 1500.0


def wait_until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.02)


def wait_until_gone(pids: Iterable[int]) -> None:
    """Wait for processes to end: SIGKILL takes its time, and an orphan may stay as a zombie."""
    wait_until(lambda: not any(map(_lives, pids)), "the last process to end")


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False
