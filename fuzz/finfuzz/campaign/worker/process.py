"""The worker process: one engine, one executor. The supervisor starts it as a module:

python -m finfuzz.campaign.worker.process PIPE, with the Job as JSON on standard input.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path

import msgspec

from finfuzz.campaign.worker import libfuzzer, random_engine, sweep_engine
from finfuzz.campaign.worker.chooser import Chooser
from finfuzz.campaign.worker.job import Job
from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.executor import process
from finfuzz.executor.zygote import Executor
from finfuzz.support.errors import UserError
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import probe
from finfuzz.targets.spec import parse_target


def main() -> None:
    """Fuzz until the time is up, SIGTERM comes, or the supervisor is gone."""
    stop_with_supervisor()
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    made = build(parse_target(job.target), probe(Path(job.python)))
    executor = Executor(made, job.limits)
    source = ProgramSource.for_build(made, job.tallies)
    loop = Loop(executor, job, source.learner, int(sys.argv[1]))
    with contextlib.suppress(BrokenPipeError):
        try:
            chooser = Chooser.for_job(job, source, made)
            complete = False
            if job.engine == "random":
                random_engine.run(loop, chooser, job.seed)
            elif job.engine == "sweep":
                complete = sweep_engine.run(loop, chooser)
            else:
                libfuzzer.run(loop, chooser, executor, job)
            loop.finish(complete=complete)
        except UserError as error:
            loop.finish(str(error))


def stop_with_supervisor() -> None:
    """Leave Ctrl-C to the supervisor; get a SIGTERM when the supervisor is gone."""
    # The terminal's Ctrl-C, and its end, go to the whole group; the supervisor decides.
    process.follow_parent(signal.SIGTERM)


if __name__ == "__main__":
    main()
