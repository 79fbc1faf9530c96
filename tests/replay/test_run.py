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
from finfuzz.support.errors import UserError
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


def test_a_case_that_can_not_be_judged_costs_no_other(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control that could not be built ended the whole replay, without any report."""

    def fail(*_: object, **__: object) -> None:
        raise UserError("plain-c can't be built: there is no compiler")

    monkeypatch.setattr(module, "compare", fail)
    planned = PlannedBuild(BARE, executor.build.interpreter)
    result = replay_one(Case("x", parse("finfuzz 1\nnode a list\n")), planned, executor)
    assert result.judgement == "not runnable"
    assert result.summary == "plain-c can't be built: there is no compiler"
