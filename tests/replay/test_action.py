"""The GitHub action: its commands, run here as its runner would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from finfuzz.targets.interpreters import find_interpreters
from finfuzz.targets.releases import find_root
from finfuzz.targets.spec import parse_target
from helpers.places import ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
PYTHON, OTHER, *_ = {
    found.version[:2]: found for found in find_interpreters() if found.includes
}.values()
SURVIVES = "finfuzz 1\nnode a container\nedge a a append\nroot a module\n"
DIES = "finfuzz 1\nnode a container\nedge a a append\nroot a codec\n"


def step(name: str) -> dict[str, Any]:
    (found,) = [one for one in ACTION["runs"]["steps"] if one.get("name") == name]
    return dict(found)


class Runner:
    """A pull request's checkout of pybind11, and finfuzz where the action installs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkout, self.temp = folder / "checkout", folder / "temp"
        self.summary = folder / "summary.md"
        self.checkout.mkdir()
        include = find_root(parse_target("pybind11==3.1.0"))
        (self.checkout / "include").symlink_to(include)
        programs = self.checkout / "programs"
        programs.mkdir()
        (programs / "survives.fin").write_text(SURVIVES)
        (programs / "dies.fin").write_text(DIES)

    def install(self) -> None:
        """Put the finfuzz of these tests where the step `install` would put it."""
        binaries = self.temp / "finfuzz" / "bin"
        binaries.mkdir(parents=True)
        command = binaries / "finfuzz"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m finfuzz "$@"\n')
        command.chmod(0o755)

    def run(self, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run a step with its defaults and these inputs."""
        given = {key: one["default"] for key, one in ACTION["inputs"].items()} | inputs
        values = {f"${{{{ inputs.{key} }}}}": value for key, value in given.items()}
        values["${{ github.action_path }}"] = str(ROOT)
        variables = {key: values[text] for key, text in step(name)["env"].items()}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step(name)["run"]],
            cwd=self.checkout,
            env={
                **os.environ,
                **variables,
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_STEP_SUMMARY": str(self.summary),
            },
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_every_input_is_used_and_none_is_put_into_a_command() -> None:
    """An input in the text of a command could be anything, `; rm -rf /` among it."""
    used = set()
    for one in ACTION["runs"]["steps"]:
        assert "${{" not in one.get("run", "")
        used |= {str(value) for value in one.get("env", {}).values()}
    assert {f"${{{{ inputs.{name} }}}}" for name in ACTION["inputs"]} <= used


@pytest.mark.parametrize(
    ("target", "code", "says"),
    [
        ("pybind11@.", 0, "nothing worse than expected"),
        ("pybind11@.+destroy", 1, "1 worse than expected"),
        ("pybind11@nowhere", 2, None),
    ],
)
def test_it_fails_when_something_got_worse_and_says_so(
    target: str, code: int, says: str | None, runner: Runner
) -> None:
    runner.install()
    done = runner.run("replay", target=target, python=PYTHON.text, paths="programs")
    assert done.returncode == code, done.stderr
    if says is not None:
        assert says in runner.summary.read_text()
        assert (runner.checkout / "finfuzz.xml").exists()


def test_it_says_what_a_pull_request_changes(runner: Runner) -> None:
    runner.install()
    inputs = {"target": "pybind11@.+destroy", "against": "pybind11==3.1.0"}
    done = runner.run("compare", python=PYTHON.text, paths="programs", **inputs)
    assert done.returncode == 1, done.stderr
    line, total = runner.summary.read_text().splitlines()
    assert line.endswith("+destroy only: dies: SIGABRT/internals-recreated")
    assert "1 of 2 programs differs: 1 fails on pybind11@" in total
    assert total.endswith("+destroy only; 1 worse than expected")


def test_what_a_pull_request_does_not_change_is_not_its_doing(runner: Runner) -> None:
    runner.install()
    inputs = {"target": "pybind11@.+destroy", "against": "pybind11==3.1.0+destroy"}
    done = runner.run("compare", python=PYTHON.text, paths="programs", **inputs)
    assert done.returncode == 0, done.stderr
    (total,) = runner.summary.read_text().splitlines()
    assert total.endswith(": 2 programs, none differs")


def test_all_targets_and_pythons_are_compared_whatever_the_first_does(runner: Runner) -> None:
    runner.install()
    inputs = {"target": "pybind11@.+destroy pybind11@.", "against": "pybind11==3.1.0"}
    python = f"{PYTHON.text} {OTHER.text}"
    done = runner.run("compare", python=python, paths="programs", **inputs)
    assert done.returncode == 1, done.stderr
    totals = [line for line in runner.summary.read_text().splitlines() if " against " in line]
    for target, told in (("+destroy", "1 of 2 programs differs"), ("+released", "none differs")):
        for one in (PYTHON, OTHER):
            start = f"{target} on {one.text} against pybind11==3.1.0+released on {one.text}: "
            (total,) = [line for line in totals if start in line]
            assert told in total


@pytest.mark.slow
def test_it_installs_itself(runner: Runner) -> None:
    installed = runner.run("install")
    assert installed.returncode == 0, installed.stderr
    done = runner.run("replay", python=PYTHON.text, paths="programs")
    assert done.returncode == 0, done.stderr
