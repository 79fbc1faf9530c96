"""Whole lives of interpreters, repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import helpers.programs  # noqa: F401  what `st.from_type(Program)` is
from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.program.text import parse, to_text
from finfuzz.triage.minimize.repeated import TIMES, repeat_lives

BARE = "start i1 stdlib\nstop i1\n"
BUSY = "start i2 stdlib\nenter i2\nimport\nstop i2\n"
LEFT = "start i3 stdlib\nenter i3\nnode a instance\n"


@pytest.mark.parametrize(
    ("program", "forms"),
    [
        (BUSY + LEFT, [BUSY * TIMES + LEFT]),
        (BARE + LEFT, [BARE * TIMES + LEFT]),
        # Without a life in which nothing happens, and with it.
        (BARE + BUSY + LEFT, [BUSY * TIMES + LEFT, BARE + BUSY * TIMES + LEFT]),
        (LEFT, []),
        ("node a list\nagain\nnode b list\n", []),
        # Something else runs in between, so it is no life that could be repeated alone.
        ("start i stdlib\nenter i\nenter main\nimport\nstop i\n", []),
        ("start i stdlib\nstart j stdlib\nstop i\nstop j\n", []),
        ("start i stdlib\nenter i\nimport\nagain\nimport\n", []),
    ],
)
def test_forms(program: str, forms: list[str]) -> None:
    read = parse(f"finfuzz 1\n{program}")
    assert [to_text(form) for form in repeat_lives(read)] == [f"finfuzz 1\n{one}" for one in forms]


@given(st.from_type(Program))
def test_a_repeated_form_is_legal_step_by_step(program: Program) -> None:
    """Repeating an effective program adds no step without an effect."""
    meant = effective(program, abuse=True)
    for form in repeat_lives(meant):
        assert effective(form, abuse=True) == form
