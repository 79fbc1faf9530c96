"""Further lives of Python run inside `main`: after Python's own main, before the process exits."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.targets.build import Build
from helpers.thread_locals import PRINTED, compile_extension

Run = Callable[[Build, Program], Outcome]


def run_in_zygote(made: Build, program: Program) -> Outcome:
    with Executor(made) as executor:
        return executor.run(program)


@pytest.fixture(params=[run_in_zygote, run_fresh], ids=["zygote", "fresh"])
def run(request: pytest.FixtureRequest) -> Run:
    made: Run = request.param
    return made


@pytest.fixture
def speaking(plain_c: Build, tmp_path: Path) -> Build:
    """A build whose extension says whether its thread-local is alive."""
    compile_extension(plain_c.interpreter, tmp_path)
    (tmp_path / "linked.so").symlink_to(plain_c.extension)  # is linked, under another name
    return dataclasses.replace(plain_c, extension=tmp_path / "linked.so")


def test_thread_locals_outlast_all_lives(speaking: Build, run: Run) -> None:
    """The main thread's are destroyed by `exit`, before its first exit function."""
    outcome = run(speaking, parse("finfuzz 1\nimport\nagain\nimport\nagain\nimport\n"))
    assert (outcome.stderr, outcome.exit_code) == (PRINTED, 0)


def test_a_forked_process_has_lives_of_its_own(speaking: Build, run: Run) -> None:
    outcome = run(speaking, parse("finfuzz 1\nimport\nfork\nagain\nimport\nagain\nimport\n"))
    parent = PRINTED.splitlines(keepends=True)[-2:]
    assert (outcome.stderr, outcome.exit_code) == (PRINTED + "".join(parent), 0)


@pytest.mark.parametrize(
    ("way", "code"), [("return", 0), ("exception", 1), ("c-exit", 0), ("thread-exit", 0)]
)
def test_the_last_life_ends_the_process_as_an_only_one_does(
    speaking: Build, run: Run, way: str, code: int
) -> None:
    steps = f"finfuzz 1\nimport\nagain\nimport\nagain\nimport\nexit {way}\n"
    outcome = run(speaking, parse(steps))
    said = [line for line in outcome.stderr.splitlines() if line in PRINTED]
    expected = PRINTED.splitlines()
    if way == "thread-exit":  # the main thread never ends: its thread-locals are not destroyed
        expected.remove("thread-local destroyed")
    assert (said, outcome.exit_code, outcome.signal) == (expected, code, None)


def test_nothing_inherits_what_is_preloaded(fake: Callable[[str], Build], run: Run) -> None:
    source = """
import os, subprocess, sys
print("LD_PRELOAD" in os.environ, file=sys.stderr)
subprocess.run(["sh", "-c", "echo ${LD_PRELOAD-none} >&2"], check=True)
"""
    assert run(fake(source), parse("finfuzz 1\nimport\n")).stderr == "False\nnone\n"


def test_a_python_that_is_started_by_a_shell_script(speaking: Build, run: Run) -> None:
    wrapper = speaking.extension.with_name("python")
    wrapper.write_text(f'#!/bin/sh\nexec {speaking.interpreter.executable} "$@"\n')
    wrapper.chmod(0o755)
    interpreter = dataclasses.replace(speaking.interpreter, executable=wrapper)
    made = dataclasses.replace(speaking, interpreter=interpreter)
    outcome = run(made, parse("finfuzz 1\nimport\nagain\nimport\nagain\nimport\n"))
    assert (outcome.stderr, outcome.exit_code) == (PRINTED, 0)


def test_a_process_without_it_says_so(plain_c: Build, tmp_path: Path, run: Run) -> None:
    runtime = tmp_path / "runtime.so"
    runtime.symlink_to(plain_c.runtime)
    (tmp_path / plain_c.after_main.name).touch()  # no library: the loader says so and goes on
    outcome = run(dataclasses.replace(plain_c, runtime=runtime), parse("finfuzz 1\nagain\n"))
    assert "no further life: after_main is not preloaded" in outcome.stderr
