"""The process that fuzzes: one engine, one executor. Started by the supervisor as a module:

python -m finfuzz.campaign.worker.process PIPE, with the worker's Config as JSON on standard input.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path

import msgspec

from finfuzz.campaign.worker import libfuzzer, random_engine
from finfuzz.campaign.worker.job import Config
from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import Programs
from finfuzz.executor import process
from finfuzz.executor.zygote import Executor
from finfuzz.support.errors import UserError
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import probe
from finfuzz.targets.spec import parse_target


def main() -> None:
    """Works until the time is up, SIGTERM comes, or the supervisor is gone."""
    stop_with_supervisor()
    config = msgspec.json.decode(sys.stdin.buffer.read(), type=Config)
    made = build(parse_target(config.target), probe(Path(config.python)))
    executor = Executor(made, config.limits)
    programs = Programs(made.interpreter.version, made.spec.framework, config.tallies)
    loop = Loop(executor, config, programs.learner, int(sys.argv[1]))
    with contextlib.suppress(BrokenPipeError):
        try:
            if config.engine == "random":
                random_engine.run(loop, programs, config.seed)
            else:
                libfuzzer.run(loop, programs, executor, config)
            loop.finish()
        except UserError as error:
            loop.finish(str(error))


def stop_with_supervisor() -> None:
    """Leaves Ctrl-C to the supervisor, and gets a SIGTERM when that is gone."""
    # The terminal's Ctrl-C, and its end, go to the whole group; the supervisor decides.
    process.follow_parent(signal.SIGTERM)


if __name__ == "__main__":
    main()
