"""What may be one defect is suggested; what is not alike is not."""

from __future__ import annotations

import msgspec
import pytest

from finfuzz.triage.findings.finding import Finding, StackFrame
from finfuzz.triage.findings.similar import suggest_merges
from helpers.finding_example import PROGRAM, finding

OTHER = f"{PROGRAM}root a sys\n"
ON_ANOTHER = msgspec.structs.replace(finding().target, spec="pybind11==3.0.2+destroy")


def stack(*functions: str) -> tuple[StackFrame, ...]:
    return tuple(StackFrame("libpython.so", 1, function) for function in functions)


TEN = tuple("abcdefghij")
ONE = finding(program=OTHER, frames=("x", "y", "z"), stack=stack(*TEN))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (finding(program=OTHER, frames=(), stack=()), "the same program"),
        (finding(frames=("y", "z"), stack=()), "both have the telling frames y and z"),
        (finding(frames=("q",), stack=stack("1", *TEN[1:])), "their stacks are 90 % alike"),
        (finding(frames=("q",), stack=stack(*"12345", *TEN[5:])), None),
        (finding(frames=("z",), stack=()), None),
        (finding(program=OTHER, target=ON_ANOTHER), None),  # compare what is comparable
        (finding(program=OTHER, merged_into="0123456789ab"), None),  # said already
    ],
)
def test_suggestions(other: Finding, why: str | None) -> None:
    other = msgspec.structs.replace(other, bucket="b" * 12)
    found = [suggestion.why for suggestion in suggest_merges([ONE, other])]
    assert found == ([] if why is None else [why])


def test_findings_of_any_size_are_compared_in_no_time() -> None:
    """Frames were looked for one by one, and whole stacks compared: hours for these two."""
    frames, backwards = ([f"{letter}{n}" for n in range(100_000)] for letter in "xy")
    one = finding(program=OTHER, frames=tuple(frames), stack=stack(*frames))
    other = finding(bucket="b" * 12, frames=tuple(backwards), stack=stack(*reversed(frames)))
    assert list(suggest_merges([one, other])) == []
