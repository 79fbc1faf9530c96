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


def ask(executable: Path, interpreter: Interpreter) -> tuple[str, str, str, list[str]]:
    done = subprocess.run(
        [executable, "-I", "-c", ASK],
        env={**os.environ, **make_variables(interpreter)},
        capture_output=True,
        text=True,
        check=True,
    )
    prefix, own, version, packages = json.loads(done.stdout)
    return prefix, own, version, packages


@pytest.fixture
def small_index(index: WheelIndex) -> None:
    for version in ("1.0", "2.0"):
        index.add("thing", version, "needed")
    index.add("needed", "1.0")


@pytest.mark.usefixtures("small_index")
def test_exactly_these_packages_on_each_cpython(pythons: list[Interpreter]) -> None:
    kinds = {one.abiflags: one for one in reversed(pythons)}  # of each the newest
    for one in {*kinds.values(), pythons[-1]}:
        made = make_environment(("thing==1.0", "needed==1.0"), one)
        assert ask(made, one) == (
            str(made.parent.parent),
            str(made),
            one.text.removesuffix(one.abiflags),
            ["needed==1.0", "thing==1.0"],
        )


@pytest.mark.usefixtures("small_index")
def test_nothing_that_is_not_asked_for(interpreter: Interpreter) -> None:
    assert ask(make_environment(("thing==2.0",), interpreter), interpreter)[-1] == ["thing==2.0"]
    assert ask(make_environment((), interpreter), interpreter)[-1] == []


@pytest.mark.usefixtures("small_index")
def test_it_is_made_once(
    interpreter: Interpreter, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    made = make_environment(("thing==2.0", "needed==1.0"), interpreter, announce=told.append)
    assert told == [
        f"making an environment with thing==2.0, needed==1.0 for CPython {interpreter.text}"
    ]
    assert made.parent.parent.parent == cache / "environments"
    monkeypatch.setattr(uv, "run_uv", None)
    assert (
        make_environment(("needed==1.0", "thing==2.0"), interpreter, announce=pytest.fail) == made
    )


def test_programs_that_a_package_brings(index: WheelIndex, interpreter: Interpreter) -> None:
    """Their first line names the environment's Python, though the folder was renamed."""
    index.add("thing", "1.0", code="def main(): print(__file__)", program="thing:main")
    made = make_environment(("thing==1.0",), interpreter)
    told = subprocess.check_output([made.parent / "thing"], text=True)
    assert Path(told).is_relative_to(made.parent.parent)


@pytest.mark.usefixtures("small_index")
def test_it_is_a_cpython_like_any_other(interpreter: Interpreter) -> None:
    made = probe(make_environment((), interpreter))
    assert made == interpreter


@pytest.mark.usefixtures("small_index")
def test_a_release_that_is_not_there(interpreter: Interpreter, cache: Path) -> None:
    with pytest.raises(UserError, match=r"thing==3\.0 can't be installed for CPython .*thing==3"):
        make_environment(("thing==3.0",), interpreter)
    assert not list((cache / "environments").glob("*/"))


@pytest.mark.usefixtures("cache")
def test_a_python_that_needs_its_own_folder(interpreter: Interpreter, tmp_path: Path) -> None:
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nexec "{interpreter.executable}" "$@"\n')
    script.chmod(0o755)
    moved = dataclasses.replace(interpreter, executable=script, build_key="moved")
    with pytest.raises(UserError, match=r"be used in a virtual environment \(its prefix"):
        make_environment((), moved)


@pytest.mark.usefixtures("cache")
def test_a_python_that_does_not_start(interpreter: Interpreter, tmp_path: Path) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho no such library >&2; exit 127\n")
    script.chmod(0o755)
    broken = dataclasses.replace(interpreter, executable=script, build_key="broken")
    with pytest.raises(UserError, match="can't be used in a virtual environment: no such library"):
        make_environment((), broken)


def test_a_real_package(real_pythons: list[Interpreter]) -> None:
    for interpreter in real_pythons:
        made = make_environment(("msgspec==0.20.0",), interpreter)
        code = "import msgspec; print(msgspec.json.encode([1]))"
        assert subprocess.check_output([made, "-I", "-c", code], text=True) == "b'[1]'\n"
