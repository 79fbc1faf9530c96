"""Several workers and several lanes: real campaigns, watched from outside."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from finfuzz.campaign.folder import State, StatePaths, hash_program
from finfuzz.campaign.messages import Progress
from finfuzz.campaign.plan import Bounds, Lane
from finfuzz.campaign.supervisor import worker_pool
from finfuzz.campaign.supervisor.pool import Member
from finfuzz.campaign.supervisor.resources import explain_excess, measure, measure_folder
from finfuzz.campaign.supervisor.worker_pool import WorkerPool
from finfuzz.campaign.totals import Totals
from finfuzz.targets.build import Build
from finfuzz.targets.instrumentation import _SANITIZERS, Instrumentation, Sanitizer
from helpers.campaigns import PLAN, Start, is_working, nothing_is_left_of, part, parts, wait_until
from helpers.journals import query
from helpers.workers import make_patient_job, start_recorded_worker

HOUR = ("--time", "3600")
NEWS = "finfuzz 1\nnode fromtheother instance\nstart i1 isolated\nenter i1\nnode b list\n"


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def test_what_another_worker_finds_is_used_seconds_later(plain_c: Build, tmp_path: Path) -> None:
    """libFuzzer's folder is shared: what appears in it is run, and kept if it is news."""
    config = make_patient_job(tmp_path, plain_c, "atheris", 1)
    programs = tmp_path / "programs"
    worker, read = start_recorded_worker(
        msgspec.structs.replace(config, shared=True), programs, count=10**9
    )
    try:
        wait_until(lambda: programs.exists() and programs.stat().st_size > 5000, "programs")
        (Path(config.paths.live) / hash_program(NEWS)).write_text(NEWS)
        # Nothing drains the pipe: well before it is full, the program has been met.
        wait_until(lambda: "fromtheother" in programs.read_text(), "the other's program")
    finally:
        worker.kill()
        worker.wait()
        os.close(read)


def test_two_workers_on_two_targets_share_one_corpus_and_end_together(
    start: Start, plain_c: Build
) -> None:
    more = ("--target", "no-extension", "--workers", "2", "--seed", "1")
    campaign = start(plain_c, *HOUR, *more)
    campaign.read_until("2 workers")
    wait_until(lambda: len(parts(campaign, "worker.process")) == 2, "two workers")
    journal = StatePaths(campaign.folder / "state").journal
    lanes = "SELECT DISTINCT lane FROM programs ORDER BY lane"
    wait_until(lambda: query(journal, lanes) == [(0,), (1,)], "a program of each lane")
    campaign.process.send_signal(signal.SIGINT)
    assert campaign.end() == 0, campaign.lines
    summary = summary_of(campaign.folder)
    assert [lane["target"] for lane in summary["lanes"]] == ["plain-c", "no-extension"]
    for lane in summary["lanes"]:
        assert lane["executions"] > 0
        assert lane["seconds"] > 0
    assert summary["executions"] == sum(lane["executions"] for lane in summary["lanes"])
    assert query(journal, "SELECT ended IS NOT NULL FROM runs") == [(1,)]
    nothing_is_left_of(campaign)


@pytest.mark.slow
def test_one_worker_on_two_targets_takes_turns(start: Start, plain_c: Build) -> None:
    more = ("--target", "no-extension", "--engine", "random", "--seed", "1")
    campaign = start(plain_c, "--time", "12", *more)
    assert campaign.end() == 0, campaign.lines
    one, other = summary_of(campaign.folder)["lanes"]
    assert one["executions"] > 0
    assert other["executions"] > 0
    assert one["seconds"] > 0
    assert other["seconds"] > 0
    nothing_is_left_of(campaign)


@pytest.mark.parametrize(
    ("shares", "seconds", "next_lane"),
    [
        ((1, 1), (0, 0), 0),
        ((1, 1), (5, 4), 1),
        ((3, 1), (5, 4), 0),
        ((3, 1), (9, 2), 1),
        ((1, 1, 1), (9, 9, 3), 2),
    ],
)
def test_the_next_lane_is_the_one_that_had_least_of_its_share(
    shares: tuple[int, ...], seconds: tuple[int, ...], next_lane: int
) -> None:
    lanes = tuple(Lane("plain-c", f"/python{n}", "3.13.0", share) for n, share in enumerate(shares))
    totals = Totals(len(lanes))
    for lane, had in zip(totals.lanes, seconds, strict=True):
        lane.finished = Progress(seconds=had)
    pool = WorkerPool(msgspec.structs.replace(PLAN, lanes=lanes), None, totals)  # type: ignore[arg-type]
    assert pool._find_next_lane() == next_lane


