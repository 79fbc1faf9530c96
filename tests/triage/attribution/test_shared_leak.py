"""What the control without a framework leaves of a program, with real builds."""

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.targets.build import Build
from finfuzz.triage.attribution.shared_leak import find_shared_leak


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("node a container; edge a a append", ""),
        ("node a instance; node b holder; edge b b member", "plain-c leaves objects too (1)"),
        ("node a instance; root a leak", "plain-c leaves objects too (1)"),
    ],
)
def test_what_is_left(destroy: Build, steps: str, expected: str) -> None:
    program = parse("finfuzz 1\n" + steps.replace("; ", "\n"))
    assert find_shared_leak(destroy, program, Limits(), lambda _: None) == expected
