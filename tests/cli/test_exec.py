"""`finfuzz exec` as a user meets it: real processes, their exit codes and output."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from finfuzz.cli.programs import describe_skipped
from finfuzz.targets.build import Build
from helpers.command import finfuzz
from helpers.dying import EXECUTED_AGAIN

SELF_CYCLE = "finfuzz 1\nnode a container\nedge a a append\nroot a {}\n"
DESTROY = "pybind11==3.1.0+destroy"


@pytest.mark.parametrize(
    ("target", "where", "code", "says"),
    [
        (DESTROY, "module", 0, "survived: {target} on CPython "),
        (DESTROY, "codec", 1, "SIGABRT/internals-recreated in finalizing"),
        ("pybind11==3.1.0+released", "module", 0, "survived: {target} on CPython "),
        ("pybind11==3.1.0+released", "codec", 0, "survived: {target} on CPython "),
        ("plain-c", "codec", 0, "survived: {target} on CPython "),
    ],
)
def test_exec_says_what_became_of_a_program(
    target: str, where: str, code: int, says: str, tmp_path: Path, python: str
) -> None:
    (tmp_path / "p.fin").write_text(SELF_CYCLE.format(where))
    done = finfuzz("exec", "p.fin", "--target", target, "--python", python, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert done.stdout.startswith(says.format(target=target))
    assert "(3 steps, 0 skipped, 0 raised, " in done.stdout
    assert os.listdir(tmp_path) == ["p.fin"]


def test_exec_shows_bucket_stack_and_what_the_program_wrote(tmp_path: Path, python: str) -> None:
    (tmp_path / "p.fin").write_text(SELF_CYCLE.format("codec"))
    done = finfuzz("exec", "p.fin", "--target", DESTROY, "--python", python, cwd=tmp_path)
    _, bucket, *stack = done.stdout.splitlines()
    assert re.fullmatch(r"bucket [0-9a-f]{12}: internals destroyed", bucket)
    first, *rest = stack  # folded as `show` does: nobody asked for our driver's lines
    assert re.fullmatch(r"#0-#\d+ +\d+ plumbing frames: .*raise, abort, .*", first)
    assert any(" pybind11::cast  pybind11/cast.h:" in line for line in rest)
    assert not [line for line in stack if "finfuzz_runtime" in line or "native/" in line]
    assert len(stack) < 20
    assert "reentrant call detected while fetching pybind11 internals" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("policy", "where", "code"),
    [
        *((policy, "module", 0) for policy in ("released", "destroy", "leak", "hold")),
        ("released", "codec", 0),
        ("leak", "codec", 0),
        ("destroy", "codec", 1),
    ],
)
def test_what_the_issue_promises_of_each_policy(
    policy: str, where: str, code: int, tmp_path: Path, python: str
) -> None:
    (tmp_path / "p.fin").write_text(SELF_CYCLE.format(where))
    target = f"pybind11==3.0.2+{policy}"
    done = finfuzz("exec", "p.fin", "--target", target, "--python", python, cwd=tmp_path)
    assert done.returncode == code, done.stdout + done.stderr


def test_exec_reads_a_program_with_comments_and_steps_without_effect(
    tmp_path: Path, python: str
) -> None:
    text = "# first\nfinfuzz 1\r\n\n  node  a list # beside\ndrop b\nroot a sys\n# last"
    (tmp_path / "p.fin").write_text(text)
    done = finfuzz("exec", "p.fin", "--target", "plain-c", "--python", python, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "(2 steps, 1 skipped, 0 raised, " in done.stdout


def test_exec_keeps_abuse_for_who_asks(tmp_path: Path, python: str) -> None:
    text = "finfuzz 1\nnode a container\nhook a traverse create\ndrop a\n"
    (tmp_path / "p.fin").write_text(text)
    command = ("exec", "p.fin", "--target", "plain-c", "--python", python)
    skipped, done = finfuzz(*command, cwd=tmp_path), finfuzz(*command, "--abuse", cwd=tmp_path)
    assert "(2 steps, 1 skipped, 0 raised, " in skipped.stdout
    assert "(3 steps, 0 skipped, 0 raised, " in done.stdout


PARTLY = "finfuzz 1\nnode a instance\nedge a a append\nroot a sys\n"
REASON = "line 3: an instance has no `append` edge (it has: keep-alive)"


def test_exec_names_each_step_that_it_skipped(tmp_path: Path, python: str) -> None:
    """It said "survived" of a program that it ignored in part (issue 21)."""
    (tmp_path / "p.fin").write_text(PARTLY)
    command = ("exec", "p.fin", "--target", "plain-c", "--python", python)
    done = finfuzz(*command, cwd=tmp_path)
    first, second = done.stdout.splitlines()
    assert done.returncode == 0
    assert first.startswith("survived, but 1 of 3 steps was skipped: plain-c on CPython ")
    assert second == f"skipped {REASON}"
    strict = finfuzz(*command, "--strict", cwd=tmp_path)
    assert (strict.returncode, strict.stdout) == (2, "")
    line, error = strict.stderr.splitlines()
    assert line == f"p.fin: {REASON}"
    assert error.startswith("finfuzz: error: p.fin: 1 step would be skipped (plain-c on CPython ")
    (tmp_path / "p.fin").write_text(PARTLY.replace("append", "keep-alive"))
    assert finfuzz(*command, "--strict", cwd=tmp_path).returncode == 0


def test_what_is_missing_since_a_step_raised_is_counted() -> None:
    """The child skips those steps by itself: no rule could know."""
    lines = list(describe_skipped((4, 3, 1), [REASON]))
    assert lines == [
        f"skipped {REASON}",
        "skipped 2 steps more: what they name is missing, since a step raised",
    ]
    assert list(describe_skipped((4, 0, 1), [])) == []


def test_file_names_them_too(tmp_path: Path, python: str) -> None:
    """A report that is retold with a mistake in it "survived" (issue 21)."""
    (tmp_path / "p.fin").write_text(PARTLY)
    done = finfuzz("file", "p.fin", "--target", "no-extension", "--python", python, cwd=tmp_path)
    assert done.returncode == 1
    assert f"skipped {REASON}" in done.stderr.splitlines()
    assert done.stdout.startswith("survived: no-extension on CPython ")


@pytest.mark.parametrize(
    ("text", "target", "code"),
    [
        (PARTLY, "no-extension", 0),
        (EXECUTED_AGAIN, "dying", -6),
        pytest.param(SELF_CYCLE.format("codec"), DESTROY, -6, marks=pytest.mark.slow),
    ],
    ids=["alive", "dead", "dead of pybind11"],
)
def test_exec_prints_the_script_of_any_program(
    text: str, target: str, code: int, tmp_path: Path, python: str, dying: Build
) -> None:
    target = str(dying.spec) if target == "dying" else target
    (tmp_path / "p.fin").write_text(text)
    command = ("exec", "p.fin", "--target", target, "--python", python, "--script")
    done = finfuzz(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path) == ["p.fin"]
    assert f"{target} on CPython " in done.stderr
    (tmp_path / "crash.py").write_text(done.stdout)
    ran = subprocess.run(
        [python, "-I", "crash.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == code, ran.stderr
    assert (REASON in done.stdout) is (text == PARTLY)
    assert " found on " not in done.stdout  # of a program that survives, nothing was found
