"""Findings that may be one defect: suggested, never merged by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import combinations
from typing import NamedTuple

from finfuzz.triage.findings.finding import Finding

#: Of the functions of two stacks, in order. Two routes to one defect mostly share all but the first
#: two or three of twenty; two defects that end in the same collection share about a half.
ALIKE = 0.8


class Suggestion(NamedTuple):
    """Two buckets, and why they may be one."""

    one: str
    other: str
    why: str


def suggestions(findings: Sequence[Finding]) -> Iterator[Suggestion]:
    """Pairs of findings on one target that look like one defect and are not merged."""
    open_ones = [finding for finding in findings if not finding.merged_into]
    for one, other in combinations(open_ones, 2):
        why = _why(one, other) if one.target.spec == other.target.spec else ""
        if why:
            yield Suggestion(one.bucket, other.bucket, why)


def _why(one: Finding, other: Finding) -> str:
    if one.program == other.program:
        return "the same program"
    shared = [frame for frame in one.frames if frame in other.frames]
    if len(shared) >= 2:
        return f"both tell of {' and '.join(shared[:2])}"
    functions, others = _functions(one), _functions(other)
    if not functions or not others:
        return ""
    ratio = SequenceMatcher(None, functions, others, autojunk=False).ratio()
    return f"{ratio * 100:.0f} % of their stacks" if ratio >= ALIKE else ""


def _functions(finding: Finding) -> list[str]:
    return [frame.function for frame in finding.stack if frame.function]
