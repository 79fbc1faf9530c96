"""One case on one build: which outcomes are made sure of in fresh processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.replay import run as module
from finfuzz.replay.cases import Case
from finfuzz.replay.run import PlannedBuild, replay_one
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target

BARE = parse_target("no-extension")


@pytest.fixture(scope="module")
def executor(pythons: list[Interpreter]) -> Iterator[Executor]:
    with Executor(build(BARE, pythons[0], instrumented=False), Limits(10)) as made:
        yield made


@pytest.mark.parametrize(("compare", "reruns"), [(False, 0), (True, 7)])
def test_a_finding_that_never_ran_here_is_rerun_where_builds_are_compared(
    executor: Executor, monkeypatch: pytest.MonkeyPatch, compare: bool, reruns: int
) -> None:
    """Alone it has no expectation to miss; compared, one run could differ by chance."""
    calls = []

    def run_fresh(*arguments: object) -> object:
        calls.append(arguments)
        return original(*arguments)

    original = module.run_fresh
    monkeypatch.setattr(module, "run_fresh", run_fresh)
    case = Case("finding", parse("finfuzz 1\nnode a list\n"), seen={})
    planned = PlannedBuild(BARE, executor.build.interpreter)
    result = replay_one(case, planned, executor, compare=compare)
    assert (result.judgement, result.summary, len(calls)) == ("new here", "survived", reruns)
