from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.instrumentation import make_variables
from finfuzz.targets.interpreters import Interpreter, probe
from finfuzz.targets.packages import uv
from finfuzz.targets.packages.environment import make_environment
from helpers.wheel_index import WheelIndex

ASK = """
import json, sys
from importlib.metadata import distributions
found = sorted(f"{one.metadata['Name']}=={one.version}" for one in distributions())
print(json.dumps([sys.prefix, sys.executable, sys.version.split()[0], found]))
"""


def ask(python: Path, interpreter: Interpreter) -> tuple[str, str, str, list[str]]:
    done = subprocess.run(
        [python, "-I", "-c", ASK],
        env={**os.environ, **make_variables(interpreter)},
        capture_output=True,
        text=True,
        check=True,
    )
    prefix, executable, version, packages = json.loads(done.stdout)
    return prefix, executable, version, packages


@pytest.fixture
def small_index(index: WheelIndex) -> None:
    for version in ("1.0", "2.0"):
        index.add("thing", version, "needed")
    index.add("needed", "1.0")


@pytest.mark.usefixtures("small_index")
def test_exactly_these_packages_on_each_cpython(pythons: list[Interpreter]) -> None:
    kinds = {one.abiflags: one for one in reversed(pythons)}  # of each the newest
    for interpreter in {*kinds.values(), pythons[-1]}:
        python = make_environment(("thing==1.0", "needed==1.0"), interpreter)
        assert ask(python, interpreter) == (
            str(python.parent.parent),
            str(python),
            interpreter.text.rstrip(interpreter.abiflags or " "),
            ["needed==1.0", "thing==1.0"],
        )


@pytest.mark.usefixtures("small_index")
def test_nothing_that_is_not_asked_for(python: Interpreter) -> None:
    assert ask(make_environment(("thing==2.0",), python), python)[-1] == ["thing==2.0"]
    assert ask(make_environment((), python), python)[-1] == []


@pytest.mark.usefixtures("small_index")
def test_it_is_made_once(python: Interpreter, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    made = make_environment(("thing==2.0", "needed==1.0"), python, announce=told.append)
    assert told == [f"making an environment with thing==2.0, needed==1.0 for CPython {python.text}"]
    assert made.parent.parent.parent == cache / "environments"
    monkeypatch.setattr(uv, "run_uv", None)
    assert make_environment(("needed==1.0", "thing==2.0"), python, announce=pytest.fail) == made


def test_programs_that_a_package_brings(index: WheelIndex, python: Interpreter) -> None:
    """Their first line names the environment's Python, though the folder was renamed."""
    index.add("thing", "1.0", code="def main(): print(__file__)", program="thing:main")
    made = make_environment(("thing==1.0",), python)
    told = subprocess.check_output([made.parent / "thing"], text=True)
    assert Path(told).is_relative_to(made.parent.parent)


@pytest.mark.usefixtures("small_index")
def test_it_is_a_cpython_like_any_other(python: Interpreter) -> None:
    made = probe(make_environment((), python))
    assert made == python


@pytest.mark.usefixtures("small_index")
def test_a_release_that_is_not_there(python: Interpreter, cache: Path) -> None:
    with pytest.raises(UserError, match=r"thing==3\.0 can't be installed for CPython .*thing==3"):
        make_environment(("thing==3.0",), python)
    assert not list((cache / "environments").glob("*/"))


def test_a_python_that_needs_its_own_folder(python: Interpreter, tmp_path: Path) -> None:
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nexec "{python.executable}" "$@"\n')
    script.chmod(0o755)
    moved = dataclasses.replace(python, executable=script, build_key="moved")
    with pytest.raises(UserError, match=r"be used in a virtual environment \(its prefix"):
        make_environment((), moved)


def test_a_python_that_does_not_start(python: Interpreter, tmp_path: Path) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho no such library >&2; exit 127\n")
    script.chmod(0o755)
    broken = dataclasses.replace(python, executable=script, build_key="broken")
    with pytest.raises(UserError, match="can't be used in a virtual environment: no such library"):
        make_environment((), broken)


def test_a_real_package(real_pythons: list[Interpreter]) -> None:
    for python in real_pythons:
        made = make_environment(("msgspec==0.20.0",), python)
        code = "import msgspec; print(msgspec.json.encode([1]))"
        assert subprocess.check_output([made, "-I", "-c", code], text=True) == "b'[1]'\n"
