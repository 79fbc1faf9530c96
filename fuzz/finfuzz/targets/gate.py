"""The gate's counters: one for each call site of CPython and stage of an interpreter's end."""

from __future__ import annotations

import platform

#: Counters of a build that is gated, in place of block counters. Sites are folded over them: a
#: package with 1,000 sites, in two stages each, shares 30 of them.
CALL_SITES = 65536

#: Where there is no gate, in words for the screen.
NO_GATE = (
    f"no coverage of extensions that are not compiled here: calls of CPython are seen on x86-64 "
    f"alone, and this is {platform.machine()}; events guide the campaign"
)


def has_gate() -> bool:
    """Whether this machine's children count and judge calls of CPython."""
    return platform.machine() == "x86_64"


def count_call_sites() -> int:
    """Return the number of counters that a gated build needs here: ``Build.blocks``."""
    return CALL_SITES if has_gate() else 0
