"""Real builds and real campaigns, watched from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import psutil
import pytest

from fuzz.target.build import Build, build
from fuzz.target.interpreters import Interpreter, find_interpreters
from fuzz.target.spec import parse_target

DESTROY = "pybind11==3.1.0+destroy"
#: Only a test that fails waits as long as this.
PATIENCE = 120.0


@pytest.fixture(scope="session")
def pythons() -> list[Interpreter]:
    """Those found that can be built for, newest first."""
    return [found for found in find_interpreters() if found.include]


@pytest.fixture(scope="session")
def destroy(pythons: list[Interpreter]) -> Build:
    return build(parse_target(DESTROY), pythons[0])


@pytest.fixture(scope="session")
def destroy_for_scripts(pythons: list[Interpreter]) -> Build:
    """What a campaign compiles when it files its first finding: here before it starts."""
    return build(parse_target(DESTROY), pythons[0], instrumented=False)


@pytest.fixture(scope="session")
def plain_c(pythons: list[Interpreter]) -> Build:
    return build(parse_target("plain-c"), pythons[0])


def wait_until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.02)


class Campaign:
    """`finfuzz run` in a folder of its own, which all that it starts has as its working directory:
    so nothing of it can stay behind unseen."""

    def __init__(self, folder: Path, made: Build, *arguments: str, **variables: str) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "fuzz", "run"),
                *("--target", str(made.spec), "--python", str(made.interpreter.executable)),
                *("--corpus", "corpus", "--crashes", "crashes", "--json", "summary.json"),
                *arguments,
            ],
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=(folder / "stdout").open("wb"),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def stderr(self) -> IO[str]:
        assert self.process.stderr is not None
        return self.process.stderr

    def read_until(self, word: str) -> None:
        """Reads what it says up to the line with this word."""
        for line in self.stderr:
            self.lines.append(line.rstrip("\n"))
            if word in line:
                return
        raise AssertionError(f"it ended without saying {word!r}: {self.lines}")

    def end(self) -> int:
        """Waits for its end; what it said is then in ``lines``."""
        self.lines += self.stderr.read().splitlines()
        return self.process.wait(PATIENCE)

    def said(self) -> str:
        """What it wrote to its standard output."""
        return (self.folder / "stdout").read_text()

    def processes(self) -> list[psutil.Process]:
        """All that live and have the folder, or one below it, as their working directory."""
        found = []
        for process in psutil.process_iter():
            try:
                if Path(process.cwd()).is_relative_to(self.folder) and _lives(process):
                    found.append(process)
            except psutil.Error:  # gone meanwhile, or a zombie
                continue
        return found

    def close(self) -> None:
        for process in self.processes():
            process.kill()
        self.process.wait()
        self.stderr.close()


def _lives(process: psutil.Process) -> bool:
    return process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


Start = Callable[..., Campaign]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts campaigns, each in a folder of its own below this test's; ends them in any case."""
    started: list[Campaign] = []

    def start_one(made: Build, *arguments: str, **variables: str) -> Campaign:
        folder = tmp_path.resolve() / f"campaign{len(started)}"
        folder.mkdir()
        started.append(Campaign(folder, made, *arguments, **variables))
        return started[-1]

    yield start_one
    for campaign in started:
        campaign.close()


@pytest.fixture
def kept_signals() -> Iterator[None]:
    """Puts back what a Loop does to SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
