"""Does it die again? In fresh processes with the driver, and by its script with nothing of ours."""

from __future__ import annotations

import contextlib
import os
import signal as signals
import subprocess
from pathlib import Path

from fuzz.errors import UserError
from fuzz.executor import process
from fuzz.executor.fresh import run_fresh
from fuzz.executor.limits import Limits
from fuzz.executor.outcome import Outcome
from fuzz.program.scope import runnable
from fuzz.program.text import parse
from fuzz.target.build import Build
from fuzz.target.releases import headers
from fuzz.triage.diagnose import Diagnosis, diagnose
from fuzz.triage.finding import Rate

#: Ten in a row leave a rate below 74 % unlikely (0.74 ** 10 = 5 %), at 60 ms each.
RUNS = 10
#: A hang costs its whole deadline each time, and that is ten times the campaign's.
HANG_RUNS = 2
HANG_FACTOR = 10

#: For the interpreter's own start, which the driver's deadline does not count either.
START_SECONDS = 20.0

#: Becomes the plain interpreter with repro.py, in a process that the kernel ends when we end: even
#: a supervisor that is killed leaves no script that hangs.
_DIE_WITH_US = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"
)

#: What the script must have written for its death to be the same one.
_WRITES = {
    "internals-recreated": "reentrant call detected while fetching pybind11 internals",
    "internals-recreated-silently": "finfuzz: internals created again",
    "capsule-lost": "internals capsule is not there",
    "fatal-python-error": "Fatal Python error: ",
    "cast-error": "terminate called after throwing an instance of 'pybind11::cast_error'",
    "uncaught-cxx-exception": "terminate called after throwing an instance of",
    "wrong-answer": "self-check: ",
    "unraisable-exception": "Exception ignored ",
}


def confirm(build: Build, text: str, diagnosis: Diagnosis, limits: Limits) -> Rate:
    """How often the program falls into the same bucket in a fresh process."""
    hang = diagnosis.diagnostic == "hang"
    if hang:
        limits = Limits(limits.deadline * HANG_FACTOR, limits.memory_mib, limits.abuse)
    runs = HANG_RUNS if hang else RUNS
    steps = runnable(parse(text), build.interpreter.version[:2], abuse=limits.abuse)
    again = 0
    for _ in range(runs):
        outcome = run_fresh(build, steps, limits)
        again += diagnosis.bucket in buckets(outcome, limits)
    return Rate(again, runs)


def confirm_script(folder: Path, made: Build, diagnosis: Diagnosis, limits: Limits) -> Rate:
    """How often ``folder``/repro.py dies of the same, run by the plain interpreter.

    What it compiles is compiled before, and not timed. Raises UserError where that fails.
    """
    _compile(folder, made)
    runs = HANG_RUNS if diagnosis.diagnostic == "hang" else RUNS
    seconds = limits.deadline * HANG_FACTOR + START_SECONDS
    dies = [_script_dies(folder, made, diagnosis, seconds) for _ in range(runs)]
    return Rate(sum(dies), runs)


def buckets(outcome: Outcome, limits: Limits) -> frozenset[str]:
    """The buckets that an outcome falls into."""
    return frozenset(one.bucket for one in diagnose(outcome, limits.memory_mib))


def _compile(folder: Path, made: Build) -> None:
    command = [str(made.interpreter.executable), "repro.py", "--compile"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(made),
        capture_output=True,
        check=False,
        process_group=0,
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise UserError(f"{folder}/repro.py does not compile: {said.rpartition(chr(10))[2]}")


def _environment(made: Build) -> dict[str, str]:
    """A user's own, less what would change the interpreter under their feet."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    if made.spec.framework == "pybind11":
        variables["PYBIND11_INCLUDE"] = str(headers(made.spec))
    if made.spec.of_second is not None:
        variables["PYBIND11_SECOND_INCLUDE"] = str(headers(made.spec.of_second))
    return variables


def _script_dies(folder: Path, made: Build, diagnosis: Diagnosis, seconds: float) -> bool:
    python = str(made.interpreter.executable)
    script = subprocess.Popen(
        [python, "-I", "-S", "-c", _DIE_WITH_US, python, "repro.py"],
        cwd=folder,
        env=_environment(made),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _, stderr = script.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return diagnosis.diagnostic == "hang"
    finally:
        process.end_tree(script.pid)
        with contextlib.suppress(subprocess.TimeoutExpired):
            script.communicate(timeout=1)
    said = _WRITES.get(diagnosis.diagnostic, "") in stderr.decode("utf-8", "replace")
    # What is wrong without a death may go along with one.
    return said and diagnosis.signal in ("NONE", _signal(script.returncode))


def _signal(returncode: int) -> str:
    return signals.Signals(-returncode).name if returncode < 0 else ""
