"""The rate of a campaign: one worker with the guided engine and no corpus, for a few seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from benchmarks.standalone_worker import make_job
from benchmarks.timing import Slice, time_calls
from finfuzz.campaign.messages import Channel, Finished, FromWorker, Progress
from finfuzz.campaign.worker.job import Job
from finfuzz.program.prepared import prepare
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build

_TOOLS = Path(__file__).parent.parent
_WITH_INTERPRETERS = ("-m", "finfuzz.campaign.worker.process")
_WITHOUT = ("-m", "benchmarks.worker_without_interpreters")


def measure_campaign(build: Build, seconds: float, seed: int, *, interpreters: bool) -> Slice:
    """Run a worker; return the seconds of an execution, by the worker's own clock.

    Raises UserError where the worker fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        command = _WITH_INTERPRETERS if interpreters else _WITHOUT
        config = make_job(folder / "worker", build, "atheris", seed, seconds)
        messages = _run_worker(command, config, folder)
        parsing = _time_parsing(Path(config.paths.corpus), build.interpreter.version)
    reports = [one.progress if isinstance(one, Finished) else one for one in messages]
    return _make_slice(reports, parsing)


def starts_interpreters(build: Build) -> bool:
    """Return whether a campaign's programs start subinterpreters on that target and CPython."""
    return not build.spec.record.hangs_on(build.interpreter.version)


def _run_worker(command: tuple[str, ...], config: Job, folder: Path) -> list[Progress | Finished]:
    """Run a worker; return its progress messages, the last of them from its end."""
    read, write = os.pipe()
    with (
        open(folder / "stderr", "w+", encoding="utf-8", errors="replace") as stderr,
        open(read, "rb") as pipe,
        subprocess.Popen(
            [sys.executable, *command, str(write)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env={**os.environ, "PYTHONPATH": str(_TOOLS)},
            pass_fds=(write,),
        ) as worker,
    ):
        os.close(write)
        assert worker.stdin is not None
        with worker.stdin as stdin:
            stdin.write(msgspec.json.encode(config))
        channel: Channel[FromWorker] = Channel(FromWorker)
        messages = [one for one in channel.read(pipe) if isinstance(one, Progress | Finished)]
    last = messages[-1] if messages else None
    if not isinstance(last, Finished) or last.problem or not last.progress.executions:
        last_line = (folder / "stderr").read_text(errors="replace").strip().rpartition("\n")[2]
        problem = last.problem if isinstance(last, Finished) and last.problem else last_line
        raise UserError(f"its worker failed: {problem}")
    return messages


def _time_parsing(corpus: Path, python: tuple[int, int, int]) -> float:
    """Return the seconds to turn a program's text into the text for a child, as the engine does it.

    Each program that the campaign kept is parsed once.
    """
    texts = [path.read_text() for path in corpus.glob("*.fin")]
    if not texts:
        raise UserError("a campaign kept no program: give each more --seconds")
    waiting = iter(texts)
    return time_calls(lambda: prepare(parse(next(waiting)), python[:2]), len(texts))


def _make_slice(reports: list[Progress], parsing: float) -> Slice:
    first, last = reports[0], reports[-1]
    count = last.executions
    whole = last.seconds / count
    phases = {
        "child": last.child_seconds / count,
        "mutation": last.mutation_seconds / count,
        "parsing": parsing,
        "the engine's start": first.seconds / count,
    }
    return Slice(whole, {**phases, "libFuzzer and the rest": whole - sum(phases.values())})
