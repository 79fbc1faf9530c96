"""Probes in children: answers in order, and which probe ended a child and how."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from helpers.discovery import load_child

forked = load_child("forked")


def run(tmp_path: Path, *probes: Any, until: float = 60.0, seconds: float = 30.0) -> list[Any]:
    runner = forked.Runner(str(tmp_path), seconds)
    answers = runner.run(probes, time.monotonic() + until)
    return [one.how if isinstance(one, forked.Death) else one for one in answers]


def abort() -> None:
    signal.signal(signal.SIGABRT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGABRT)


def wait() -> None:
    threading.Event().wait()


def fork() -> str:
    return "parent" if os.fork() else "child"


def test_answers_are_in_order(tmp_path: Path) -> None:
    answers = run(tmp_path, lambda: 1, lambda: 1 / 0, lambda: {"a": "b" * 100_000}, lambda: None)
    assert answers == [1, None, {"a": "b" * 100_000}, None]


def test_a_death_costs_one_answer(tmp_path: Path) -> None:
    probes = (lambda: 1, abort, lambda: 2, lambda: os._exit(3), lambda: 4)
    assert run(tmp_path, *probes) == [1, "SIGABRT", 2, "exits with 3", 4]


def test_a_probe_that_hangs(tmp_path: Path) -> None:
    assert run(tmp_path, lambda: 1, wait, lambda: 2, seconds=1.0) == [1, "hangs", 2]


def test_sys_exit_and_closed_descriptors(tmp_path: Path) -> None:
    def leave() -> None:
        raise SystemExit(2)

    assert run(tmp_path, leave, lambda: os.close(1), lambda: 3) == [None, None, 3]


def test_a_forked_copy_answers_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, fork, lambda: 2) == ["parent", 2]


def test_the_time_ends_everything(tmp_path: Path) -> None:
    assert run(tmp_path, lambda: 1, until=0.0) == []
    assert run(tmp_path, wait, lambda: 2, until=0.2) == []


def test_probes_that_all_crash_end_at_last(tmp_path: Path) -> None:
    assert run(tmp_path, *([abort] * 50)) == ["SIGABRT"] * forked.MOST_DEATHS


def test_each_child_has_an_empty_folder(tmp_path: Path) -> None:
    def write() -> list[str]:
        Path("file").write_text("")
        return os.listdir()

    assert run(tmp_path, write, abort, os.listdir) == [["file"], "SIGABRT", []]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stream", [0, 1, 2])
def test_streams_lead_nowhere(tmp_path: Path, stream: int) -> None:
    def name() -> str:
        return os.readlink(f"/proc/self/fd/{stream}")

    assert run(tmp_path, name) == ["/dev/null"]
