"""The table holds together: what one part speaks of, another part has."""

import pytest

from fuzz.program.language import (
    ABUSE,
    ACTION,
    CHECKABLE,
    CONTAINERS,
    DEFAULT_ACTIONS,
    EDGE,
    EDGES_FROM,
    FLAVOUR,
    HOOK,
    KIND,
    OPERATIONS,
    ROOT,
    WAY,
    Choice,
    Word,
)
from fuzz.program.mutate import MUTATORS
from fuzz.program.weights import DEFAULT

CHOICES = (KIND, EDGE, ROOT, HOOK, ACTION, FLAVOUR, WAY)
WORDS = [(choice, word) for choice in CHOICES for word in choice.words]


def label(part: object) -> str:
    return part.name if isinstance(part, Choice) else part.text if isinstance(part, Word) else ""


@pytest.mark.parametrize(("choice", "word"), WORDS, ids=label)
def test_every_word_can_be_written_and_found(choice: Choice, word: Word) -> None:
    assert word.text.split("#") == word.text.split() == [word.text]
    assert choice.word(word.text) is word
    assert choice.texts.count(word.text) == 1
    assert word.help
    assert word.since >= (3, 9)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_under_its_own_name_and_explained(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation.name == name
    assert operation.help
    assert all(part in CHOICES for part in operation.parameters if isinstance(part, Choice))


def test_every_choice_is_some_operations() -> None:
    used = {part for operation in OPERATIONS.values() for part in operation.parameters}
    assert used.issuperset(CHOICES)


def test_every_kind_says_which_edges_leave_it() -> None:
    assert tuple(EDGES_FROM) == KIND.texts
    assert {edge for edges in EDGES_FROM.values() for edge in edges} == set(EDGE.texts)


def test_sets_of_kinds_are_of_kinds() -> None:
    assert set(KIND.texts) > CHECKABLE > CONTAINERS


def test_every_hook_has_a_default_that_is_no_abuse() -> None:
    assert tuple(DEFAULT_ACTIONS) == HOOK.texts
    assert set(ACTION.texts).issuperset(DEFAULT_ACTIONS.values())
    assert ABUSE.keys().isdisjoint(DEFAULT_ACTIONS.items())


def test_abuse_is_of_hooks_and_actions() -> None:
    assert all(hook in HOOK.texts and action in ACTION.texts for hook, action in ABUSE)


def test_weights_weigh_what_there_is() -> None:
    """A name that is misspelt would weigh 1 and nobody would know."""
    assert set(DEFAULT.operations) == set(OPERATIONS)
    assert set(DEFAULT.mutators) == set(MUTATORS)
    assert {word.text for _, word in WORDS}.issuperset(DEFAULT.words)
