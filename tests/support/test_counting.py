"""One finding, two findings."""

from __future__ import annotations

import pytest

from finfuzz.support.counting import count


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 findings"), (1, "1 finding"), (2, "2 findings"), (1234, "1,234 findings")],
)
def test_a_number_and_its_noun(number: int, text: str) -> None:
    assert count(number, "finding") == text


def test_a_noun_with_a_plural_of_its_own() -> None:
    assert [count(number, "crash", "crashes") for number in (1, 2)] == ["1 crash", "2 crashes"]
