"""A small set that covers everything: properties, against random items."""

from __future__ import annotations

from functools import reduce
from operator import or_

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.corpus.cover import cover, iterate_bits

ITEMS = st.lists(
    st.tuples(st.text("abcdef", min_size=1), st.integers(0, 2**40), st.floats(0.001, 100)),
    unique_by=lambda item: item[0],
    max_size=12,
)


@given(ITEMS)
def test_everything_is_covered_and_nothing_is_dispensable(
    items: list[tuple[str, int, float]],
) -> None:
    features = {name: had for name, had, _ in items}
    names = cover(items)
    assert reduce(or_, (features[name] for name in names), 0) == reduce(or_, features.values(), 0)
    for name in names:
        others = reduce(or_, (features[other] for other in names if other != name), 0)
        assert features[name] & ~others


@given(ITEMS, st.randoms())
def test_the_order_of_the_items_does_not_matter(
    items: list[tuple[str, int, float]], random: object
) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert cover(shuffled) == cover(items)


@given(st.integers(0, 2**70))
def test_bits(number: int) -> None:
    assert sum(1 << bit for bit in iterate_bits(number)) == number


@pytest.mark.parametrize(
    ("items", "names"),
    [
        ([], []),
        ([("a", 0, 1.0)], []),
        ([("a", 0b11, 1.0), ("b", 0b11, 2.0)], ["a"]),
        ([("all", 0b1111, 10.0), ("one", 0b0011, 1.0), ("two", 0b1100, 1.0)], ["one", "two"]),
        ([("all", 0b1111, 1.0), ("one", 0b0011, 1.0), ("two", 0b1100, 1.0)], ["all"]),
        ([("b", 0b1, 1.0), ("a", 0b1, 1.0)], ["a"]),
    ],
    ids=["none", "nothing", "the quick one", "two quick ones", "one for two", "by name"],
)
def test_cases(items: list[tuple[str, int, float]], names: list[str]) -> None:
    assert cover(items) == names
