"""What libFuzzer took is kept whole; counters that come and go are found out."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from finfuzz.campaign.folder import name_of
from finfuzz.campaign.messages import Kept
from finfuzz.campaign.worker.corpus_writer import CorpusWriter
from finfuzz.executor.zygote import Executor
from finfuzz.generation.learning import Change
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.targets.build import Build

PROGRAM = "finfuzz 1\nnode a container\nroot a module\n"
OTHER = "finfuzz 1\nnode a instance\nroot a sys\n"
CHANGE = Change(("insert",), ("root",), ("sys",))


class Beside:
    """A keeper beside a real zygote, with libFuzzer's folder played by hand."""

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
        self.writer.ran(text.encode(), program, change)
        if taken:
            (self.live / name_of(text)).write_text(text)

    def kept(self) -> list[str]:
        return sorted(path.name for path in self.corpus.iterdir())


@pytest.fixture
def there(plain_c: Build, tmp_path: Path) -> Beside:
    return Beside(plain_c, tmp_path)


def test_what_was_taken_is_kept_under_its_name_and_said_once(there: Beside) -> None:
    there.run(PROGRAM)
    settled = there.writer.settle(41)
    assert settled is not None
    kept, change = settled
    assert kept == Kept(name_of(PROGRAM), 41, kept.features, ("insert",))
    assert kept.features > 10
    assert change is CHANGE
    assert there.kept() == [f"{name_of(PROGRAM)}.fin"]
    assert (there.corpus / there.kept()[0]).read_text() == PROGRAM
    assert there.writer.settle(42) is None
    there.run(PROGRAM)
    assert there.writer.settle(43) is None


@pytest.mark.parametrize(
    ("change", "taken"), [(CHANGE, False), (None, True)], ids=["not taken", "a seed"]
)
def test_what_is_not_new_is_not_kept(there: Beside, change: Change | None, taken: bool) -> None:
    there.run(PROGRAM, change, taken=taken)
    assert there.writer.settle(1) is None
    assert there.kept() == []


def test_features_that_a_seed_had_are_not_to_a_mutators_credit(there: Beside) -> None:
    there.run(PROGRAM, None)
    there.writer.settle(1)
    there.run(f"{PROGRAM}drop z\n")  # has no effect: covers the same
    assert there.writer.settle(2) is None
    assert len(there.kept()) == 1  # libFuzzer said that it wants it
    there.run(OTHER)
    settled = there.writer.settle(3)
    assert settled is not None


def test_a_counter_that_comes_and_goes_steers_no_longer(
    there: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Played by hand: a counter far behind all others that every second run meets."""
    shared, run = there.executor.shared, there.executor.run
    flickers, count = shared.counters - 1, 0

    def flickering(program: Program) -> object:
        nonlocal count
        outcome = run(program)
        count += 1
        ctypes.c_uint8.from_address(shared.counters_address + flickers).value = count % 2
        return outcome

    monkeypatch.setattr(there.executor, "run", flickering)
    for number, text in enumerate((PROGRAM, OTHER)):
        assert there.writer.unstable == frozenset()
        there.run(text)
        there.writer.settle(1000 * (number + 1))
    assert there.writer.unstable == {flickers}
    for _ in range(2):
        there.run(f"{OTHER}collect\n")
        assert flickers not in shared.covered()


def test_real_programs_cover_the_same_each_time(there: Beside) -> None:
    for number, text in enumerate((PROGRAM, OTHER, f"{OTHER}start i1 isolated\nstop i1\n")):
        there.run(text)
        there.writer.settle(1000 * (number + 1))
    assert there.writer.unstable == frozenset()


def test_from_an_empty_corpus_not_everything_is_run_again(
    there: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = []
    run = there.executor.run
    monkeypatch.setattr(
        there.executor, "run", lambda program: (ran.append(program), run(program))[1]
    )
    for number in range(20):
        there.run(PROGRAM + "collect\n" * number)
        there.writer.settle(number + 1)
    assert len(ran) <= 20 + 4  # once in twenty, and then twice
