"""The table of operations holds together: what one part speaks of, another part has."""

import pytest

from finfuzz.generation.mutate import MUTATORS
from finfuzz.generation.weights import DEFAULT
from finfuzz.program import words
from finfuzz.program.language import MAX_INTERPRETERS, MAX_LIVES, OPERATIONS, Role
from finfuzz.program.words import Choice

CHOICES = [value for value in vars(words).values() if isinstance(value, Choice)]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_under_its_own_name_and_explained(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation.name == name
    assert all(text and not text.endswith(".") for text in (operation.help, operation.where))
    assert all(part in CHOICES for part in operation.parameters if isinstance(part, Choice))


def test_every_choice_and_every_role_is_some_operations() -> None:
    used = {part for operation in OPERATIONS.values() for part in operation.parameters}
    assert used == {*CHOICES, *Role}


def test_there_is_an_end_to_everything() -> None:
    assert MAX_INTERPRETERS > 1
    assert MAX_LIVES > 1
    assert str(MAX_LIVES - 1) in OPERATIONS["again"].where


def test_weights_weigh_what_there_is() -> None:
    """A name that is misspelt would weigh 1 and nobody would know."""
    assert set(DEFAULT.operations) == set(OPERATIONS)
    assert set(DEFAULT.mutators) == set(MUTATORS)
    assert {text for choice in CHOICES for text in choice.texts}.issuperset(DEFAULT.words)


def test_everything_has_some_weight() -> None:
    assert min(DEFAULT.operations.values()) > 0
    assert min(DEFAULT.mutators.values()) > 0
    assert all(DEFAULT.of_word(choice, text) > 0 for choice in CHOICES for text in choice.texts)


def test_what_costs_more_is_rarer_by_as_much() -> None:
    dear = words.ROOT.word("daemon-thread")
    assert DEFAULT.of_word(words.ROOT, dear.text) == DEFAULT.of_word(words.ROOT, "sys") / dear.cost
