"""An experiment: a copy of a finding's folder, its CPython and its time limit."""

from __future__ import annotations

import os
import re
import signal as signals
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from finfuzz.targets.instrumentation import make_variables, read_instrumentation
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.units import is_source
from finfuzz.triage.diagnosis.messages import read_python_frame
from finfuzz.triage.findings.files import list_script, read_file
from finfuzz.triage.instruments.reading import join, read_message, shorten
from finfuzz.triage.instruments.run import Run, run

#: A pybind11 extension takes 45 s under sanitizers on one free core.
_COMPILE_SECONDS = 900.0
#: Bytes of one file; that of the largest script of ours has some 100 KiB.
_LARGEST = 4 << 20


class Report(NamedTuple):
    """An instrument's report: ``summary`` in one line, ``text`` in full; see Escalation."""

    status: Literal["done", "absent", "failed"]
    summary: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A finding prepared for the instruments.

    ``folder``: a copy of the finding's, compiled for ``interpreter``. ``signal``: the finding's.
    ``environment``: the script's variables. ``seconds``: the time limit of a run.
    """

    folder: Path
    signal: str
    interpreter: Interpreter
    environment: Mapping[str, str]
    seconds: float

    @property
    def python(self) -> str:
        """The path of the interpreter."""
        return str(self.interpreter.executable)

    @property
    def shadowing(self) -> str:
        """The sanitizer of the interpreter that shadows its memory; empty for most."""
        found = read_instrumentation(self.interpreter.executable).sanitizers
        return next((one.name for one in found if one.reserves), "")

    @property
    def headers(self) -> tuple[str, ...]:
        """The folders of the framework's headers, each with a slash at its end."""
        named = (
            path for key, path in self.environment.items() if key.endswith(("_INCLUDE", "_DIR"))
        )
        return tuple(f"{path.rstrip('/')}/" for path in named)

    @property
    def files(self) -> str:
        """A pattern for the names of the finding's own files."""
        names = (path.name for path in self.folder.iterdir() if path.suffix != ".so")
        return "|".join(map(re.escape, sorted(names)))

    @property
    def sources(self) -> re.Pattern[str]:
        """A pattern for the beginning of file:line in the extension and its framework.

        It matches in any folder: a finding is compiled before it gets its own.
        """
        headers = "".join(f"|{re.escape(folder)}" for folder in self.headers)
        return re.compile(rf"(?:\S*/)?(?:{self.files}):{headers}")

    def copy_uncompiled(self, name: str) -> Experiment:
        """Copy the folder next to this one, for other flags or another interpreter."""
        return replace(self, folder=copy_script(self.folder, self.folder.with_name(name)))

    def compile(self, **variables: str) -> str:
        """Compile what the script still needs. Returns the error in a line, or nothing."""
        if not any(is_source(path.name) for path in self.folder.iterdir()):
            return ""
        environment = {**self.environment, **variables}
        command = [self.python, "repro.py", "--compile"]
        done = run(command, self.folder, environment, _COMPILE_SECONDS)
        if done.returncode == 0:
            return ""
        return f"repro.py does not compile: {_find_error(done)}"

    def run(
        self, command: list[str], variables: Mapping[str, str] | None = None, *, slower: int = 1
    ) -> Run:
        """Run a command in the folder, with ``slower`` times the usual time limit."""
        environment = {**self.environment, **(variables or {})}
        return run(command, self.folder, environment, self.seconds * slower)

    def make_report(self, done: Run) -> Report:
        """Report how a run of the script ended, its message, and what Python executed then."""
        frame = read_python_frame(done.text)
        place = f"Python is at {frame}" if frame else ""
        summary = join(self.describe_end(done), read_message(done.text), place, by=": ")
        return Report("done", shorten(summary), done.text)

    def describe_end(self, done: Run) -> str:
        """Describe how a run of the script ended, and whether plain runs end so."""
        end = describe_exit(done, self.seconds)
        plain = {"NONE": "survives", "HANG": f"still runs after {self.seconds:g} s"}
        same = end == plain.get(self.signal, f"crashes ({self.signal})")
        return f"{end}, as in a plain run" if same else end


def describe_exit(done: Run, seconds: float) -> str:
    """Describe the end of a run: `survives`, `crashes (SIGSEGV)` and the like."""
    if done.returncode is None:
        return f"still runs after {seconds:g} s"
    if done.returncode < 0:
        return f"crashes ({signals.Signals(-done.returncode).name})"
    return f"exits with code {done.returncode}" if done.returncode else "survives"


def copy_script(folder: Path, place: Path) -> Path:
    """Copy the files of a finding's script, and none beside them. Returns the copy.

    Raise UserError for a link, and for what is no file.
    """
    place.mkdir()
    for path in list_script(folder):
        (place / path.name).write_bytes(read_file(path, _LARGEST, "a file of the script"))
    return place


def make_environment(includes: Mapping[str, str], interpreter: Interpreter) -> dict[str, str]:
    """Take the user's variables, without those that change the interpreter or the debugger."""
    unwanted = (
        "PYTHON",
        "DEBUGINFOD_",
        "ASAN_",
        "UBSAN_",
        "TSAN_",
        "MALLOC_",
        "LD_PRELOAD",
        "VALGRIND_",
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
    return {**kept, **make_variables(interpreter), **includes}


def _find_error(done: Run) -> str:
    if done.returncode is None:
        return f"takes longer than {_COMPILE_SECONDS:g} s"
    lines = done.text.strip().splitlines() or ["no output"]
    return next((line for line in lines if "error:" in line), lines[-1]).strip()
