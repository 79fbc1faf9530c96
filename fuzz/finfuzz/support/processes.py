"""Ending what this process has started."""

from __future__ import annotations

import contextlib

import psutil


def end_descendants(pid: int) -> None:
    """Kill all descendants of a process, but not the process itself."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
