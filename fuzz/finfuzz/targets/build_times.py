"""How long builds take: as measured in this run, or as earlier builds have recorded it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from finfuzz.targets.cache import find_cache
from finfuzz.targets.spec import TargetSpec

#: So many of the latest builds are looked at: older ones are of another compiler, or machine load.
_LOOKED_AT = 40


class _Recorded(msgspec.Struct):
    spec: str
    seconds: float = 0.0


class BuildTimes:
    """The time that a build of each framework takes, as far as one was measured."""

    def __init__(self, builds: Path | None = None) -> None:
        self._folder = builds or find_cache() / "builds"
        self._measured: dict[str, list[float]] = {}
        self._recorded: dict[str, float] | None = None

    def add(self, spec: TargetSpec, seconds: float) -> None:
        """Add a build that was made now."""
        self._measured.setdefault(spec.framework, []).append(seconds)

    def estimate(self, specs: Sequence[TargetSpec]) -> float | None:
        """Estimate the time that builds of these take together; None if one of them is unknown."""
        known = [self._estimate_one(spec.framework) for spec in specs]
        times = [seconds for seconds in known if seconds is not None]
        return sum(times) if len(times) == len(known) else None

    def _estimate_one(self, framework: str) -> float | None:
        if measured := self._measured.get(framework):
            return sum(measured) / len(measured)
        if self._recorded is None:
            self._recorded = _read_recorded(self._folder)
        return self._recorded.get(framework)


def _read_recorded(folder: Path) -> dict[str, float]:
    """Read the time of each framework's latest build, of the latest builds of all."""
    found: dict[str, float] = {}
    records = sorted(folder.glob("*/build.json"), key=_read_mtime, reverse=True)
    for path in records[:_LOOKED_AT]:
        try:
            record = msgspec.json.decode(path.read_bytes(), type=_Recorded)
        except (OSError, msgspec.DecodeError):  # removed meanwhile, or cut off
            continue
        framework = record.spec.partition("==")[0].partition("@")[0].partition("+")[0]
        if record.seconds > 0:
            found.setdefault(framework, record.seconds)
    return found


def _read_mtime(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
