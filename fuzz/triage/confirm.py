"""Does it die again? In fresh processes with the driver, and by its script with nothing of ours."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from fuzz.executor import process
from fuzz.executor.fresh import run_fresh
from fuzz.executor.limits import Limits
from fuzz.executor.outcome import Outcome
from fuzz.target.build import Build
from fuzz.triage.diagnose import Diagnosis, diagnose
from fuzz.triage.finding import Rate

#: Ten in a row leave a rate below 74 % unlikely (0.74 ** 10 = 5 %), at 60 ms each.
RUNS = 10
#: A hang costs its whole deadline each time, and that is ten times the campaign's.
HANG_RUNS = 2
HANG_FACTOR = 10

#: What the script must have written for its death to be the same one.
_WRITES = {
    "internals-recreated": "reentrant call detected while fetching pybind11 internals",
    "internals-recreated-silently": "finfuzz: internals created again",
    "capsule-lost": "internals capsule is not there",
    "fatal-python-error": "Fatal Python error: ",
    "cast-error": "terminate called after throwing an instance of 'pybind11::cast_error'",
    "uncaught-cxx-exception": "terminate called after throwing an instance of",
}


def confirm(build: Build, text: str, diagnosis: Diagnosis, limits: Limits) -> Rate:
    """How often the program falls into the same bucket in a fresh process."""
    hang = diagnosis.diagnostic == "hang"
    if hang:
        limits = Limits(limits.deadline * HANG_FACTOR, limits.memory_mib, limits.abuse)
    runs = HANG_RUNS if hang else RUNS
    again = 0
    for _ in range(runs):
        outcome = run_fresh(build, text, limits)
        again += diagnosis.bucket in buckets(outcome, limits)
    return Rate(again, runs)


def confirm_script(folder: Path, python: Path, diagnosis: Diagnosis, limits: Limits) -> Rate:
    """How often ``folder``/repro.py dies of the same, run by the plain interpreter."""
    runs = HANG_RUNS if diagnosis.diagnostic == "hang" else RUNS
    seconds = limits.deadline * HANG_FACTOR
    return Rate(sum(_script_dies(folder, python, diagnosis, seconds) for _ in range(runs)), runs)


def buckets(outcome: Outcome, limits: Limits) -> frozenset[str]:
    """The buckets that an outcome falls into."""
    return frozenset(one.bucket for one in diagnose(outcome, limits.memory_mib))


def _script_dies(folder: Path, python: Path, diagnosis: Diagnosis, seconds: float) -> bool:
    # A user's own environment, less what would change the interpreter under their feet.
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    script = subprocess.Popen(
        [python, "repro.py"],
        cwd=folder,
        env=variables,
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
    signal = "NONE" if script.returncode >= 0 else _name(-script.returncode)
    wanted = _WRITES.get(diagnosis.diagnostic, "")
    return signal == diagnosis.signal and wanted in stderr.decode("utf-8", "replace")


def _name(number: int) -> str:
    import signal  # noqa: PLC0415  shadows a local name elsewhere

    return signal.Signals(number).name