@pytest.mark.parametrize(("sanitizers", "patience"), [((), 62.0), (_SANITIZERS[1:2], 90.0)])
def test_a_worker_on_a_slow_cpython_may_be_silent_for_longer(
    sanitizers: tuple[Sanitizer, ...], patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each hang on a CPython with ThreadSanitizer and a deadline of 5 s was a lost worker."""
    found = Instrumentation(sanitizers=sanitizers)
    monkeypatch.setattr(worker_pool, "read_instrumentation", lambda _: found)
    pool = WorkerPool(PLAN, None, Totals(1))  # type: ignore[arg-type]
    worker = SimpleNamespace(lane=0, last_message_at=time.monotonic() - patience + 1)
    pool.workers[0] = worker  # type: ignore[assignment]
    assert pool.find_unresponsive() == []
    worker.last_message_at -= 2
    assert pool.find_unresponsive() == [worker]


def judge(pool: WorkerPool, *problems: str) -> list[str]:
    """Have workers end one after the other, after a second; without a problem, in order."""
    lines = []
    for problem in problems:
        member = Member(0, 0)
        member.finished, member.problem = not problem, problem
        lines.append(pool._judge_end(member, 1.0, ""))
    return lines


def test_a_lane_is_given_up_when_three_of_its_workers_in_a_row_end_early() -> None:
    pool = WorkerPool(PLAN, None, Totals(1))  # type: ignore[arg-type]
    *_, last = judge(pool, "no memory", "no memory", "", "no memory", "no memory")
    assert last.endswith("is gone (no memory); starting another")  # days may lie between them
    assert judge(pool, "no memory")[0].startswith("giving up on ")
    assert pool.exhausted


def test_before_its_last_try_a_lane_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """For some seconds a machine may have no process left to give."""
    pool = WorkerPool(PLAN, None, Totals(1))  # type: ignore[arg-type]
    judge(pool, "no memory")
    assert pool._rested_lanes == [0]
    judge(pool, "no memory")
    assert pool.start_missing() == []
    assert not pool.exhausted
    later = time.monotonic() + 5
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert pool._rested_lanes == [0]


def make_sweep(made: Build, folder: Path) -> WorkerPool:
    """Make the pool of a sweep of one lane, by two workers."""
    lane = Lane("plain-c", str(made.interpreter.executable), "", 1.0)
    plan = msgspec.structs.replace(PLAN, lanes=(lane,), workers=2, engine="sweep")
    return WorkerPool(plan, State(folder), Totals(1))


def test_a_lane_whose_sweep_is_complete_gets_no_more_workers(
    plain_c: Build, tmp_path: Path
) -> None:
    """But a worker that is at the last of it is waited for, and its part given again if it dies."""
    pool = make_sweep(plain_c, tmp_path)
    first, second = pool.start_missing()
    first.finished = first.complete = True
    pool.complete.add(0)
    assert pool.remove(first) == ""
    assert pool.start_missing() == []
    assert not pool.exhausted
    os.kill(second.pid, signal.SIGKILL)
    assert pool.remove(second).endswith("is gone (killed by SIGKILL); starting another")
    for worker in pool.start_missing():
        worker.finished = worker.complete = True
    pool.complete.add(0)
    pool.close()
    assert pool.exhausted


def test_a_sweep_is_not_complete_while_a_worker_leaves_its_block(
    plain_c: Build, tmp_path: Path
) -> None:
    """Its time on the lane was up; the campaign ended with a part of the sweep not run."""
    pool = make_sweep(plain_c, tmp_path)
    first, second = pool.start_missing()
    first.finished = first.complete = second.finished = True
    pool.complete.add(0)
    assert pool.remove(first) == ""
    assert pool.complete == {0}
    assert pool.remove(second) == ""
    assert pool.complete == set()
    pool.close()


def test_a_worker_that_is_stopped_before_it_can_hear_it_is_not_taken_for_lost(
    plain_c: Build, tmp_path: Path
) -> None:
    """A Ctrl-C just after a worker was replaced counted two."""
    lanes = (Lane("plain-c", str(plain_c.interpreter.executable), "", 1.0),)
    plan = msgspec.structs.replace(PLAN, lanes=lanes, workers=1)
    pool = WorkerPool(plan, State(tmp_path), Totals(1))
    (worker,) = pool.start_missing()
    pool.stop()
    assert pool.remove(worker) == ""
    assert pool.replaced == 0


def test_a_worker_that_is_gone_before_it_is_told_anything_is_lost_like_any_other(
    plain_c: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken pipe took the supervisor along, without a word: the command line takes it for a
    reader of its output that went away."""
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    # More than the pipe holds: it can't have been written before the process is gone.
    lane = Lane("plain-c", str(plain_c.interpreter.executable) + 100_000 * "x", "", 1.0)
    plan = msgspec.structs.replace(PLAN, lanes=(lane,), workers=1)
    pool = WorkerPool(plan, State(tmp_path), Totals(1))
    (worker,) = pool.start_missing()
    assert worker.read() is None
    assert pool.remove(worker).endswith("is gone (no error message); starting another")
    assert pool.replaced == 1


def test_what_a_campaign_uses_is_seen(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 2_000_000)
    os.link(tmp_path / "file", tmp_path / "other")
    assert 2_000_000 <= measure_folder(tmp_path) < 2_100_000
    before = measure(tmp_path, [], None)  # other tests' zygotes, kept for later ones
    child = subprocess.Popen(
        [sys.executable, "-c", "x = bytearray(200_000_000); print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        child.stdout.readline()
        used = measure(tmp_path, [child.pid], None)
        assert used.largest == child.pid
        assert 190 < used.worker_mib < used.memory_mib - before.memory_mib + 10
        assert used.processes == before.processes + 1
        small = Bounds(total_memory_mib=40, processes=96, disk_mib=10)
        assert explain_excess(used, small).endswith("MiB of memory, --total-memory is 40")
        few = Bounds(total_memory_mib=1 << 20, processes=1, disk_mib=10)
        assert explain_excess(used, few).endswith(" processes, --processes is 1")
        assert explain_excess(used, PLAN.bounds) == ""
    finally:
        child.kill()
        child.communicate()


def test_a_state_folder_beyond_its_bound_ends_the_campaign(start: Start, plain_c: Build) -> None:
    campaign = start(plain_c, *HOUR, "--disk", "1", "--engine", "random")
    campaign.read_until("fuzzing plain-c")
    (campaign.folder / "state" / "large").write_bytes(b"x" * 3_000_000)
    assert campaign.end() == 2
    assert "MiB: --disk is 1" in campaign.lines[-1]
    assert "--disk" in summary_of(campaign.folder)["problem"]
    nothing_is_left_of(campaign)


def test_cores_and_niceness_are_what_everything_runs_with(start: Start, plain_c: Build) -> None:
    core = min(os.sched_getaffinity(0))
    campaign = start(plain_c, *HOUR, "--cores", str(core), "--nice", "3", "--engine", "random")
    campaign.read_until("fuzzing plain-c")
    wait_until(lambda: parts(campaign, "worker.process"), "a worker")
    worker = part(campaign, "worker.process")
    assert (worker.cpu_affinity(), worker.nice()) == ([core], os.nice(0) + 3)
    campaign.process.terminate()
    assert campaign.end() == 0
    nothing_is_left_of(campaign)


@pytest.mark.slow
def test_a_worker_that_falls_silent_is_replaced(start: Start, plain_c: Build) -> None:
    campaign = start(plain_c, *HOUR, "--deadline", "0.5", "--engine", "random")
    campaign.read_until("fuzzing plain-c")
    wait_until(lambda: parts(campaign, "worker.process"), "a worker")
    part(campaign, "worker.process").send_signal(signal.SIGSTOP)
    campaign.read_until("is unresponsive; killing it")
    campaign.read_until("starting another")
    wait_until(lambda: parts(campaign, "worker.process"), "another worker")
    campaign.process.terminate()
    assert campaign.end() == 0
    nothing_is_left_of(campaign)


def test_a_second_campaign_in_the_same_folder_is_refused(start: Start, plain_c: Build) -> None:
    campaign = start(plain_c, *HOUR, "--engine", "random")
    campaign.read_until("fuzzing plain-c")
    again = start(plain_c, *HOUR, "--state", str(campaign.folder / "state"))
    assert again.end() == 2
    assert again.lines[-1].startswith("finfuzz: error: a campaign is under way in ")
    resumed = start(None, "--resume", str(campaign.folder / "state"))
    assert resumed.end() == 2
    campaign.process.terminate()
    assert campaign.end() == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ("--resume", "nowhere"),
            "no campaign in nowhere: `finfuzz run --state nowhere` begins one",
        ),
        (("--resume", "x", "--engine", "random"), "leave --engine away"),
    ],
)
def test_what_can_not_be_resumed_is_one_line(
    start: Start, arguments: tuple[str, ...], complaint: str
) -> None:
    campaign = start(None, *arguments)
    assert campaign.end() == 2
    assert campaign.lines[-1].endswith(complaint)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 80 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_is_waited_for(start: Start, plain_c: Build, small_disk: Path) -> None:
    campaign = start(plain_c, *HOUR, "--state", str(small_disk / "state"))
    campaign.read_until("fuzzing plain-c")
    wait_until(lambda: is_working(campaign), "a zygote")
    with (small_disk / "fill").open("wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 65536)
    campaign.read_until("paused: ")
    wait_until(lambda: not parts(campaign, "worker.process"), "the worker to stop")
    (small_disk / "fill").unlink()
    campaign.read_until("the state folder can be written again: continuing")
    wait_until(lambda: is_working(campaign), "a zygote")
    campaign.process.terminate()
    assert campaign.end() == 0, campaign.lines
    assert not [line for line in campaign.lines if line.startswith("Traceback")]
    nothing_is_left_of(campaign)
