"""One finding, two findings."""

from __future__ import annotations

import pytest

from finfuzz.support.counting import count_things


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 findings"), (1, "1 finding"), (2, "2 findings"), (1234, "1,234 findings")],
)
def test_a_number_and_its_noun(number: int, text: str) -> None:
    assert count_things(number, "finding") == text
