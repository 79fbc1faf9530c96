"""One program, run by the executor and as a script in a process of its own."""

from __future__ import annotations

import statistics
import subprocess

from benchmarks.timing import Slice, time_calls
from finfuzz.executor.outcome import read_outcome
from finfuzz.executor.process import environment
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.support.cpythons import Quirk, has
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build

PROGRAM = parse("finfuzz 1\nnode a container\nedge a a append\nroot a module\n")
WITH_INTERPRETER = parse("finfuzz 1\nimport\nstart i1 legacy\nenter i1\nimport\nstop i1\n")
#: For the zygote that has imported the extension, which runs the two above as well.
_EMPTY = parse("finfuzz 1\nimport\n")
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
#: The standard library's own interpreters, of the flavour that shares the GIL.
_INTERPRETER = """\
import {module} as interpreters
i1 = interpreters.create({legacy})
interpreters.run_string(i1, \"\"\"
{script}\"\"\")
interpreters.destroy(i1)
"""


def time_in_executor(executor: Executor, program: Program, count: int) -> Slice:
    """Time a program in ``count`` children of a zygote, with coverage.

    Raises UserError where a child crashes or hangs. The floor separates finalization from exit, and
    the fork from waiting for the zygote; the runtime does not.
    """
    inside: list[float] = []
    whole = time_calls(lambda: inside.append(_time_child(executor, program)), count)
    reading = time_calls(lambda: read_outcome(executor.shared, "", "zygote", events=False), count)
    empty = statistics.fmean(_time_child(executor, _EMPTY) for _ in range(count))
    child = statistics.fmean(inside)
    phases = {
        "fork and waiting": whole - child - reading,
        "steps": child - empty,
        "driver, finalize and exit": empty,
        "reading the mapping": reading,
    }
    return Slice(whole, phases)


def time_in_subprocess(build: Build, script: str, count: int) -> Slice:
    """Time a script in ``count`` fresh processes, as pybind11's own tests run scripts.

    Raises UserError where a process fails.
    """
    command = [str(build.interpreter.executable), "-c", script]
    return Slice(time_calls(lambda: _run_script(command), count), {})


def write_script(build: Build) -> str:
    """Write PROGRAM as a user would."""
    return _write_import(build) + _GRAPH


def write_script_with_interpreter(build: Build) -> str:
    """Write WITH_INTERPRETER as a user would."""
    new = has(build.interpreter.version, Quirk.INTERPRETERS_MODULE)
    module, legacy = (
        ("_interpreters", "'legacy'") if new else ("_xxsubinterpreters", "isolated=False")
    )
    script = _write_import(build)
    return script + _INTERPRETER.format(module=module, legacy=legacy, script=script)


def _write_import(build: Build) -> str:
    return _SCRIPT.format(folder=str(build.extension.parent))


def _time_child(executor: Executor, program: Program) -> float:
    """Return the seconds of a child by its zygote's clock: from the fork until it is reaped."""
    outcome = executor.run(program)
    if outcome.died:
        raise UserError(
            "its child hangs" if outcome.timed_out else f"its child crashes: {outcome.signal}"
        )
    return outcome.seconds


def _run_script(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, env=environment(), timeout=_TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise UserError("its script hangs") from None
    if done.returncode != 0:
        raise UserError(f"its script exits with {done.returncode}")
