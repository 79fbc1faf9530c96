"""The names of phases: how far the process was, and how far its interpreter."""

from __future__ import annotations

PROGRESS = ("running", "stopping", "finalizing", "exited")
CLEARED = ("", "modules-cleared", "dict-cleared")


def name_phase(progress: int, cleared: int) -> str:
    """Return `finalizing`, or `finalizing/dict-cleared`, say."""
    return PROGRESS[progress] + (f"/{CLEARED[cleared]}" if cleared else "")
