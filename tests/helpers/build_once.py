"""What a spawned process runs, which has to be able to import it."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from finfuzz.targets import build as module
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target


def build_and_tell(python: Interpreter, child: Path, told: multiprocessing.Queue[str]) -> None:
    """Build plain-c of the sources in ``child``; put each announcement and a last `done`."""
    module.CHILD = child
    build(parse_target("plain-c"), python, announce=told.put)
    told.put("done")
