"""Times in words: measured ones, and rough estimates of how long something may still take."""

from __future__ import annotations

#: Estimates are rounded to the last unit that is no longer: (up to so many seconds, unit, name).
_UNITS = ((120.0, 1.0, "s"), (7200.0, 60.0, "min"), (172_800.0, 3600.0, "h"))
#: An estimate in seconds is a multiple of this: nothing is known to the second.
_STEP = 5.0


def format_duration(seconds: float) -> str:
    """Format `45 s`, `12 min 5 s`, `3 h 20 min`, `2 d 4 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if 0 < seconds < 10 else f"{whole} s"
    for big, small, name, less in ((86400, 3600, "d", "h"), (3600, 60, "h", "min")):
        if whole >= big:
            return _join_units(whole // big, name, whole % big // small, less)
    return _join_units(whole // 60, "min", whole % 60, "s")


def format_age(seconds: float) -> str:
    """Format a time that goes on, as `format_duration` does but without fractions."""
    return format_duration(int(seconds)) if seconds >= 10 else f"{max(int(seconds), 0)} s"


def _join_units(much: int, name: str, little: int, less: str) -> str:
    return f"{much} {name} {little} {less}" if little else f"{much} {name}"


def describe_roughly(seconds: float) -> str:
    """Describe an estimate as `some 40 s`, `some 3 min`, `some 5 h` or `some 2 days`."""
    for most, unit, name in _UNITS:
        if seconds < most:
            number = seconds / unit
            rounded = max(_STEP, _STEP * round(number / _STEP)) if unit == 1 else round(number)
            return f"some {rounded:.0f} {name}"
    return f"some {seconds / 86400:.0f} days"


def estimate_rest(done: int, left: int, seconds: float) -> float | None:
    """Estimate the time for those left, if each takes as long as each of those done in ``seconds``.

    None before two are done: a first one may have warmed a cache, or found it warm.
    """
    return seconds / done * left if done >= 2 and left > 0 else None
