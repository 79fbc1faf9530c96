"""A campaign's worker without a supervisor, and one whose programs are recorded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from benchmarks.standalone_worker import make_job
from finfuzz.campaign.plan import Engine
from finfuzz.campaign.worker.job import Job
from finfuzz.executor.limits import Limits
from finfuzz.targets.build import Build
from helpers.places import ROOT

HOUR = 3600.0


def make_patient_job(
    folder: Path, made: Build, engine: Engine = "random", seed: int = 0, seconds: float = HOUR
) -> Job:
    """Make a worker's folders and return its config, with a deadline for a loaded machine."""
    return make_job(folder, made, engine, seed, seconds, limits=Limits(deadline=20.0))


def start_recorded_worker(
    config: Job, programs: Path, count: int, without: tuple[str, ...] = ()
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a worker for ``count`` executions that records its programs in a file.

    No program is made with a word of ``without``. Returns the process and its messages' pipe.
    """
    folders = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "tools")])
    read, write = os.pipe()
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "helpers.recorded_worker"),
            *(str(write), str(programs), str(count), *without),
        ],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(write,),
        cwd=programs.parent,
        env={**os.environ, "PYTHONPATH": folders},
    )
    os.close(write)
    assert worker.stdin is not None
    with worker.stdin as stdin:
        stdin.write(msgspec.json.encode(config))
    return worker, read
