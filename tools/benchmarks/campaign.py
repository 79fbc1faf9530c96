"""A campaign's rate: one worker with the guided engine, from nothing, for a few seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from benchmarks.alone import config
from benchmarks.timing import Slice, each
from finfuzz.campaign.messages import Channel, Ended, FromWorker, Progress
from finfuzz.campaign.worker.job import Config
from finfuzz.campaign.worker.program_source import Programs
from finfuzz.program.prepared import prepare
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build

_WITH_INTERPRETERS = ("-m", "finfuzz.campaign.worker.process")
_WITHOUT = (str(Path(__file__).with_name("one_worker.py")),)


def campaign(build: Build, seconds: float, seed: int, *, interpreters: bool) -> Slice:
    """Seconds an execution, by the worker's own clock. Raises UserError where it does not work."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        command = _WITH_INTERPRETERS if interpreters else _WITHOUT
        told = config(folder, build, "atheris", seed, seconds)
        messages = _work(command, told, folder)
        parsing = _parsing(Path(told.corpus), build.interpreter.version)
    return _slice([one.progress if isinstance(one, Ended) else one for one in messages], parsing)


def has_interpreters(build: Build) -> bool:
    """Whether a campaign's programs start any on that target and CPython."""
    programs = Programs(build.interpreter.version, build.spec.framework)
    return programs.learner.weights.max_starts > 0


def _work(command: tuple[str, ...], config: Config, folder: Path) -> list[Progress | Ended]:
    """What a worker tells of its counts, the last of it when it ended."""
    read, write = os.pipe()
    with (
        open(folder / "stderr", "w+", encoding="utf-8", errors="replace") as stderr,
        open(read, "rb") as pipe,
        subprocess.Popen(
            [sys.executable, *command, str(write)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            pass_fds=(write,),
        ) as worker,
    ):
        os.close(write)
        assert worker.stdin is not None
        with worker.stdin as stdin:
            stdin.write(msgspec.json.encode(config))
        channel: Channel[FromWorker] = Channel(FromWorker)
        told = [one for one in channel.read(pipe) if isinstance(one, Progress | Ended)]
    last = told[-1] if told else None
    if not isinstance(last, Ended) or last.problem or not last.progress.executions:
        said = (folder / "stderr").read_text(errors="replace").strip().rpartition("\n")[2]
        problem = last.problem if isinstance(last, Ended) and last.problem else said
        raise UserError(f"its worker does not work: {problem}")
    return told


def _parsing(corpus: Path, python: tuple[int, int, int]) -> float:
    """Seconds that a program takes from its text to what a child is given: of those that the
    campaign kept, each once, as the engine does it."""
    texts = [path.read_text() for path in corpus.glob("*.fin")]
    if not texts:
        raise UserError("a campaign kept no program: give each more --seconds")
    waiting = iter(texts)
    return each(lambda: prepare(parse(next(waiting)), python[:2]), len(texts))


def _slice(told: list[Progress], parsing: float) -> Slice:
    first, last = told[0], told[-1]
    count = last.executions
    whole = last.seconds / count
    phases = {
        "child": last.child_seconds / count,
        "mutation": last.mutation_seconds / count,
        "parsing": parsing,
        "the engine's start": first.seconds / count,
    }
    return Slice(whole, {**phases, "libFuzzer and the rest": whole - sum(phases.values())})
