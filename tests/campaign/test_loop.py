"""One worker's executions: what is counted, what is told, and what is told once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from fuzz.campaign.loop import Loop
from fuzz.campaign.messages import Again, Elsewise, Ended, Message, Progress, Sighting, receive
from fuzz.executor.zygote import Executor
from fuzz.program.text import parse, to_text
from fuzz.target.build import Build, build
from fuzz.target.interpreters import Interpreter
from fuzz.target.spec import parse_target

pytestmark = pytest.mark.usefixtures("kept_signals")

HOUR = 3600.0
SURVIVES = parse("finfuzz 1\nnode a container\nedge a a append\nroot a module\ndrop b\n")
DIES = parse("finfuzz 1\n# why\nnode a container\nedge a a append\nroot a codec\n")
DIES_ALIKE = parse("finfuzz 1\nnode z container\nedge z z append\nroot z codec\n")
DIES_OTHERWISE = parse("finfuzz 1\nnode a instance\nroot a interpreter-dict\n")


class Told:
    """A loop over a real executor and a real pipe."""

    def __init__(self, made: Build, seconds: float = HOUR) -> None:
        read, self._write = os.pipe()
        self._read = os.fdopen(read, "rb")
        self.executor = Executor(made)
        self.loop = Loop(self.executor, seconds, self._write)

    def finished(self, problem: str = "") -> list[Message]:
        """All that was told up to the goodbye, which is the last."""
        self.loop.finish(problem)
        self.hang_up()
        with self._read as file:
            return list(receive(file))

    def hang_up(self) -> None:
        if self._write >= 0:
            os.close(self._write)
            self._write = -1


@pytest.fixture
def dying(destroy: Build) -> Iterator[Told]:
    told = Told(destroy)
    yield told
    told.hang_up()


@pytest.fixture
def living(plain_c: Build) -> Iterator[Told]:
    told = Told(plain_c)
    yield told
    told.hang_up()


def without_progress(messages: list[Message]) -> list[Message]:
    return [message for message in messages if not isinstance(message, Progress)]


def test_what_survives_is_counted_and_nothing_else_is_said(living: Told) -> None:
    for _ in range(3):
        assert not living.loop.execute(SURVIVES).died
    (ended,) = without_progress(living.finished())
    assert isinstance(ended, Ended)
    assert ended.problem == ""
    assert ended.progress.executions == 3
    assert ended.progress.took == (9, 3, 0)
    assert ended.progress.zygotes_replaced == 0


def test_a_death_is_told_whole_once_and_then_by_its_number(dying: Told) -> None:
    outcome = dying.loop.execute(DIES)
    for program in (DIES, DIES_ALIKE, SURVIVES, DIES_OTHERWISE, DIES_OTHERWISE, DIES):
        dying.loop.execute(program)
    first, *rest, ended = without_progress(dying.finished())
    assert isinstance(first, Sighting)
    assert (first.look, first.execution) == (0, 1)
    assert first.text == to_text(DIES.without_comments())
    assert first.outcome == outcome
    assert 0 <= first.seconds <= ended.progress.seconds  # type: ignore[union-attr]
    again, alike, other, *last = rest
    assert (again, alike) == (Again(0, 0), Again(0, 0))
    assert isinstance(other, Sighting)
    assert (other.look, other.execution) == (1, 5)
    assert last == [Again(1, 0), Again(0, 0)]


def test_the_same_look_by_another_root_is_a_route(dying: Told) -> None:
    also = parse(f"{to_text(DIES)}root a sys\n")
    for program in (DIES, also, also, DIES):
        dying.loop.execute(program)
    _, route, *last, _ = without_progress(dying.finished())
    assert route == Elsewise(0, 1, to_text(also.without_comments()))
    assert last == [Again(0, 1), Again(0, 0)]


def test_each_loop_looks_with_its_own_eyes(destroy: Build) -> None:
    for _ in range(2):
        told = Told(destroy)
        told.loop.execute(DIES)
        sighting, _ = without_progress(told.finished())
        assert isinstance(sighting, Sighting)


def test_a_death_leaves_no_coverage_behind_and_a_survivor_does(dying: Told) -> None:
    shared = dying.executor.shared
    dying.loop.execute(SURVIVES)
    assert shared.covered()
    dying.loop.execute(DIES)
    assert not shared.covered()
    dying.finished()


def test_a_known_death_keeps_its_coverage(pythons: list[Interpreter]) -> None:
    """Its neighbours may well go on to something new."""
    old = [python for python in pythons if python.version < (3, 13)]
    if not old:
        pytest.skip("every CPython found ends leftover subinterpreters by itself")
    told = Told(build(parse_target("plain-c"), old[0]))
    assert told.loop.execute(parse("finfuzz 1\nstart i1 legacy\n")).died
    assert told.executor.shared.covered()
    sighting, _ = without_progress(told.finished())
    assert isinstance(sighting, Sighting)


def test_time_is_up_at_once_or_not_for_an_hour(plain_c: Build) -> None:
    assert Told(plain_c, 0.0).loop.over
    assert not Told(plain_c).loop.over


def test_sigterm_ends_it_after_the_program_under_way(living: Told) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    assert living.loop.over
    living.loop.execute(SURVIVES)
    (ended,) = without_progress(living.finished())
    assert isinstance(ended, Ended)
    assert ended.progress.executions == 1


def test_why_it_could_not_go_on_is_its_last_word(living: Told) -> None:
    (ended,) = without_progress(living.finished("the machine is on fire"))
    assert isinstance(ended, Ended)
    assert ended.problem == "the machine is on fire"


def test_how_it_goes_is_told_now_and_then_and_not_each_time(living: Told) -> None:
    count = 0
    # More than a progress message apart, by the loop's own clock.
    while living.loop._now < 0.5:
        living.loop.execute(SURVIVES)
        count += 1
    *progress, ended = living.finished()
    assert progress
    assert all(isinstance(message, Progress) for message in progress)
    assert len(progress) <= 3
    seen = [message.executions for message in progress if isinstance(message, Progress)]
    assert seen == sorted(seen)
    assert isinstance(ended, Ended)
    assert ended.progress.executions == count
