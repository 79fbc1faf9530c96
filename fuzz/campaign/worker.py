"""The process that fuzzes: one engine, one executor. Started by the supervisor as a module:

python -m fuzz.campaign.worker PIPE, with the worker's Config as JSON on standard input.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path

import msgspec

from fuzz.campaign import engine_atheris, engine_random
from fuzz.campaign.config import Config
from fuzz.campaign.loop import Loop
from fuzz.campaign.programs import Programs
from fuzz.errors import UserError
from fuzz.executor import process
from fuzz.executor.zygote import Executor
from fuzz.target.build import build
from fuzz.target.interpreters import probe
from fuzz.target.spec import parse_target


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
                engine_random.run(loop, programs, config.seed)
            else:
                engine_atheris.run(loop, programs, executor, config)
            loop.finish()
        except UserError as error:
            loop.finish(str(error))


def stop_with_supervisor() -> None:
    """Leaves Ctrl-C to the supervisor, and gets a SIGTERM when that is gone."""
    # The terminal's Ctrl-C, and its end, go to the whole group; the supervisor decides.
    process.ignore_terminal()
    process.end_with_parent(signal.SIGTERM)
    process.adopt_orphans()


if __name__ == "__main__":
    main()
