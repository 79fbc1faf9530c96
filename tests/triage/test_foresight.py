"""Crashes that nodes reproduce and minimize while they wait for triage."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.model import Program
from finfuzz.program.text import parse, to_text
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.nodes import (
    Judged,
    JudgeTask,
    Minimized,
    MinimizeTask,
    Pending,
    Place,
)
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.filer import Filer, Origin
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.foresight import Foresight
from finfuzz.triage.minimizing import run_minimize_task
from finfuzz.triage.reproduction import Reproduced, Reproducer

FOUND = "finfuzz 1\nnode a list\nnode b dict\n"
SMALLEST = "finfuzz 1\nnode a list\n"
#: The extension is executed again.
SMALLER = "finfuzz 1\nimport\nunimport\nimport\n"
AGAIN = "finfuzz 1\nimport\nunimport\nimport\nnode a list\n"
RARER = "finfuzz 1\nimport\nunimport\n"
ALWAYS = Rate(10, 10)
CRASH = Diagnosis("SIGSEGV", "none", "running", "", ("a_function", "its_caller"))
ANOTHER = Diagnosis("SIGSEGV", "none", "running", "", ("another_function",))


class FakeNodes:
    """A node with these CPythons that answers after two waits. ``tasks``: those it was given."""

    def __init__(self, pythons: Collection[str], rate: Rate = ALWAYS, lost: str = "") -> None:
        self._pythons, self._rate, self._lost = frozenset(pythons), rate, lost
        self._waits = 0
        self.tasks: list[MinimizeTask] = []
        self.cancelled = False

    def list_places(self, avoid: Collection[str] = ()) -> list[Place]:
        assert avoid == {socket.gethostname()}, "this host's core is triage's"
        return [Place("node", "tcp://node:1", self._pythons)]

    def submit(self, task: JudgeTask, places: Sequence[Place]) -> Pending[Judged]:
        raise NotImplementedError

    def minimize(self, task: MinimizeTask, places: Sequence[Place]) -> FakeNodes:
        assert [place.name for place in places] == ["node"]
        self.tasks.append(task)
        return self

    def wait(self, seconds: float) -> Minimized | None:
        assert seconds
        if self._lost:
            raise UserError(self._lost)
        self._waits += 1
        return Minimized(SMALLEST, self._rate, "node") if self._waits % 3 == 0 else None

    def cancel(self) -> None:
        self.cancelled = True


class World:
    """Foresight for a target. ``lines``: announced; ``waits``: signs of life."""

    def __init__(self, made: Build, nodes: FakeNodes | None) -> None:
        self.lines: list[str] = []
        self.waits = 0
        self.foresight = Foresight(made, Limits(), nodes, self.lines.append, self._advance)

    def _advance(self, *_: object) -> None:
        self.waits += 1


def take(world: World, diagnosis: Diagnosis) -> str | None:
    done = world.foresight.take(FOUND, diagnosis)
    return done and done.text


@pytest.fixture(scope="module")
def made(pythons: list[Interpreter]) -> Build:
    return build(parse_target("no-extension"), pythons[0])


def test_a_node_begins_before_triage_asks_and_each_bucket_once(made: Build) -> None:
    nodes = FakeNodes([made.interpreter.text])
    world = World(made, nodes)
    world.foresight.begin(FOUND, CRASH)
    world.foresight.begin(SMALLEST, CRASH)
    world.foresight.begin(FOUND, ANOTHER)
    assert [task.diagnosis for task in nodes.tasks] == [CRASH, ANOTHER]
    assert take(world, CRASH) == SMALLEST
    assert world.waits == 2
    assert world.lines[-1] == (
        f"{CRASH} {CRASH.bucket}: minimized on node, where it crashed in 10 of 10 runs"
    )
    assert take(world, ANOTHER) == SMALLEST
    assert len(nodes.tasks) == 2


def test_what_was_not_foreseen_goes_to_a_node_then(made: Build) -> None:
    nodes = FakeNodes([made.interpreter.text])
    world = World(made, nodes)
    assert take(world, CRASH) == SMALLEST
    assert [task.text for task in nodes.tasks] == [FOUND]


@pytest.mark.parametrize(
    ("nodes", "line"),
    [
        (None, ""),
        (FakeNodes(["3.8.0"]), ""),
        (FakeNodes([""], Rate(0, 10)), "reproducing on a node"),
        (FakeNodes([""], lost="its nodes are lost"), "its nodes are lost: reproducing it here"),
    ],
)
def test_else_triage_does_it_here(nodes: FakeNodes | None, line: str, made: Build) -> None:
    if nodes is not None and "" in nodes._pythons:
        nodes._pythons = frozenset([made.interpreter.text])
    world = World(made, nodes)
    assert world.foresight.take(FOUND, CRASH) is None
    assert line in "".join(world.lines)


def test_a_slow_node_is_not_waited_for(made: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finfuzz.triage.foresight._LONGEST_SECONDS", -1)
    nodes = FakeNodes([made.interpreter.text])
    world = World(made, nodes)
    assert world.foresight.take(FOUND, CRASH) is None
    assert nodes.cancelled


def test_another_program_of_the_bucket_is_not_taken_for_it(made: Build) -> None:
    world = World(made, FakeNodes([made.interpreter.text]))
    world.foresight.begin(FOUND, CRASH)
    assert world.foresight.take("finfuzz 1\nnode c set\n", CRASH) is None


def test_a_node_minimizes_what_it_reproduces(dying: Build) -> None:
    (found,) = diagnose(run_fresh(dying, parse(AGAIN)), Limits().memory_mib)
    task = MinimizeTask(
        target=str(dying.spec),
        python=dying.interpreter.text,
        text=AGAIN,
        diagnosis=found,
        deadline=5.0,
        memory_mib=Limits().memory_mib,
        abuse=False,
    )
    done = run_minimize_task(task, dying.interpreter, "node")
    assert (done.rate.k, done.rate.n, done.text) == (10, 10, SMALLER)


def test_what_a_node_has_minimized_is_confirmed_here(
    made: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the program does not fail here, or more rarely, or no node had it, triage begins from
    the first one."""
    rates = {SMALLER: ALWAYS, RARER: Rate(1, 40)}

    def make(text: str) -> Reproduced:
        return Reproduced(parse(text), rates.get(text, ALWAYS), ALWAYS)

    def confirm(_: object, program: Program, __: object) -> Reproduced | None:
        return make(to_text(program)) if to_text(program) in rates else None

    monkeypatch.setattr(Reproducer, "reproduce", lambda *_: make(AGAIN))
    monkeypatch.setattr(Reproducer, "confirm", confirm)
    filer = Filer(made, tmp_path, Limits(), Origin("random", 1), lambda _: None)
    with contextlib.closing(filer):
        for text, program in (
            ("", AGAIN), (SMALLEST, AGAIN), (RARER, AGAIN), (SMALLER, SMALLER)
        ):  # fmt: skip
            answer = Minimized(text, ALWAYS, "node") if text else None
            monkeypatch.setattr(Foresight, "take", lambda *_, answer=answer: answer)
            assert filer._reproduce(AGAIN, CRASH) == make(program)
