"""One worker's executions: what is counted, and what is reported once."""

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
    Finished,
    FromWorker,
    NewSignature,
    Progress,
    SightingCounts,
    Tallies,
    WorkerWarning,
    ZygoteOutcome,
)
from finfuzz.campaign.worker import loop as loop_module
from finfuzz.campaign.worker import signatures
from finfuzz.campaign.worker.loop import Loop
from finfuzz.executor.zygote import Executor, ZygoteDied
from finfuzz.generation.learning import Change, Learner
from finfuzz.generation.weights import DEFAULT
from finfuzz.program.text import parse, to_text
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from helpers.workers import HOUR, make_patient_job

pytestmark = pytest.mark.usefixtures("kept_signals")

SURVIVES = parse("finfuzz 1\nnode a container\nedge a a append\nroot a module\ndrop b\n")
DIES = parse("finfuzz 1\n# why\nnode a container\nedge a a append\nroot a codec\n")
DIES_ALIKE = parse("finfuzz 1\nnode z container\nedge z z append\nroot z codec\n")
DIES_OTHERWISE = parse("finfuzz 1\nnode a instance\nroot a interpreter-dict\n")


class Recorded:
    """A loop over a real executor and a real pipe, whose messages are read."""

    def __init__(self, made: Build, folder: Path, seconds: float = HOUR) -> None:
        read, self._write = os.pipe()
        self._read = os.fdopen(read, "rb")
        self.executor = Executor(made)
        self.learner = Learner(DEFAULT)
        job = make_patient_job(folder, made, seconds=seconds)
        self.signatures = Path(job.paths.signatures)
        self.loop = Loop(self.executor, job, self.learner, self._write)

    def finished(self, problem: str = "") -> list[FromWorker]:
        """End the loop; return all its messages."""
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
def dying(destroy: Build, tmp_path: Path) -> Iterator[Recorded]:
    recorded = Recorded(destroy, tmp_path)
    yield recorded
    recorded.hang_up()


@pytest.fixture
def living(plain_c: Build, tmp_path: Path) -> Iterator[Recorded]:
    recorded = Recorded(plain_c, tmp_path)
    yield recorded
    recorded.hang_up()


def new_signatures(messages: list[FromWorker]) -> list[NewSignature]:
    return [message for message in messages if isinstance(message, NewSignature)]


def sum_counts(messages: list[FromWorker]) -> dict[tuple[str, tuple[str, ...]], int]:
    """Sum the counts by signature and roots."""
    found: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for message in messages:
        for count in message.counts if isinstance(message, SightingCounts) else ():
            found[count.signature, count.roots] += count.sightings
    return dict(found)


def last_of(messages: list[FromWorker]) -> Finished:
    last = messages[-1]
    assert isinstance(last, Finished)
    return last


def test_what_survives_is_counted_and_nothing_else_is_reported(living: Recorded) -> None:
    for _ in range(3):
        outcome = living.loop.execute(SURVIVES)
        assert not outcome.died
    messages = living.finished()
    assert {type(message) for message in messages} <= {Progress, Tallies, ZygoteOutcome, Finished}
    last = last_of(messages)
    assert last.problem == ""
    assert last.progress.executions == 3
    assert last.progress.took == (9, 3, 0)
    assert (last.progress.touched, last.progress.deaths) == (3, 0)
    assert last.progress.zygotes_replaced == 0
    assert last.progress.child_seconds > 0
    assert last.progress.floor_seconds == 0  # not in the first second


def test_bare_children_are_timed(living: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "_FLOOR_SECONDS", 0.0)  # each time
    living.loop.execute(SURVIVES)
    assert last_of(living.finished()).progress.floor_seconds > 0


