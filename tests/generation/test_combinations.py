"""Combinations of words, against all of them spelled out."""

from __future__ import annotations

import zlib
from itertools import combinations
from math import comb
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.generation.combinations import (
    Combinations,
    Explored,
    list_words,
    merge_explored,
    pack_explored,
    read_explored,
)
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import EVERYTHING, NOTHING, Vocabulary
from finfuzz.program.words import SIZE, Choice
from finfuzz.support.errors import UserError

WORDS = len(list_words(EVERYTHING))


def read(text: str) -> Program:
    return parse("finfuzz 1\n" + text.replace(";", "\n"))


def spell(program: Program) -> set[str]:
    """The words of a program, each with its operation."""
    found = set()
    for step in program.steps:
        texts = {t for _, c, t in step.typed() if isinstance(c, Choice) and c is not SIZE}
        found |= {f"{step.op} {text}" for text in texts} or {step.op}
    return found


@pytest.mark.parametrize(
    ("texts", "run"),
    [
        ((), (0, 0, 0)),
        (("import",), (1, 0, 0)),
        (("import; import",), (1, 0, 0)),
        (("import; collect",), (2, 1, 0)),
        (("import; collect", "collect; again"), (3, 2, 0)),
        (("node a list; root a sys; collect",), (3, 3, 1)),
        # a hook has two words: the hook, and its action
        (("node a list; hook a del collect",), (3, 3, 1)),
    ],
)
def test_what_was_run_is_counted_once(texts: tuple[str, ...], run: tuple[int, ...]) -> None:
    counted = Combinations(EVERYTHING)
    for text in texts:
        counted.count(read(text))
    assert tuple(one.run for one in counted.measure()) == run


@given(st.lists(st.from_type(Program), max_size=4))
def test_the_figures_are_those_of_all_combinations_spelled_out(programs: list[Program]) -> None:
    counted = Combinations(EVERYTHING)
    seen: set[tuple[str, ...]] = set()
    known = set(list_words(EVERYTHING))
    for program in programs:
        counted.count(program)
        for size in (1, 2, 3):
            seen.update(combinations(sorted(spell(program) & known), size))
    assert counted.measure() == tuple(
        Explored(size, sum(len(one) == size for one in seen), comb(WORDS, size))
        for size in (1, 2, 3)
    )


def test_workers_share_a_file_and_a_resumed_campaign_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "explored"
    first, second = Combinations(EVERYTHING, path), Combinations(EVERYTHING, path)
    first.count(read("import"))
    second.count(read("collect"))
    assert [one.run for one in read_explored(path)] == [2, 0, 0]
    assert Combinations(EVERYTHING, path).measure() == read_explored(path)


def test_another_vocabulary_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "explored"
    Combinations(EVERYTHING, path).count(read("import"))
    fewer = Combinations(NOTHING, path).measure()
    assert fewer[0] == Explored(1, 0, len(list_words(NOTHING)))


@pytest.mark.parametrize("offers", [EVERYTHING, NOTHING])
def test_only_words_that_the_target_has_are_wanted(offers: Vocabulary) -> None:
    words = list_words(offers)
    assert len(words) == len(set(words))
    assert ("node container" in words) is (offers is EVERYTHING)


@pytest.mark.parametrize("data", [b"", b"\1", b"\xff" * 32, b"\0" * 40])
def test_a_damaged_file_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "explored"
    path.write_bytes(data)
    with pytest.raises(UserError, match="is damaged: remove it"):
        read_explored(path)


def test_without_a_file_nothing_was_run(tmp_path: Path) -> None:
    assert read_explored(tmp_path / "explored") == ()


def test_what_two_machines_ran_adds_up(tmp_path: Path) -> None:
    campaign = tmp_path / "campaign"
    for name, text in (("one", "import; collect"), ("two", "collect; again")):
        Combinations(EVERYTHING, tmp_path / name).count(read(text))
        packed = pack_explored(tmp_path / name)
        for _ in range(2):  # what comes twice changes nothing
            merge_explored(campaign, packed)
    assert [one.run for one in read_explored(campaign)] == [3, 2, 0]


def test_a_machine_that_has_not_begun_has_nothing(tmp_path: Path) -> None:
    assert pack_explored(tmp_path / "nothing") == b""


@given(st.binary(max_size=60))
def test_what_is_no_packed_file_changes_nothing(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        for packed in (data, zlib.compress(data)):
            merge_explored(Path(folder, "explored"), packed)
        assert not list(Path(folder).iterdir())
