"""One program as the executor runs it, and as a process of its own."""

from __future__ import annotations

import statistics
import subprocess

from benchmarks.timing import Slice, each
from finfuzz.executor.outcome import read_outcome
from finfuzz.executor.process import environment
from finfuzz.executor.zygote import Executor
from finfuzz.support.cpythons import Quirk, has
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build

PROGRAM = "finfuzz 1\nnode a container\nedge a a append\nroot a module\n"
WITH_INTERPRETER = "finfuzz 1\nimport\nstart i1 legacy\nenter i1\nimport\nstop i1\n"
#: Of the zygote that has imported the extension, as the two above are.
_EMPTY = "finfuzz 1\nimport\n"
_TIMEOUT_SECONDS = 10.0

_SCRIPT = """\
import sys
sys.path.insert(0, {folder!r})
import finfuzz_target as t
"""
_GRAPH = """\
a = t.Container()
a.append(a)
"""
#: The standard library's own interpreters: of the kind that shares the GIL.
_INTERPRETER = """\
import {module} as interpreters
i1 = interpreters.create({legacy})
interpreters.run_string(i1, \"\"\"
{script}\"\"\")
interpreters.destroy(i1)
"""


def in_executor(executor: Executor, text: str, count: int) -> Slice:
    """A program in so many children of a zygote, coverage on. Raises UserError where one dies.

    The runtime doesn't tell finalization and exit apart, nor a fork from waiting for the zygote;
    the floor's phases do.
    """
    inside: list[float] = []
    whole = each(lambda: inside.append(_survived(executor, text)), count)
    reading = each(lambda: read_outcome(executor.shared, "", "zygote", events=False), count)
    empty = statistics.fmean(_survived(executor, _EMPTY) for _ in range(count))
    child = statistics.fmean(inside)
    phases = {
        "fork and waiting": whole - child - reading,
        "steps": child - empty,
        "driver, finalize and exit": empty,
        "reading the mapping": reading,
    }
    return Slice(whole, phases)


def in_subprocess(build: Build, script: str, count: int) -> Slice:
    """A script in so many fresh processes, as pybind11's own tests run theirs. Raises UserError
    where one fails."""
    command = [str(build.interpreter.executable), "-c", script]
    return Slice(each(lambda: _succeed(command), count), {})


def script(build: Build) -> str:
    """PROGRAM as a user would write it."""
    return _importing(build) + _GRAPH


def script_with_interpreter(build: Build) -> str:
    """The same of WITH_INTERPRETER."""
    new = has(build.interpreter.version, Quirk.INTERPRETERS_MODULE)
    module, legacy = (
        ("_interpreters", "'legacy'") if new else ("_xxsubinterpreters", "isolated=False")
    )
    importing = _importing(build)
    return importing + _INTERPRETER.format(module=module, legacy=legacy, script=importing)


def _importing(build: Build) -> str:
    return _SCRIPT.format(folder=str(build.extension.parent))


def _survived(executor: Executor, text: str) -> float:
    """Seconds of a child as its zygote saw it: from behind the fork until it was reaped."""
    outcome = executor.run(text)
    if outcome.died:
        raise UserError("its child hangs" if outcome.timed_out else f"it dies of {outcome.signal}")
    return outcome.seconds


def _succeed(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, env=environment(), timeout=_TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise UserError("its script hangs") from None
    if done.returncode != 0:
        raise UserError(f"its script ends with {done.returncode}")
