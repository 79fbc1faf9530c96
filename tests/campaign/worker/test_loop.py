"""One worker's executions: what is counted, what is told, and what is told once."""

from __future__ import annotations

import errno
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from finfuzz.campaign.messages import (
    Channel,
    Counts,
    Ended,
    FromWorker,
    NewSignature,
    Progress,
    Sample,
    Tallies,
    Trouble,
)
from finfuzz.campaign.worker import signatures
from finfuzz.campaign.worker.loop import Loop
from finfuzz.executor.zygote import Executor
from finfuzz.generation.learning import Change, Learner
from finfuzz.generation.weights import DEFAULT
from finfuzz.program.text import parse, to_text
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from helpers.workers import HOUR, make_patient_config

pytestmark = pytest.mark.usefixtures("kept_signals")

SURVIVES = parse("finfuzz 1\nnode a container\nedge a a append\nroot a module\ndrop b\n")
DIES = parse("finfuzz 1\n# why\nnode a container\nedge a a append\nroot a codec\n")
DIES_ALIKE = parse("finfuzz 1\nnode z container\nedge z z append\nroot z codec\n")
DIES_OTHERWISE = parse("finfuzz 1\nnode a instance\nroot a interpreter-dict\n")


class Told:
    """A loop over a real executor and a real pipe."""

    def __init__(self, made: Build, folder: Path, seconds: float = HOUR) -> None:
        read, self._write = os.pipe()
        self._read = os.fdopen(read, "rb")
        self.executor = Executor(made)
        self.learner = Learner(DEFAULT)
        config = make_patient_config(folder, made, seconds=seconds)
        self.sightings = Path(config.sightings)
        self.loop = Loop(self.executor, config, self.learner, self._write)

    def finished(self, problem: str = "") -> list[FromWorker]:
        """All that was told up to the goodbye, which is the last."""
        self.loop.finish(problem)
        self.hang_up()
        channel: Channel[FromWorker] = Channel(FromWorker)
        with self._read as file:
            return list(channel.read(file))

    def hang_up(self) -> None:
        if self._write >= 0:
            os.close(self._write)
            self._write = -1


@pytest.fixture
def dying(destroy: Build, tmp_path: Path) -> Iterator[Told]:
    told = Told(destroy, tmp_path)
    yield told
    told.hang_up()


@pytest.fixture
def living(plain_c: Build, tmp_path: Path) -> Iterator[Told]:
    told = Told(plain_c, tmp_path)
    yield told
    told.hang_up()


def new_signatures(messages: list[FromWorker]) -> list[NewSignature]:
    return [message for message in messages if isinstance(message, NewSignature)]


def counted(messages: list[FromWorker]) -> dict[tuple[str, tuple[str, ...]], int]:
    """All counts together, by look and roots."""
    found: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for message in messages:
        for count in message.counts if isinstance(message, Counts) else ():
            found[count.signature, count.roots] += count.sightings
    return dict(found)


def ended(messages: list[FromWorker]) -> Ended:
    last = messages[-1]
    assert isinstance(last, Ended)
    return last


def test_what_survives_is_counted_and_nothing_else_is_said(living: Told) -> None:
    for _ in range(3):
        _, outcome = living.loop.execute(SURVIVES)
        assert not outcome.died
    messages = living.finished()
    assert {type(message) for message in messages} <= {Progress, Tallies, Sample, Ended}
    last = ended(messages)
    assert last.problem == ""
    assert last.progress.executions == 3
    assert last.progress.took == (9, 3, 0)
    assert (last.progress.touched, last.progress.deaths) == (3, 0)
    assert last.progress.zygotes_replaced == 0
    assert last.progress.child_seconds > 0
    assert last.progress.floor_seconds > 0


def test_what_never_uses_the_extension_does_not_touch_it(living: Told) -> None:
    living.loop.execute(parse("finfuzz 1\nnode a list\n"))
    assert ended(living.finished()).progress.touched == 0