def test_a_zygote_that_is_killed_while_bare_children_are_timed_ends_no_worker(
    living: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for want of memory. Half of the workers ended where a test killed the zygote."""

    def die(**_: bool) -> None:
        raise ZygoteDied("no message")

    monkeypatch.setattr(loop_module, "_FLOOR_SECONDS", 0.0)
    monkeypatch.setattr(living.executor, "run_bare", die)
    assert not living.loop.execute(SURVIVES).died
    last = last_of(living.finished())
    assert (last.problem, last.progress.executions, last.progress.floor_seconds) == ("", 1, 0)


def test_what_never_uses_the_extension_does_not_touch_it(living: Recorded) -> None:
    living.loop.execute(parse("finfuzz 1\nnode a list\n"))
    assert last_of(living.finished()).progress.touched == 0


def test_a_death_is_written_whole_once_and_then_counted(dying: Recorded) -> None:
    outcome = dying.loop.execute(DIES)
    for program in (DIES, DIES_ALIKE, SURVIVES, DIES_OTHERWISE, DIES_OTHERWISE, DIES):
        dying.loop.execute(program)
    messages = dying.finished()
    first, other = new_signatures(messages)
    assert (first.execution, other.execution) == (1, 5)
    assert 0 <= first.seconds <= last_of(messages).progress.seconds
    file = signatures.load(dying.signatures, first.signature)
    assert file.text == to_text(DIES.without_comments())
    assert (file.outcome, file.execution) == (outcome, 1)
    assert sum_counts(messages) == {
        (first.signature, ("codec",)): 4,
        (other.signature, ("interpreter-dict",)): 2,
    }
    assert {path.name for path in dying.signatures.iterdir()} == {first.signature, other.signature}
    assert last_of(messages).progress.deaths == 6


def test_the_same_signature_by_another_root_is_a_route_with_its_program(dying: Recorded) -> None:
    also = parse(f"{to_text(DIES)}root a sys\n")
    for program in (DIES, also, also, DIES):
        dying.loop.execute(program)
    messages = dying.finished()
    (signature,) = new_signatures(messages)
    assert sum_counts(messages) == {
        (signature.signature, ("codec",)): 2,
        (signature.signature, ("codec", "sys")): 2,
    }
    texts = [
        one.text
        for message in messages
        if isinstance(message, SightingCounts)
        for one in message.counts
    ]
    assert to_text(also.without_comments()) in texts


def test_another_worker_reports_the_signature_and_leaves_its_file(
    destroy: Build, tmp_path: Path
) -> None:
    """So that workers of one lane keep one program between them."""
    written = []
    for program in (DIES, DIES_ALIKE):
        recorded = Recorded(destroy, tmp_path)
        recorded.loop.execute(program)
        (signature,) = new_signatures(recorded.finished())
        written.append(
            (signature.signature, (recorded.signatures / signature.signature).read_bytes())
        )
    assert written[0] == written[1]


def test_a_signature_is_to_the_credit_of_what_made_it(dying: Recorded) -> None:
    change = Change("latest", ("insert",), ("root",), ("codec",))
    dying.loop.execute(DIES, change)
    dying.loop.execute(DIES, change)
    tallies = {one.name: (one.tried, one.signatures) for one in dying.learner.tallies}
    assert tallies == dict.fromkeys(("latest", "insert", "root", "codec"), (2, 1))


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def die_on_a_full_disk(dying: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Afterwards there is room again."""
    monkeypatch.setattr(signatures, "write_whole", no_space)
    dying.loop.execute(DIES)
    monkeypatch.undo()


def test_a_full_disk_is_reported_and_survived(
    dying: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_on_a_full_disk(dying, monkeypatch)
    dying.loop.execute(DIES)
    messages = dying.finished()
    (warning,) = [message for message in messages if isinstance(message, WorkerWarning)]
    assert warning.line == "can't write a signature: No space left on device"
    (signature,) = new_signatures(messages)
    assert signature.execution == 2


def test_what_could_not_be_written_is_written_when_there_is_room(
    dying: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program of the sweep comes but once: its crash was lost, and the sort was complete."""
    die_on_a_full_disk(dying, monkeypatch)
    messages = dying.finished()
    (signature,) = new_signatures(messages)
    assert signature.execution == 1
    assert (dying.signatures / signature.signature).is_file()


def test_a_death_leaves_no_coverage_behind_and_a_survivor_does(dying: Recorded) -> None:
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
    recorded = Recorded(build(parse_target("plain-c"), old[0]), tmp_path)
    outcome = recorded.loop.execute(parse("finfuzz 1\nstart i1 legacy\n"))
    assert outcome.died
    assert recorded.executor.shared.covered()
    assert new_signatures(recorded.finished())


def test_time_is_up_at_once_or_not_for_an_hour(plain_c: Build, tmp_path: Path) -> None:
    assert Recorded(plain_c, tmp_path, 0.0).loop.over
    assert not Recorded(plain_c, tmp_path).loop.over


def test_sigterm_ends_it_after_the_program_under_way(living: Recorded) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    assert living.loop.over
    living.loop.execute(SURVIVES)
    assert last_of(living.finished()).progress.executions == 1


def test_why_it_could_not_go_on_is_its_last_message(living: Recorded) -> None:
    assert last_of(living.finished("the machine is on fire")).problem == "the machine is on fire"


def test_progress_is_reported_now_and_then(living: Recorded) -> None:
    count = 0
    # More than a progress message apart, by the loop's own clock.
    while living.loop._now < 0.5:
        living.loop.execute(SURVIVES)
        count += 1
    messages = living.finished()
    seen = [message.executions for message in messages if isinstance(message, Progress)]
    assert 1 <= len(seen) <= 3
    assert seen == sorted(seen)
    assert last_of(messages).progress.executions == count
