"""Weights: what a word costs depends on what was imported."""

import pytest

from finfuzz.generation.weights import DEFAULT
from finfuzz.program.model import Step
from finfuzz.program.words import ACTION, HOOK, ROOT, Choice

THREAD = Step("root", ("a", "joined-thread"))


@pytest.mark.parametrize(
    ("choice", "text", "before", "after"),
    [
        (ROOT, "daemon-thread", 1 / 3, 1),
        (HOOK, "threading-exit", 1 / 3, 1),
        (ACTION, "join", 1 / 3, 1),
        (ROOT, "sys", 1, 1),
        (ROOT, "interpreter-pool", 1 / 25, 1 / 25),  # most of that is not `threading`
    ],
)
def test_what_was_imported_is_paid_for(
    choice: Choice, text: str, before: float, after: float
) -> None:
    weights = DEFAULT.after([THREAD])
    assert DEFAULT.of_word(choice, text) == pytest.approx(before)
    assert weights.of_word(choice, text) == pytest.approx(after)
    texts, sums = weights.accumulate(choice)
    place = texts.index(text)
    assert sums[place] - ([0, *sums][place]) == pytest.approx(after)


def test_it_is_paid_for_once() -> None:
    weights = DEFAULT.after([THREAD])
    assert weights.after([THREAD, Step("collect")]) is weights
    assert DEFAULT.after([Step("collect")]) is DEFAULT