def test_a_death_is_written_whole_once_and_then_counted(dying: Told) -> None:
    _, outcome = dying.loop.execute(DIES)
    for program in (DIES, DIES_ALIKE, SURVIVES, DIES_OTHERWISE, DIES_OTHERWISE, DIES):
        dying.loop.execute(program)
    messages = dying.finished()
    first, other = new_signatures(messages)
    assert (first.execution, other.execution) == (1, 5)
    assert 0 <= first.seconds <= ended(messages).progress.seconds
    sighted = signatures.load(dying.sightings, first.signature)
    assert sighted.text == to_text(DIES.without_comments())
    assert (sighted.outcome, sighted.execution) == (outcome, 1)
    assert counted(messages) == {
        (first.signature, ("codec",)): 4,
        (other.signature, ("interpreter-dict",)): 2,
    }
    assert {path.name for path in dying.sightings.iterdir()} == {first.signature, other.signature}
    assert ended(messages).progress.deaths == 6


def test_the_same_look_by_another_root_is_a_route_with_its_program(dying: Told) -> None:
    also = parse(f"{to_text(DIES)}root a sys\n")
    for program in (DIES, also, also, DIES):
        dying.loop.execute(program)
    messages = dying.finished()
    (signature,) = new_signatures(messages)
    assert counted(messages) == {
        (signature.signature, ("codec",)): 2,
        (signature.signature, ("codec", "sys")): 2,
    }
    texts = [
        one.text for message in messages if isinstance(message, Counts) for one in message.counts
    ]
    assert to_text(also.without_comments()) in texts


def test_another_worker_tells_of_the_look_and_leaves_its_file(
    destroy: Build, tmp_path: Path
) -> None:
    """So that workers of one lane keep one program between them."""
    written = []
    for program in (DIES, DIES_ALIKE):
        told = Told(destroy, tmp_path)
        told.loop.execute(program)
        (signature,) = new_signatures(told.finished())
        written.append((signature.signature, (told.sightings / signature.signature).read_bytes()))
    assert written[0] == written[1]


def test_a_look_is_to_the_credit_of_what_made_it(dying: Told) -> None:
    change = Change(("insert",), ("root",), ("codec",))
    dying.loop.execute(DIES, change)
    dying.loop.execute(DIES, change)
    tallies = {one.name: (one.tried, one.signatures) for one in dying.learner.tallies}
    assert tallies == {"insert": (2, 1), "root": (2, 1), "codec": (2, 1)}


def test_where_the_disk_is_full_it_is_said_and_goes_on(
    dying: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(signatures, "write_whole", no_space)
    dying.loop.execute(DIES)
    monkeypatch.undo()
    dying.loop.execute(DIES)
    messages = dying.finished()
    (trouble,) = [message for message in messages if isinstance(message, Trouble)]
    assert trouble.line == "a sighting can't be written: No space left on device"
    (signature,) = new_signatures(messages)
    assert signature.execution == 2


def test_a_death_leaves_no_coverage_behind_and_a_survivor_does(dying: Told) -> None:
    shared = dying.executor.shared
    dying.loop.execute(SURVIVES)
    assert shared.covered()
    dying.loop.execute(DIES)
    assert not shared.covered()
    dying.finished()


def test_a_known_death_keeps_its_coverage(pythons: list[Interpreter], tmp_path: Path) -> None:
    """Its neighbours may well go on to something new."""
    old = [python for python in pythons if python.version < (3, 13)]
    if not old:
        pytest.skip("every CPython found ends leftover subinterpreters by itself")
    told = Told(build(parse_target("plain-c"), old[0]), tmp_path)
    _, outcome = told.loop.execute(parse("finfuzz 1\nstart i1 legacy\n"))
    assert outcome.died
    assert told.executor.shared.covered()
    assert new_signatures(told.finished())


def test_time_is_up_at_once_or_not_for_an_hour(plain_c: Build, tmp_path: Path) -> None:
    assert Told(plain_c, tmp_path, 0.0).loop.over
    assert not Told(plain_c, tmp_path).loop.over


def test_sigterm_ends_it_after_the_program_under_way(living: Told) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    assert living.loop.over
    living.loop.execute(SURVIVES)
    assert ended(living.finished()).progress.executions == 1


def test_why_it_could_not_go_on_is_its_last_word(living: Told) -> None:
    assert ended(living.finished("the machine is on fire")).problem == "the machine is on fire"


def test_how_it_goes_is_told_now_and_then_and_not_each_time(living: Told) -> None:
    count = 0
    # More than a progress message apart, by the loop's own clock.
    while living.loop._now < 0.5:
        living.loop.execute(SURVIVES)
        count += 1
    messages = living.finished()
    seen = [message.executions for message in messages if isinstance(message, Progress)]
    assert 1 <= len(seen) <= 3
    assert seen == sorted(seen)
    assert ended(messages).progress.executions == count
