"""Same seed, same target: same sequence of programs. With real workers, at full length."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from finfuzz.campaign.folder import hash_program
from finfuzz.campaign.messages import Channel, Finished, FromWorker
from finfuzz.campaign.plan import Engine
from finfuzz.campaign.worker.chooser import Chooser
from finfuzz.campaign.worker.libfuzzer import _Mutators
from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.generation.combinations import Combinations
from finfuzz.generation.generate import leaves_threads
from finfuzz.generation.novelty import Novelty
from finfuzz.generation.weights import COVERAGE
from finfuzz.program.legal import OUTLIVING_ACTIONS, OUTLIVING_HOOKS, THREAD_ROOTS
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import EVERYTHING
from finfuzz.targets.build import Build
from finfuzz.targets.frameworks import FRAMEWORKS
from helpers.workers import make_patient_job, start_recorded_worker

#: Words whose threads run beside the program's own: how far each comes by when is a race. Of 6,000
#: programs run four times, 289 had other features in one run, and all of those had such a word.
RACING = (
    *sorted(THREAD_ROOTS | OUTLIVING_HOOKS | OUTLIVING_ACTIONS),
    *("thread", "together", "everywhere"),
)


class Recording(NamedTuple):
    """A worker's programs, the programs that it kept, libFuzzer's folder and the last message."""

    programs: list[str]
    corpus: dict[str, str]
    live: Path
    last: Finished


def record(
    folder: Path,
    made: Build,
    engine: Engine,
    seed: int,
    count: int,
    start: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> Recording:
    """Run a worker for ``count`` executions.

    libFuzzer's folder begins with ``start``; no program is made with a word of ``without``.
    """
    config = make_patient_job(folder, made, engine, seed)
    live, corpus = Path(config.paths.live), Path(config.paths.corpus)
    for number, text in enumerate(start):
        (live / f"start{number}").write_text(text)
    worker, read = start_recorded_worker(config, folder / "programs", count, without)
    with os.fdopen(read, "rb") as file:
        channel: Channel[FromWorker] = Channel(FromWorker)
        *_, last = channel.read(file)
    assert worker.wait() == 0
    assert isinstance(last, Finished)
    programs = (folder / "programs").read_text(encoding="utf-8").split("---\n")[:-1]
    kept = {path.name: path.read_text() for path in corpus.iterdir()}
    return Recording(programs, kept, live, last)


@pytest.mark.parametrize("engine", ["random", "atheris"])
def test_the_same_seed_gives_the_same_programs(
    engine: Engine, destroy: Build, tmp_path: Path
) -> None:
    first = record(tmp_path / "first", destroy, engine, 5, 80)
    second = record(tmp_path / "second", destroy, engine, 5, 80)
    assert len(first.programs) == first.last.progress.executions == 80
    assert first.programs == second.programs
    assert first.corpus == second.corpus
    assert first.last.progress.took == second.last.progress.took
    assert len(set(first.programs)) > 40  # it is not one and the same over and over


@pytest.mark.parametrize("engine", ["random", "atheris"])
def test_another_seed_gives_others(engine: Engine, plain_c: Build, tmp_path: Path) -> None:
    first = record(tmp_path / "first", plain_c, engine, 5, 30)
    second = record(tmp_path / "second", plain_c, engine, 6, 30)
    assert first.programs != second.programs


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2**31])
def test_a_long_sequence_is_the_same_too(seed: int, destroy: Build, tmp_path: Path) -> None:
    """But for programs with threads that run beside theirs."""
    first = record(tmp_path / "first", destroy, "atheris", seed, 3000, without=RACING)
    second = record(tmp_path / "second", destroy, "atheris", seed, 3000, without=RACING)
    assert first.programs == second.programs
    assert first.corpus == second.corpus


def test_what_covers_something_new_is_kept_as_a_program(plain_c: Build, tmp_path: Path) -> None:
    recording = record(tmp_path, plain_c, "atheris", 1, 100)
    assert len(recording.corpus) > 5
    for name, text in recording.corpus.items():
        assert name == f"{hash_program(text)}.fin"
        if text.strip():
            parse(text)


def test_a_corpus_is_where_it_starts(plain_c: Build, tmp_path: Path) -> None:
    start = (
        "finfuzz 1\n# comments are no part of what is run\nnode mine container\nroot mine leak\n",
        "this is no program\n",
        "",
        "\ufeff",
    )
    recording = record(tmp_path, plain_c, "atheris", 1, 40, start)
    assert any("node mine container\nroot mine leak\n" in text for text in recording.programs[:8])
    assert not any("this is no program" in text for text in recording.programs)
    assert {path.name for path in recording.live.iterdir()} >= {
        f"start{number}" for number in range(len(start))
    }
    assert not any("this is no program" in text for text in recording.corpus.values())


def test_the_engine_that_looks_at_nothing_leaves_the_corpus_alone(
    plain_c: Build, tmp_path: Path
) -> None:
    start = ("finfuzz 1\nnode mine container\n",)
    recording = record(tmp_path, plain_c, "random", 1, 40, start)
    assert recording.corpus == {}
    assert [path.name for path in recording.live.iterdir()] == ["start0"]


@pytest.mark.parametrize("python", [(3, 9, 18), (3, 12, 1), (3, 13, 0), (3, 14, 2)])
def test_programs_that_leave_a_subinterpreter_are_few_where_that_is_a_known_death(
    python: tuple[int, int, int],
) -> None:
    programs, rng = ProgramSource(python), Random(1)
    made = [programs.generate(rng).program for _ in range(300)]
    made += [programs.mutate(rng, program).program for program in made]
    leaving = 0
    for program in made:
        alive: set[str] = set()
        for step in program.steps:
            if step.op == "start":
                alive.add(step.args[0])
            elif step.op == "stop":
                alive.discard(step.args[0])
        leaving += bool(alive)
    assert leaving  # some do all the same: the defect may go, or hide another
    assert (leaving > 25) is (python >= (3, 13))


def test_words_of_a_known_defect_that_hides_others_are_rare() -> None:
    words = {"enum", "self-check"}
    programs, rng = ProgramSource((3, 13, 0), rare=words), Random(1)
    made = [programs.generate(rng).program for _ in range(300)]
    made += [programs.mutate(rng, program).program for program in made]
    has = [any(words & {step.op, *step.args} for step in one.steps) for one in made]
    assert 0 < sum(has) < 40  # some do all the same: a defect may need them, too


def make_programs(programs: ProgramSource, number: int) -> list[Program]:
    """Make programs from nothing, and as many mutants of them."""
    rng = Random(1)
    made = [programs.generate(rng).program for _ in range(number // 2)]
    return made + [programs.mutate(rng, program).program for program in made]


def test_hardly_a_subinterpreter_is_started_where_an_import_in_it_hangs() -> None:
    """A further life is no interpreter beside another: it may begin, and does (issue 19)."""
    programs = ProgramSource((3, 11, 7), hangs=FRAMEWORKS["pybind11"].hangs_on((3, 11, 7)))
    made = make_programs(programs, 10_000)
    has = {
        op: sum(any(step.op == op for step in program.steps) for program in made)
        for op in ("start", "again")
    }
    assert 0 < has["start"] < 20
    assert has["again"] > 500


def test_words_that_a_packages_documentation_rules_out_do_not_come() -> None:
    """Segments and mutators have them, and numpy's campaigns started interpreters (issue 19)."""
    words = {"start", "again", "unimport", "capsule", "gc-garbage"}
    made = make_programs(ProgramSource((3, 13, 0), avoided=words), 1000)
    assert not any(words & {step.op, *step.args} for one in made for step in one.steps)


