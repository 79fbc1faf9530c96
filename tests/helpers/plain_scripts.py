"""Scripts of programs, run by a plain interpreter with the fuzzer's own extension."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from finfuzz.executor.outcome import Outcome
from finfuzz.program.model import Program
from finfuzz.targets.build import Build
from finfuzz.targets.compiler import find_compiler, run_compiler
from finfuzz.targets.interpreters import Interpreter
from finfuzz.triage.repro.sources import CHILD
from finfuzz.triage.repro.write import write_script

#: How a run ended: its exit code, its signal, or that it did not end.
Ended = str | int
HANGS = "HANG"


def compile_capi(python: Interpreter, folder: Path) -> list[Path]:
    """All of capi, which a script has a part of, and after_main."""
    headers = [f"-I{folder}" for folder in python.includes]
    options = ["-std=c++17", "-shared", "-fPIC", "-pthread", *headers]
    made = []
    for source in (CHILD / "repro" / "capi.cpp", CHILD / "common" / "after_main.cpp"):
        made.append(folder / f"{source.stem}{python.ext_suffix}")
        command = [str(find_compiler()), *options, str(source), "-o", str(made[-1])]
        run_compiler(command, folder)
    return made


def write_files(made: Build, program: Program, outcome: Outcome, *, plain: bool) -> dict[str, str]:
    """The script of a program, which catches what raised in that run of it."""
    raised = frozenset(one.step for one in outcome.raised)
    return write_script(program, made.spec, made.interpreter.version, "", raised, plain=plain)


def run_script(
    folder: Path, made: Build, files: dict[str, str], seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run repro.py with the extension of that build, which should be one without coverage."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    if made.spec.record.is_compiled:
        shutil.copy(made.extension, folder)
    return subprocess.run(
        [made.interpreter.executable, "repro.py"],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=seconds,
    )


def end_of_script(folder: Path, made: Build, files: dict[str, str], seconds: float = 60) -> Ended:
    """Run a script. One that still runs after those seconds hangs."""
    try:
        done = run_script(folder, made, files, seconds)
    except subprocess.TimeoutExpired:
        return HANGS
    assert "NameError" not in done.stderr
    return signal.Signals(-done.returncode).name if done.returncode < 0 else done.returncode


def end_of(outcome: Outcome) -> Ended:
    if outcome.timed_out:
        return HANGS
    return outcome.signal or outcome.exit_code or 0
