"""Where a control is judged: on a node that has all it needs, else here."""

from __future__ import annotations

import socket
from collections.abc import Collection, Sequence

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.controls import Control
from finfuzz.triage.attribution.judging import judge_anywhere, make_task, run_task
from finfuzz.triage.attribution.nodes import Judged, JudgeTask, Place
from finfuzz.triage.attribution.reduced import ControlBuilds
from finfuzz.triage.attribution.verdict import Wanted
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict
from helpers.finding_example import finding

THERE = Verdict("otherwise", Rate(1, 3), "SIGSEGV/none")


class FakeNodes:
    """A node with these CPythons, which has answered after two waits, or is lost."""

    def __init__(self, pythons: Collection[str], *, lost: bool = False) -> None:
        self._pythons, self._lost, self._waits = frozenset(pythons), lost, 0

    def list_places(self, avoid: Collection[str] = ()) -> list[Place]:
        assert avoid == {socket.gethostname()}, "this host's core is triage's"
        return [Place("node", "tcp://node:1", self._pythons)]

    def submit(self, task: JudgeTask, places: Sequence[Place]) -> FakeNodes:
        del task, places
        return self

    def wait(self, seconds: float) -> Judged | None:
        del seconds
        if self._lost:
            raise UserError("its nodes are lost")
        self._waits += 1
        return Judged(THERE, "", "", "") if self._waits == 3 else None


def example(python: Interpreter, target: str = "no-extension") -> tuple[Finding, Control]:
    """A finding that does nothing wrong, on a target that needs no compiler for long."""
    made = finding(program="finfuzz 1\nnode a list\n")
    return made, Control("extension", parse_target(target), python)


def judge(
    python: Interpreter, nodes: FakeNodes, target: str = "no-extension"
) -> tuple[Verdict, int, list[str]]:
    made, control = example(python, target)
    lines: list[str] = []
    spec = parse_target("no-extension")
    builds = ControlBuilds(Wanted.from_finding(made), spec, python, Limits(), lines.append)
    judging = judge_anywhere(control, builds, made, nodes)
    waits = 0
    while True:
        try:
            next(judging)
        except StopIteration as over:
            return over.value.verdict, waits, [line for line in lines if "node" in line]
        waits += 1


def test_a_node_that_has_the_cpythons_judges(pythons: list[Interpreter]) -> None:
    python = pythons[0]
    assert judge(python, FakeNodes([python.text])) == (THERE, 2, [])


def test_else_it_is_judged_here(pythons: list[Interpreter]) -> None:
    verdict, waits, lines = judge(pythons[0], FakeNodes(["3.8.0"]))
    assert (verdict.what, waits, lines) == ("survived", 0, [])


def test_a_node_that_is_lost_leaves_it_to_this_machine(pythons: list[Interpreter]) -> None:
    python = pythons[0]
    verdict, _, lines = judge(python, FakeNodes([python.text], lost=True))
    assert verdict.what == "survived"
    assert lines == ["no-extension on a node: its nodes are lost: judging it here"]


@pytest.mark.parametrize("target", ["pybind11@/checkout", "wheel:thing==1.0"])
def test_what_is_here_alone_is_judged_here(target: str, pythons: list[Interpreter]) -> None:
    python = pythons[0]
    verdict, waits, _ = judge(python, FakeNodes([python.text]), target)
    assert (verdict.what, waits) == ("absent", 0)


@pytest.mark.parametrize("own", [True, False])
def test_a_task_gives_the_same_verdict_on_a_node(own: bool, pythons: list[Interpreter]) -> None:
    python = pythons[0]
    made, control = example(python)
    judged = run_task(
        make_task(control, made, Limits()), python, python if own else None, "a processor"
    )
    assert judged.verdict == judge(python, FakeNodes([]))[0]
    assert judged.build
    assert judged.processor == "a processor"
