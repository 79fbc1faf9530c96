from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from finfuzz.campaign.worker.chooser import CANDIDATES, Chooser
from finfuzz.campaign.worker.program_source import Candidate, ProgramSource
from finfuzz.generation.combinations import Combinations
from finfuzz.generation.features import list_features
from finfuzz.generation.novelty import Novelty
from finfuzz.generation.sweep.source import Sweep
from finfuzz.generation.sweep.space import Space
from finfuzz.generation.weights import (
    COVERAGE,
    GRAPH,
    LATEST,
    LIFE_CYCLE,
    SOURCES,
    SWEEP,
    Weights,
)
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import EVERYTHING


def read(text: str) -> Program:
    return parse("finfuzz 1\n" + text.replace(";", "\n"))


def weigh(chooser: Chooser, **weights: float) -> None:
    learner = chooser.source.learner
    sources = {**dict.fromkeys(SOURCES, 0.0), **weights}
    learner.weights = replace(learner.weights, sources=sources)


@pytest.fixture
def chooser() -> Chooser:
    """One that takes what libFuzzer kept and nothing else."""
    chooser = Chooser(ProgramSource((3, 13, 0)), Novelty(), Combinations(EVERYTHING), None)
    weigh(chooser, coverage=1.0)
    return chooser


def choose(chooser: Chooser, *texts: str) -> str:
    """The choice among some programs, made over and over."""
    candidates = [Candidate(read(text), COVERAGE) for text in texts]
    made = iter(candidates * CANDIDATES)
    chosen = chooser.choose(Random(1), lambda: next(made))
    return texts[candidates.index(chosen)]


def test_what_was_not_run_yet_is_chosen(chooser: Chooser) -> None:
    first, second = "node a list; root a sys", "node a dict; root a codec"
    assert choose(chooser, first) == first
    assert choose(chooser, first, second) == second


def test_of_what_is_as_new_the_cheaper_is_chosen(chooser: Chooser) -> None:
    cheap, dear = "exit return", "exit exception"
    assert choose(chooser, dear, cheap) == cheap


def test_the_same_program_gets_old(chooser: Chooser) -> None:
    texts = [f"node a {kind}" for kind in ("list", "dict")]
    chosen = Counter(choose(chooser, *texts) for _ in range(8))
    assert chosen == dict.fromkeys(texts, 4)


def test_a_program_of_one_object_is_not_compared_with_one_of_eight(chooser: Chooser) -> None:
    """It is never as new; but eight objects may keep each other alive (issue 19)."""
    weigh(chooser, **{LIFE_CYCLE: 1.0})
    rng = Random(1)
    made = [chooser.choose(rng).program for _ in range(400)]
    kinds = [len({step.args[1] for step in one.steps if step.op == "node"}) for one in made]
    assert sum(count == 1 for count in kinds) > 40


def test_what_hung_is_not_mutated(chooser: Chooser) -> None:
    """Two of three hangs were mutants of a hang, at 2 s each (issue 19)."""
    weigh(chooser, latest=1.0)
    rng = Random(1)
    hung = chooser.choose(rng)
    assert hung.source == LIFE_CYCLE  # there was none to mutate
    chooser.forget(hung.program)
    chooser.forget(hung.program)
    other = chooser.choose(rng)
    assert other.source == LIFE_CYCLE
    sources = {chooser.choose(rng).source for _ in range(10)}
    assert LATEST in sources


@pytest.mark.parametrize("guided", [True, False])
def test_each_source_has_its_share(tmp_path: Path, guided: bool) -> None:
    sweep = Sweep(Space(EVERYTHING, (3, 13)), tmp_path / "sweep")
    source = ProgramSource((3, 13, 0))
    chooser = Chooser(source, Novelty(), Combinations(EVERYTHING), sweep)
    rng = Random(1)
    covered = Candidate(read("collect"), COVERAGE)
    made = [chooser.choose(rng, (lambda: covered) if guided else None) for _ in range(1000)]
    weights = dict(source.learner.weights.sources)
    if not guided:
        weights[LATEST] += weights.pop(COVERAGE)
    counts = Counter(one.source for one in made)
    assert counts.keys() == weights.keys()
    for name in (SWEEP, GRAPH):
        share = 1000 * weights[name] / sum(weights.values())
        assert counts[name] == pytest.approx(share, rel=0.3)


def test_a_complete_sweep_leaves_its_share_to_life_cycles() -> None:
    chooser = Chooser(ProgramSource((3, 13, 0)), Novelty(), Combinations(EVERYTHING), None)
    weigh(chooser, sweep=1.0)
    assert chooser.choose(Random(1)).source == LIFE_CYCLE


@pytest.mark.parametrize(
    ("text", "share"),
    [("node a list; node b list; edge a b append", 1.0), ("start i1 legacy; fork; fork", 0.3)],
)
def test_what_costs_more_is_mutated_more_rarely(text: str, share: float) -> None:
    program = read(text)
    source = ProgramSource((3, 13, 0))
    source.learner.weights = Weights(affordable=share * program.cost)
    rng = Random(1)
    may = sum(source.can_mutate(rng, program) for _ in range(1000))
    assert may == pytest.approx(1000 * share, abs=50)


def test_what_the_sweep_ran_is_not_new(tmp_path: Path) -> None:
    novelty = Novelty()
    sweep = Sweep(Space(EVERYTHING, (3, 13)), tmp_path / "sweep")
    chooser = Chooser(ProgramSource((3, 13, 0)), novelty, Combinations(EVERYTHING), sweep)
    program = chooser.sweep_next()
    assert program is not None
    features = list_features(program)
    assert novelty.rate(features) < Novelty().rate(features)
