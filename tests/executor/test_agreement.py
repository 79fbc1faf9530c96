"""A zygote's child and a fresh process do the same, whatever zygotes do ahead (docs/speed.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import diagnose
from helpers.places import CORPUS, USES_FREED

#: Some programs race with their own threads: such a one has agreed once it does the same once.
TRIES = 5

BUILDS = [("pybind11==3.1.0+destroy", "3.13")]  # most of the corpus crashes there
SLOW_BUILDS = [
    (target, python)
    for target in ("plain-c", "pybind11", "pybind11==3.0.1", "pybind11==3.1.0+destroy")
    for python in ("3.9", "3.11", "3.12", "3.13", "3.14", "3.14d", "3.15", "3.15d")
    if (target, python) not in BUILDS
]


@pytest.fixture(
    scope="module",
    params=[*BUILDS, *(pytest.param(one, marks=pytest.mark.slow) for one in SLOW_BUILDS)],
    ids="-".join,
)
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    target, python = request.param
    try:
        interpreter = pick_interpreter(python)
    except UserError as error:
        pytest.skip(str(error))
    # A machine under load is no disagreement.
    limits = Limits(deadline=6)
    with Executor(build(resolve(parse_target(target)), interpreter), limits) as made:
        yield made


def facts(outcome: Outcome, *, uses_freed: bool) -> tuple[object, ...]:
    """Not how far it came: where an interpreter gets the address of an old one is the heap's doing
    (docs/found.md), and two of the programs go on until it does."""
    found = diagnose(outcome, Limits().memory_mib)
    if uses_freed:
        return (bool(found),)
    return (
        *(outcome.exit_code, outcome.signal, outcome.phase),
        *(outcome.capsule_lost, outcome.wrong_answers),
        sorted((one.bucket, str(one), one.detail) for one in found),
    )


@pytest.mark.parametrize("program", sorted(CORPUS.glob("*.fin")), ids=lambda path: path.stem)
def test_they_agree_on_the_whole_corpus(executor: Executor, program: Path) -> None:
    read = parse(program.read_text())
    uses_freed = program.stem in USES_FREED
    for _ in range(TRIES):
        forked = facts(executor.run(read), uses_freed=uses_freed)
        fresh = facts(run_fresh(executor.build, read, executor.limits), uses_freed=uses_freed)
        if forked == fresh:
            return
    assert forked == fresh
