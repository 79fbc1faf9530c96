"""Reducers of objects and of what they refer to."""

from __future__ import annotations

import pytest

from finfuzz.program.text import parse
from finfuzz.triage.minimize.graph import spell_out_shape


@pytest.mark.parametrize(("kind", "forms"), [("lock", 0), ("queue", 0), ("list", 4), (":own", 4)])
def test_a_shape_of_what_refers_to_nothing_stays(kind: str, forms: int) -> None:
    """Its spelling raised ValueError, and triage died of it."""
    program = parse(f"finfuzz 1\nshape a ring {kind} 3\n")
    assert len(list(spell_out_shape(program))) == forms
