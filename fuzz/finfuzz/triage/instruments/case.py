"""A finding laid out for the instruments: a copy of its folder, its CPython, its time."""

from __future__ import annotations

import os
import re
import shutil
import signal as signals
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from finfuzz.targets.interpreters import Interpreter
from finfuzz.triage.diagnosis.messages import python_frame
from finfuzz.triage.instruments.reading import joined, message, one_line
from finfuzz.triage.instruments.run import Run, run

#: A pybind11 extension takes 45 s under sanitizers on one free core.
_COMPILE_SECONDS = 900.0


class Report(NamedTuple):
    """What an instrument says: ``summary`` in one line, ``text`` in full; see Escalation."""

    status: Literal["done", "absent", "failed"]
    summary: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """``folder``: a copy of the finding's, compiled for ``interpreter``. ``signal``: what it died
    of. ``environment``: what its script is run with. ``seconds``: what a run may take."""

    folder: Path
    signal: str
    interpreter: Interpreter
    environment: Mapping[str, str]
    seconds: float

    @property
    def python(self) -> str:
        """The interpreter's path."""
        return str(self.interpreter.executable)

    @property
    def headers(self) -> tuple[str, ...]:
        """The folders with the framework's, a slash behind each."""
        named = (path for key, path in self.environment.items() if key.endswith("_INCLUDE"))
        return tuple(f"{path.rstrip('/')}/" for path in named)

    @property
    def files(self) -> str:
        """A pattern for the names of the finding's own files."""
        names = (path.name for path in self.folder.iterdir() if path.suffix != ".so")
        return "|".join(map(re.escape, sorted(names)))

    @property
    def sources(self) -> re.Pattern[str]:
        """What file:line begins with in the extension and its framework.

        Wherever it was compiled: findings are, before they get their folder.
        """
        headers = "".join(f"|{re.escape(folder)}" for folder in self.headers)
        return re.compile(rf"(?:\S*/)?(?:{self.files}):{headers}")

    def uncompiled(self, name: str) -> Experiment:
        """A copy beside this one, for flags or an interpreter that need a compile of their own."""
        return replace(self, folder=copied(self.folder, self.folder.with_name(name), "*.so"))

    def compile(self, **variables: str) -> str:
        """Compiles what the script needs and isn't there. Returns the error, if any, in a line."""
        environment = {**self.environment, **variables}
        command = [self.python, "repro.py", "--compile"]
        done = run(command, self.folder, environment, _COMPILE_SECONDS)
        if done.returncode == 0:
            return ""
        return f"repro.py does not compile: {_error(done)}"

    def run(
        self, command: list[str], variables: Mapping[str, str] | None = None, *, slower: int = 1
    ) -> Run:
        """Runs a command in the folder, for ``slower`` times the usual time."""
        environment = {**self.environment, **(variables or {})}
        return run(command, self.folder, environment, self.seconds * slower)

    def told(self, done: Run) -> Report:
        """How a run of the script ended, what it said of that, and what Python ran then."""
        frame = python_frame(done.text)
        place = f"Python is at {frame}" if frame else ""
        said = joined(self.ending(done), message(done.text), place, by=": ")
        return Report("done", one_line(said), done.text)

    def ending(self, done: Run) -> str:
        """How a run of the script ended, beside how the finding's does."""
        ended = how_ended(done, self.seconds)
        usual = {"NONE": "survives", "HANG": f"still runs after {self.seconds:g} s"}
        return ended + (
            " as without" if ended == usual.get(self.signal, f"dies of {self.signal}") else ""
        )


def how_ended(done: Run, seconds: float) -> str:
    """`survives`, `dies of SIGSEGV` and the like."""
    if done.returncode is None:
        return f"still runs after {seconds:g} s"
    if done.returncode < 0:
        return f"dies of {signals.Signals(-done.returncode).name}"
    return f"ends with exit code {done.returncode}" if done.returncode else "survives"


def copied(folder: Path, place: Path, *without: str) -> Path:
    """Copies a finding's folder, less some of its files. Returns the copy."""
    shutil.copytree(folder, place, ignore=shutil.ignore_patterns("escalation", *without))
    return place


def environment(includes: Mapping[str, str]) -> dict[str, str]:
    """A user's own, less what would change the interpreter or the debugger under their feet."""
    unwanted = ("PYTHON", "DEBUGINFOD_", "ASAN_", "UBSAN_", "MALLOC_", "LD_PRELOAD", "VALGRIND_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
    return {**kept, **includes}


def _error(done: Run) -> str:
    if done.returncode is None:
        return f"it takes longer than {_COMPILE_SECONDS:g} s"
    lines = done.text.strip().splitlines() or ["it says nothing"]
    return next((line for line in lines if "error:" in line), lines[-1]).strip()
