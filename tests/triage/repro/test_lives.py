"""Scripts with several lives of Python in one process."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from finfuzz.program.text import parse
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.repro.write import write_script
from helpers.plain_scripts import compile_capi
from helpers.thread_locals import PRINTED, compile_extension

PROGRAM = "finfuzz 1\nimport\nagain\nimport\nagain\nimport\n"


@pytest.fixture(scope="session")
def script(pythons: list[Interpreter], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A script whose extension says in each life whether its thread-local is alive."""
    folder = tmp_path_factory.mktemp("lives")
    compile_capi(pythons[0], folder)
    compile_extension(pythons[0], folder)
    spec, version = parse_target("plain-c"), pythons[0].version
    (folder / "repro.py").write_text(write_script(parse(PROGRAM), spec, version, "")["repro.py"])
    return folder


def run(
    python: Interpreter, folder: Path, *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python.executable, *options, "repro.py"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_thread_locals_outlast_all_lives(pythons: list[Interpreter], script: Path) -> None:
    done = run(pythons[0], script)
    assert (done.stderr, done.returncode) == (PRINTED, 0)


def test_options_and_what_else_is_preloaded_stay(pythons: list[Interpreter], script: Path) -> None:
    (script / "other.so").touch()  # the loader says that this is no library
    done = run(pythons[0], script, "-X", "importtime", LD_PRELOAD=f"{script}/other.so")
    lines = done.stderr.splitlines()
    assert sum("other.so" in line for line in lines) == 2  # of both processes
    times = sum(line.startswith("import time: self [us]") for line in lines)
    assert times == 4  # in the first process, and in each life of the second
    said = [line for line in lines if f"{line}\n" in PRINTED]
    assert said == PRINTED.splitlines()


def test_a_folder_that_nothing_can_be_preloaded_from(
    pythons: list[Interpreter], script: Path, tmp_path: Path
) -> None:
    """The script is not started anew without end."""
    folder = shutil.copytree(script, tmp_path / "with a space")
    done = run(pythons[0], folder)
    assert done.returncode == 1
    assert "(a space or a colon in its path?)\n" in done.stderr
