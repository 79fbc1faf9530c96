"""The process that fuzzes: one engine, one executor. Started by the supervisor as a module:

python -m fuzz.campaign.worker PIPE, with the campaign's Config as JSON on standard input.
"""

from __future__ import annotations

import ctypes
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
from fuzz.executor.limits import Limits
from fuzz.executor.zygote import Executor
from fuzz.target.build import build
from fuzz.target.interpreters import probe
from fuzz.target.spec import parse_target

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Works until the time is up, SIGTERM comes, or the supervisor is gone."""
    # The terminal's Ctrl-C goes to the whole group; the supervisor decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    process.adopt_orphans()
    pipe = int(sys.argv[1])
    config = msgspec.json.decode(sys.stdin.buffer.read(), type=Config)
    limits = Limits(config.deadline, config.memory_mib, config.abuse)
    executor = Executor(build(parse_target(config.target), probe(Path(config.python))), limits)
    programs = Programs(executor.build.interpreter.version, executor.build.spec.framework)
    loop = Loop(executor, config.seconds, pipe)
    try:
        if config.engine == "random":
            engine_random.run(loop, programs, config.seed)
        else:
            corpus = Path(config.corpus)
            engine_atheris.run(loop, programs, executor.shared, config.seed, corpus)
        loop.finish()
    except UserError as error:
        loop.finish(str(error))


if __name__ == "__main__":
    main()
