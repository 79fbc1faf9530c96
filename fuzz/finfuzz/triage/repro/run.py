"""Does a finding's script die as the finding says? With nothing of ours around it."""

from __future__ import annotations

import contextlib
import itertools
import signal as signals
import subprocess
import tempfile
from pathlib import Path

from finfuzz.executor import process
from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.triage.diagnosis import Diagnosis, messages
from finfuzz.triage.findings.rate import HANG_RUNS, MOST, Rate, measure
from finfuzz.triage.repro.clean import Clean

#: For the interpreter's own start, which the driver's deadline does not count either.
START_SECONDS = 20.0

#: Becomes the plain interpreter with repro.py, in a process that the kernel ends when we end: even
#: a supervisor that is killed leaves no script that hangs.
_DIE_WITH_US = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"
)

#: What the script must have written where that is no message of a death.
MARKS = {
    "internals-recreated-silently": "finfuzz: internals created again",
    "capsule-lost": "internals capsule is not there",
    "wrong-answer": "self-check: ",
    "unraisable-exception": "Exception ignored ",
}
#: Told by the stack or by the memory, which a script does not show, as often as by a message.
_OR = {
    "framework-failure": "uncaught-cxx-exception",
    "heap-corruption": "none",
    "memory-ceiling": "none",
}


def confirm_script(folder: Path, made: Build, diagnosis: Diagnosis, limits: Limits) -> Rate:
    """How often ``folder``/repro.py dies of the same, in a fresh virtual environment.

    Each run is by other paths, on which some deaths depend. What it compiles is compiled before,
    and not timed. Raises UserError where that fails.
    """
    hang = diagnosis.diagnostic == "hang"
    seconds = limits.patient.deadline + START_SECONDS
    with tempfile.TemporaryDirectory(prefix="finfuzz-clean-") as scratch:
        clean = Clean(Path(scratch), made)
        _compile(folder, clean)
        runs = itertools.count()
        return measure(
            lambda: _script_dies(folder, clean, next(runs), diagnosis, seconds),
            HANG_RUNS if hang else MOST,
        )


def _compile(folder: Path, clean: Clean) -> None:
    done = subprocess.run(
        [clean.python, "repro.py", "--compile"],
        cwd=folder,
        env=clean.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        process_group=0,
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise UserError(f"{folder}/repro.py does not compile: {said.rpartition(chr(10))[2]}")


def _script_dies(
    folder: Path, clean: Clean, run: int, diagnosis: Diagnosis, seconds: float
) -> bool:
    python = clean.python_of_run(run)
    script = subprocess.Popen(
        [python, "-I", "-S", "-c", _DIE_WITH_US, python, "repro.py"],
        cwd=clean.folder_of_run(folder, run),
        env=clean.environment,
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
    # What is wrong without a death may go along with one.
    there = diagnosis.signal in ("NONE", _signal(script.returncode))
    return there and _says(stderr.decode("utf-8", "replace"), diagnosis.diagnostic)


def _says(stderr: str, diagnostic: str) -> bool:
    if diagnostic in MARKS:
        return MARKS[diagnostic] in stderr
    if diagnostic == "leak-report":
        return messages.report(stderr) is not None
    said = messages.death(stderr)
    name = said.diagnostic if said else "none"
    return name in (diagnostic, _OR.get(diagnostic))


def _signal(returncode: int) -> str:
    return signals.Signals(-returncode).name if returncode < 0 else ""
