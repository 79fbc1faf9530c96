"""Findings that may be one defect: suggested to a person, never merged automatically."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import combinations, islice
from typing import NamedTuple

from finfuzz.triage.findings.finding import Finding

#: The share of two stacks' functions, in order. Two routes to one defect mostly share all but the
#: first two or three of twenty; two defects that end in the same collection share about a half.
ALIKE = 0.8
#: Functions of a stack that are compared, from the crash on. Of two long stacks without a common
#: order the comparison takes quadratic time, and a finding may come from somebody else.
_MOST_FUNCTIONS = 200


class Suggestion(NamedTuple):
    """Two buckets, and the reason why both may be one defect."""

    one: str
    other: str
    why: str


def suggest_merges(findings: Sequence[Finding]) -> Iterator[Suggestion]:
    """Suggest pairs of findings on one target that look like one defect and are not merged."""
    unmerged = [finding for finding in findings if not finding.merged_into]
    for one, other in combinations(unmerged, 2):
        why = _find_reason(one, other) if one.target.spec == other.target.spec else ""
        if why:
            yield Suggestion(one.bucket, other.bucket, why)


def _find_reason(one: Finding, other: Finding) -> str:
    if one.program == other.program:
        return "the same program"
    there = set(other.frames)
    shared = [frame for frame in one.frames if frame in there]
    if len(shared) >= 2:
        return f"both have the telling frames {' and '.join(shared[:2])}"
    functions, others = _list_functions(one), _list_functions(other)
    if not functions or not others:
        return ""
    matcher = SequenceMatcher(None, functions, others, autojunk=False)
    if matcher.quick_ratio() < ALIKE:  # an upper bound, in linear time
        return ""
    ratio = matcher.ratio()
    return f"their stacks are {ratio * 100:.0f} % alike" if ratio >= ALIKE else ""


def _list_functions(finding: Finding) -> list[str]:
    named = (frame.function for frame in finding.stack if frame.function)
    return list(islice(named, _MOST_FUNCTIONS))
