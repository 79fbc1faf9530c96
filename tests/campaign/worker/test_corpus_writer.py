"""Programs that libFuzzer takes are kept whole; unstable counters are found."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from finfuzz.campaign.folder import hash_program
from finfuzz.campaign.messages import CorpusAddition
from finfuzz.campaign.worker.corpus_writer import CorpusWriter
from finfuzz.executor.zygote import Executor
from finfuzz.generation.learning import Change
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.targets.build import Build

PROGRAM = "finfuzz 1\nnode a container\nroot a module\n"
OTHER = "finfuzz 1\nnode a instance\nroot a sys\n"
CHANGE = Change("coverage", ("insert",), ("root",), ("sys",))


class Writing:
    """A corpus writer with a real zygote; the test writes libFuzzer's folder."""

    def __init__(self, made: Build, folder: Path) -> None:
        self.live, self.corpus = folder / "live", folder / "corpus"
        for each in (self.live, self.corpus):
            each.mkdir()
        self.executor = Executor(made)
        self.writer = CorpusWriter(self.executor, self.live, self.corpus)

    def run(self, text: str, change: Change | None = CHANGE, *, taken: bool = True) -> None:
        self.executor.shared.clear_counters()
        program = parse(text)
        self.executor.run(program)
        self.writer.record(text.encode(), program, change)
        if taken:
            (self.live / hash_program(text)).write_text(text)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.corpus.iterdir())


@pytest.fixture
def writing(plain_c: Build, tmp_path: Path) -> Writing:
    return Writing(plain_c, tmp_path)


def test_what_was_taken_is_kept_under_its_name_and_said_once(writing: Writing) -> None:
    writing.run(PROGRAM)
    result = writing.writer.keep_last(41)
    assert result is not None
    kept, change = result
    assert kept == CorpusAddition(hash_program(PROGRAM), 41, kept.features, ("coverage", "insert"))
    assert kept.features > 10
    assert change is CHANGE
    assert writing.names() == [f"{hash_program(PROGRAM)}.fin"]
    assert (writing.corpus / writing.names()[0]).read_text() == PROGRAM
    assert writing.writer.keep_last(42) is None
    writing.run(PROGRAM)
    assert writing.writer.keep_last(43) is None


@pytest.mark.parametrize(
    ("change", "taken"), [(CHANGE, False), (None, True)], ids=["not taken", "a seed"]
)
def test_what_is_not_new_is_not_kept(writing: Writing, change: Change | None, taken: bool) -> None:
    writing.run(PROGRAM, change, taken=taken)
    assert writing.writer.keep_last(1) is None
    assert writing.names() == []


def test_features_that_a_seed_had_are_not_to_a_mutators_credit(writing: Writing) -> None:
    writing.run(PROGRAM, None)
    writing.writer.keep_last(1)
    writing.run(f"{PROGRAM}drop z\n")  # has no effect: covers the same
    assert writing.writer.keep_last(2) is None
    assert len(writing.names()) == 1  # libFuzzer has taken it
    writing.run(OTHER)
    result = writing.writer.keep_last(3)
    assert result is not None


def test_an_unstable_counter_steers_no_longer(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test adds a counter, far behind all others, that every second run meets."""
    shared, run = writing.executor.shared, writing.executor.run
    flickers, count = shared.counters - 1, 0

    def flickering(program: Program) -> object:
        nonlocal count
        outcome = run(program)
        count += 1
        ctypes.c_uint8.from_address(shared.counters_address + flickers).value = count % 2
        return outcome

    monkeypatch.setattr(writing.executor, "run", flickering)
    for number, text in enumerate((PROGRAM, OTHER)):
        assert writing.writer.unstable == frozenset()
        writing.run(text)
        writing.writer.keep_last(1000 * (number + 1))
    assert writing.writer.unstable == {flickers}
    for _ in range(2):
        writing.run(f"{OTHER}collect\n")
        assert flickers not in shared.covered()


def test_real_programs_cover_the_same_each_time(writing: Writing) -> None:
    for number, text in enumerate((PROGRAM, OTHER, f"{OTHER}start i1 isolated\nstop i1\n")):
        writing.run(text)
        writing.writer.keep_last(1000 * (number + 1))
    assert writing.writer.unstable == frozenset()


def test_from_an_empty_corpus_not_everything_is_run_again(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = []
    run = writing.executor.run
    monkeypatch.setattr(writing.executor, "run", lambda text: (ran.append(text), run(text))[1])
    for number in range(20):
        writing.run(PROGRAM + "collect\n" * number)
        writing.writer.keep_last(number + 1)
    assert len(ran) <= 20 + 4  # once in twenty, and then twice
