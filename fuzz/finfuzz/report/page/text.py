"""Format text and numbers for the page. Text of a crashed process can't affect the page."""

from __future__ import annotations

import math
import time
from pathlib import Path

from markupsafe import Markup

from finfuzz.support.terminal import reveal

#: Characters shown of a file; the finding's folder has the rest.
MOST_CHARACTERS = 40_000


def prepare(value: object) -> object:
    """Prepare a value for a template: markup stays, text is revealed, None becomes nothing."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return reveal(value)
    return value


def read_start(path: Path) -> tuple[str, int] | None:
    """Return the first characters of a file and the number of bytes left; None without a file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            data = file.read(MOST_CHARACTERS)
    except OSError:
        return None
    return data.decode("utf-8", "replace"), size - len(data)


def format_count(number: float | None) -> str:
    """Format `12,345`, or a dash for an unknown number."""
    return "–" if number is None else f"{number:,.0f}"


def format_short(number: float) -> str:
    """Format a number for an axis: `950`, `12k`, `3.4M`."""
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= unit:
            return f"{number / unit:.3g}{name}"
    return f"{number:.3g}"


def format_moment(seconds: float | None) -> str:
    """Format seconds since the epoch as a date and time in UTC."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
    except (ValueError, OverflowError, OSError):
        return "–"


def format_mebibytes(number: float | None) -> str:
    """Format `512 MiB`, `3.2 GiB`."""
    if number is None:
        return "–"
    return f"{number / 1024:.1f} GiB" if number >= 1024 else f"{number:.0f} MiB"
