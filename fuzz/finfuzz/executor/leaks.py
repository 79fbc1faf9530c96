"""Leak reports of frameworks: at the process's end, some list their objects that are left."""

from __future__ import annotations

import re

from finfuzz.targets.frameworks import KNOWN

_REPORTS = tuple(
    re.compile(pattern) for record in KNOWN.values() for _, pattern in record.crashes.reports
)


def has_leak_report(stderr: str) -> bool:
    """Whether a framework reports objects of its own that are left."""
    return any(pattern.search(stderr) for pattern in _REPORTS)
