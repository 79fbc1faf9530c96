"""Say since which release a defect exists and where it is fixed, from the verdicts on releases.

The first affected release is a claim: the release before it must have been run and have survived.
Where that one crashes in another way, the defect may be there behind the other crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from packaging.version import Version

from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.findings.attribution import ControlResult
from finfuzz.triage.findings.verdict import What


class ReleaseRange(NamedTuple):
    """The first release with the defect and the first good one after; empty where unknown.

    ``sentence``: what the trials of releases show, those that decide nothing among them.
    """

    first_bad: str = ""
    first_good: str = ""
    sentence: str = ""


#: What a release that decides nothing did, by the verdict on it. Such a crash may hide the defect.
_OPEN: dict[What, str] = {
    "otherwise": "fails differently",
    "known": "has another known defect",
    "not comparable": "lacks words of the program",
    "absent": "could not be run",
}


def find_release_range(spec: TargetSpec, cells: Sequence[ControlResult]) -> ReleaseRange:
    """Find the first release with the defect and, after the last bad one, the first without.

    Empty for a target of no release, or of two, and where no other release decides anything.
    """
    whats = _read_whats(cells)
    if not spec.version or spec.second is not None or (whats and not _decide_anything(whats)):
        return ReleaseRange()
    whats[Version(spec.version)] = "same"
    tried = sorted(whats)
    bad = [one for one in tried if whats[one] == "same"]
    before = [one for one in tried if one < bad[0]]
    after = [one for one in tried if one > bad[-1]]
    return ReleaseRange(
        first_bad=str(bad[0]) if before and whats[before[-1]] == "survived" else "",
        first_good=str(after[0]) if after and whats[after[0]] == "survived" else "",
        sentence=_describe(tried, bad, whats) if len(tried) > 1 else "",
    )


def _read_whats(cells: Sequence[ControlResult]) -> dict[Version, What]:
    versions = (
        (parse_target(cell.target).version, cell.verdict.what)
        for cell in cells
        if cell.axis == "release"
    )
    return {Version(version): what for version, what in versions if version}


def _decide_anything(whats: dict[Version, What]) -> bool:
    return any(what in ("same", "survived", "otherwise") for what in whats.values())


def _describe(tried: list[Version], bad: list[Version], whats: dict[Version, What]) -> str:
    """Describe the trials: `since 3.0.2 (3.0.1 survives), fixed in 3.1.0`."""
    if set(whats.values()) == {"same"}:
        return f"on every release tried, {tried[0]} to {tried[-1]}"
    if set(whats.values()) == {"same", "otherwise"}:
        differently = _join([one for one in tried if whats[one] == "otherwise"])
        return f"all releases tried fail; {differently} differently"
    return ", ".join([_describe_begin(tried, bad[0], whats), *_describe_end(tried, bad, whats)])


def _describe_begin(tried: list[Version], first: Version, whats: dict[Version, What]) -> str:
    unclear = _list_unclear([one for one in reversed(tried) if one < first], whats)
    older = [one for one in tried if one < first and one not in unclear]
    if not older:
        return f"since {first} or before{_explain(unclear, whats)}"
    if not unclear:
        return f"since {first} ({older[-1]} survives)"
    return f"since {first} or a release after {older[-1]}, which survives{_explain(unclear, whats)}"


def _describe_end(
    tried: list[Version], bad: list[Version], whats: dict[Version, What]
) -> list[str]:
    unclear = _list_unclear([one for one in tried if one > bad[-1]], whats)
    good = [one for one in tried if one > bad[-1] and one not in unclear]
    gone = [one for one in tried if bad[0] < one < bad[-1] and whats[one] == "survived"]
    told = [f"not in {_join(gone)}"] if gone else []
    if good:
        return [
            *told,
            f"fixed in {good[0]}{' or before' * bool(unclear)}{_explain(unclear, whats)}",
        ]
    return [*told, f"not fixed in {bad[-1]}{_explain(unclear, whats)}"]


def _list_unclear(outward: list[Version], whats: dict[Version, What]) -> list[Version]:
    """List the releases beside a bad one that decide nothing, up to one that survives."""
    found: list[Version] = []
    for one in outward:
        if whats[one] == "survived":
            break
        found.append(one)
    return sorted(found)


def _explain(unclear: list[Version], whats: dict[Version, What]) -> str:
    """Say what those releases did: `: 3.0.0 and 3.0.1 fail differently`."""
    said: dict[str, list[Version]] = {}
    for one in unclear:
        said.setdefault(_OPEN[whats[one]], []).append(one)
    parts = (f"{_join(some)}: {what}" for what, some in said.items())
    return f" ({'; '.join(parts)})" if said else ""


def _join(versions: list[Version]) -> str:
    *most, last = map(str, versions)
    return f"{', '.join(most)} and {last}" if most else last
