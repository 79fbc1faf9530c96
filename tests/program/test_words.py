"""The words hold together: what one part speaks of, another part has."""

import pytest

from finfuzz.program import words
from finfuzz.program.words import (
    ACTION,
    ALWAYS,
    EDGE,
    FLAVOUR,
    HOOK,
    KIND,
    KINDS,
    MEANS,
    ROOT,
    SHAPE,
    SIZE,
    WAY,
    WHICH,
    Choice,
    Kind,
    Word,
)
from finfuzz.support.cpythons import SUPPORTED

CHOICES = (KIND, EDGE, SHAPE, SIZE, ROOT, HOOK, ACTION, FLAVOUR, MEANS, WHICH, WAY)
WORDS = [(choice, word) for choice in CHOICES for word in choice.words]


def label(part: object) -> str:
    return part.name if isinstance(part, Choice) else part.text if isinstance(part, Word) else ""


def is_phrase(text: str) -> bool:
    """One that a table or a sentence can take in: no white space around it, no period behind."""
    return bool(text) and text == " ".join(text.split()) and not text.endswith((".", ",", ":"))


@pytest.mark.parametrize(("choice", "word"), WORDS, ids=label)
def test_every_word_can_be_written_and_found(choice: Choice, word: Word) -> None:
    assert word.text.split("#") == word.text.split() == [word.text]
    assert choice.word(word.text) is word
    assert choice.texts.count(word.text) == 1


@pytest.mark.parametrize(("choice", "word"), WORDS, ids=label)
def test_every_word_is_explained_by_phrases(choice: Choice, word: Word) -> None:
    assert is_phrase(word.help)
    assert all(
        is_phrase(reason) for reason in (word.main_only, word.abuse, word.own_thread) if reason
    )
    assert choice.name


@pytest.mark.parametrize(("choice", "word"), WORDS, ids=label)
def test_every_word_has_a_price_and_a_first_python(choice: Choice, word: Word) -> None:
    assert ALWAYS <= word.since <= SUPPORTED[-1]
    assert word.cost >= 1
    if choice in (SHAPE, SIZE, EDGE, MEANS, WHICH, WAY):  # scope.py doesn't ask for more
        assert word.main_only == word.abuse == word.own_thread == ""
        assert word.since == ALWAYS


def test_no_choice_is_forgotten_here() -> None:
    assert {value.name for value in vars(words).values() if isinstance(value, Choice)} == {
        choice.name for choice in CHOICES
    }


@pytest.mark.parametrize("kind", KINDS.values(), ids=label)
def test_kinds_speak_of_edges_and_hooks_that_there_are(kind: Kind) -> None:
    assert KINDS[kind.text] is KIND.word(kind.text) is kind
    assert set(kind.edges) <= set(EDGE.texts)
    assert set(kind.hooks) <= set(HOOK.texts)
    assert len(set(kind.edges)) == len(kind.edges)


def test_every_edge_leaves_some_kind() -> None:
    assert {edge for kind in KINDS.values() for edge in kind.edges} == set(EDGE.texts)


def test_sizes_are_numbers_that_grow() -> None:
    sizes = [int(text) for text in SIZE.texts]
    assert sizes == sorted(set(sizes))
    assert sizes[0] == 1


def test_what_no_interpreter_but_the_main_one_takes_says_so() -> None:
    """Reasons for what would be a harness's mistake, or a fatal error by design."""
    assert {word.text for choice, word in WORDS if choice is ROOT and word.main_only} == {
        *("type-dict", "signal", "daemon-thread", "returning-thread", "waking-thread"),
        *("native-thread", "returning-native-thread", "waiting-native-thread"),
        "interpreter-thread",
    }
    assert [word.text for word in HOOK.words if word.main_only] == [
        *("busy-thread", "py-atexit", "static-destructor", "thread-local-destructor")
    ]
    assert {word.text for choice, word in WORDS if choice is ACTION and word.main_only} == {
        *("thread", "join", "native-thread")
    }
    assert [word.text for word in FLAVOUR.words if word.main_only] == ["concurrent"]


def test_what_is_abuse_by_itself() -> None:
    assert {(choice.name, word.text) for choice, word in WORDS if word.abuse} == {
        ("root", "static-object"),
        ("root", "native-thread-local"),
    }
