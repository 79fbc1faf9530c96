"""Check that a finding's script reproduces the finding, with nothing of finfuzz around it."""

from __future__ import annotations

import contextlib
import itertools
import re
import signal as signals
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from finfuzz.executor import process
from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.targets.units import is_source
from finfuzz.triage.diagnosis import Diagnosis, messages
from finfuzz.triage.diagnosis.bucket import FOREIGN, JUDGED, OF_TYPE, is_counted
from finfuzz.triage.findings.rate import HANG_RUNS, MOST, Rate, Report, measure, report_nothing
from finfuzz.triage.oracles.raises import normalize_text
from finfuzz.triage.repro.clean import CleanEnvironment

#: Seconds for the interpreter's own start, which the driver's deadline does not count.
START_SECONDS = 20.0

#: Texts that a script must write, for diagnostics that are not read off a crash message.
MARKS = {
    "internals-recreated-silently": "internals created again",
    "capsule-lost": "internals capsule is not there",
    "wrong-answer": "self-check: ",
    "unraisable-exception": "Exception ignored ",
}
#: An exception, as a script prints it.
_PRINTED = re.compile(r"^raised: (\w+): ?(.*)$", re.MULTILINE)
#: What a census found, as a script prints it.
_HELD = re.compile(r"^types held unseen:(.*)$", re.MULTILINE)
#: Signals by which a damaged heap ends a process, as chance has it.
_OF_THE_HEAP = ("SIGSEGV", "SIGABRT", "SIGBUS")
#: Diagnostics that are read off the stack or the memory too, neither of which a script shows:
#: by its messages alone, a script gets these.
_OR = {
    "framework-failure": ("uncaught-cxx-exception",),
    "heap-corruption": ("none",),
    "memory-ceiling": ("none",),
    "stack-overflow": ("none",),
    **dict.fromkeys(JUDGED, ("none",)),
    FOREIGN: ("none", "heap-corruption", "pymalloc-check", "framework-failure"),
}


def confirm_script(
    folder: Path,
    made: Build,
    diagnosis: Diagnosis,
    limits: Limits,
    report: Report = report_nothing,
) -> Rate:
    """Measure how often ``folder``/repro.py reproduces a diagnosis, in a fresh environment.

    Each run has other paths, since some crashes depend on them. The script's modules are compiled
    before, untimed. ``report`` receives the number of runs, and how many there will be. Raise
    UserError if that fails.
    """
    hang = diagnosis.diagnostic == "hang"
    seconds = limits.patient.deadline + START_SECONDS
    with tempfile.TemporaryDirectory(prefix="finfuzz-clean-") as scratch:
        clean = CleanEnvironment(Path(scratch), made)
        if made.package is None or any(is_source(path.name) for path in folder.iterdir()):
            _compile(folder, clean)
        runs = itertools.count()
        return measure(
            lambda: _reproduces(folder, clean, next(runs), diagnosis, seconds),
            HANG_RUNS if hang else MOST,
            report,
        )


def _compile(folder: Path, clean: CleanEnvironment) -> None:
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


def _reproduces(
    folder: Path, clean: CleanEnvironment, run: int, diagnosis: Diagnosis, seconds: float
) -> bool:
    python = clean.pick_python(run)
    script = subprocess.Popen(
        process.tie_to_us(python, [python, "repro.py"]),
        cwd=clean.pick_folder(folder, run),
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
    there = _is_signal_of(diagnosis, _name_signal(script.returncode))
    return there and _shows(stderr.decode("utf-8", "replace"), diagnosis)


def _is_signal_of(diagnosis: Diagnosis, signal: str) -> bool:
    """Whether a script may end so. A misbehaviour without a crash may be followed by one."""
    if diagnosis.diagnostic == "heap-corruption" and diagnosis.signal in _OF_THE_HEAP:
        return signal in _OF_THE_HEAP
    return diagnosis.signal in ("NONE", signal)


def _shows(stderr: str, diagnosis: Diagnosis) -> bool:
    diagnostic = diagnosis.diagnostic
    if diagnostic in JUDGED and diagnosis.signal == "NONE":
        return False  # only the gate sees it, and a script has none
    if is_counted(diagnostic, diagnosis.frames):
        return False
    if diagnostic == "left-alive":
        return shows_held(stderr, diagnosis.frames[0])
    if diagnostic == "raises":
        return shows_raised(stderr, diagnosis.frames)
    if diagnostic in MARKS:
        return MARKS[diagnostic] in stderr
    if diagnostic == "leak-report":
        return messages.read_report(stderr) is not None
    said = messages.read_death(stderr)
    name = said.diagnostic if said else "none"
    return name in (diagnostic, *_OR.get(diagnostic, ()))


def list_symptoms(diagnosis: Diagnosis) -> list[str]:
    """List the patterns of which a script's standard error has one where the defect is there.

    Empty where an exit code tells, or where no script can show it.
    """
    diagnostic, frames = diagnosis.diagnostic, diagnosis.frames
    if diagnostic in MARKS:
        return [re.escape(MARKS[diagnostic])]
    if diagnostic == "raises":
        words = (re.escape(word).replace("…", ".*") for word in frames[1].split())
        return [rf"(?m)^raised: {re.escape(frames[0])}: ?" + r"\s+".join(words)]
    if diagnostic == "leak-report":
        return messages.list_leak_patterns()
    if diagnostic == "left-alive" and not is_counted(diagnostic, frames):
        return [rf"(?m)^types held unseen:.* {re.escape(frames[0].removeprefix(OF_TYPE))} "]
    return []


def shows_raised(stderr: str, key: Sequence[str]) -> bool:
    """Whether a script printed an exception of that type and text, the beginning of a key."""
    said = ((kind, normalize_text(text)) for kind, text in _PRINTED.findall(stderr))
    return any(one == tuple(key[:2]) for one in said)


def shows_held(stderr: str, key: str) -> bool:
    """Whether a script's census names the type of a key, `type Box`."""
    return any(f" {key.removeprefix(OF_TYPE)} " in line for line in _HELD.findall(stderr))


def _name_signal(returncode: int) -> str:
    return signals.Signals(-returncode).name if returncode < 0 else ""