def test_cross_overs_are_one_of_ten_of_what_libfuzzer_kept() -> None:
    """libFuzzer asks for one every second time; programs then grew to all steps they may have."""
    loop = SimpleNamespace(mutation_seconds=0.0)
    source = ProgramSource((3, 13, 0))
    source.learner.weights = replace(source.learner.weights, sources={COVERAGE: 1.0})
    chooser = Chooser(source, Novelty(), Combinations(EVERYTHING), None)
    mutators = _Mutators(chooser, loop)  # type: ignore[arg-type]
    first, second = (f"finfuzz 1\nnode {name} list\nedge {name} {name} append\n" for name in "ab")
    crossed = 0
    for seed in range(1000):
        text = mutators.cross_over(first.encode(), second.encode(), 1000, seed)
        made = mutators.take_candidate(text)
        crossed += made is not None and made.change.mutators == ("cross-over",)
    assert crossed == pytest.approx(200, abs=40)


def test_interpreters_with_threads_are_rarely_left() -> None:
    """Since 3.13 each costs the whole deadline."""
    programs, rng = ProgramSource((3, 13, 0)), Random(1)
    program = parse("finfuzz 1\nstart i1 legacy\nenter i1\nnode a list\nroot a joined-thread\n")
    left = [leaves_threads(programs.mutate(rng, program).program) for _ in range(2000)]
    assert 0 < sum(left) < 100
