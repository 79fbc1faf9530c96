from collections import Counter
from pathlib import Path
from random import Random

import pytest

from finfuzz.campaign.worker.chooser import CANDIDATES, Chooser
from finfuzz.campaign.worker.program_source import Candidate, ProgramSource
from finfuzz.generation.features import list_features
from finfuzz.generation.novelty import Novelty
from finfuzz.generation.sweep.source import Sweep
from finfuzz.generation.sweep.space import Space
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import EVERYTHING


def read(text: str) -> Program:
    return parse("finfuzz 1\n" + text.replace(";", "\n"))


@pytest.fixture
def chooser() -> Chooser:
    return Chooser(ProgramSource((3, 13, 0)), Novelty(), None)


def choose(chooser: Chooser, *texts: str) -> str:
    """The choice among some programs, made over and over."""
    candidates = [Candidate(read(text), Program(), ("insert",)) for text in texts]
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
    texts = [f"node a {kind}" for kind in ("list", "dict", "lock", "object")]
    chosen = Counter(choose(chooser, *texts) for _ in range(8))
    assert chosen == dict.fromkeys(texts, 2)


def test_a_share_is_of_the_sweep(tmp_path: Path) -> None:
    sweep = Sweep(Space(EVERYTHING, (3, 13)), tmp_path / "sweep")
    chooser = Chooser(ProgramSource((3, 13, 0)), Novelty(), sweep)
    rng = Random(1)
    made = [chooser.choose(rng, lambda: chooser.source.generate(rng)) for _ in range(1000)]
    weights = chooser.source.learner.weights.mutators
    share = 1000 * weights["sweep"] / sum(weights.values())
    assert sum(one.by == ("sweep",) for one in made) == pytest.approx(share, rel=0.2)


def test_what_the_sweep_ran_is_not_new(tmp_path: Path) -> None:
    novelty = Novelty()
    sweep = Sweep(Space(EVERYTHING, (3, 13)), tmp_path / "sweep")
    chooser = Chooser(ProgramSource((3, 13, 0)), novelty, sweep)
    program = chooser.sweep_next()
    assert program is not None
    features = list_features(program)
    assert novelty.rate(features) < Novelty().rate(features)
