"""The command line as a user meets it: real processes, their exit codes and what they print."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from finfuzz.cli import main
from finfuzz.targets.interpreters import Interpreter, find_interpreters

SELF_CYCLE = "finfuzz 1\nnode a container\nedge a a append\nroot a {}\n"
DESTROY = "pybind11==3.1.0+destroy"


@pytest.fixture(scope="session")
def pythons() -> list[Interpreter]:
    return find_interpreters()


@pytest.fixture(scope="session")
def python(pythons: list[Interpreter]) -> str:
    """The newest with headers, by its path: found without looking for all the others."""
    return str(next(found.executable for found in pythons if found.include))


def finfuzz(
    *arguments: str | Path, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "finfuzz", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a good program and several that are none."""
    (tmp_path / "good.fin").write_text(SELF_CYCLE.format("module"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("in the way\n")
    (tmp_path / "latin-1.fin").write_bytes(b"finfuzz 1\n# \xe9\n")
    (tmp_path / "typo.fin").write_text("finfuzz 1\nnode a container\nroot a codek\n")
    (tmp_path / "newer.fin").write_text("finfuzz 2\n")
    (tmp_path / "long.fin").write_text("finfuzz 1\n" + "collect\n" * 9000)
    (tmp_path / "headers" / "pybind11").mkdir(parents=True)
    answer = {
        "implementation": "cpython",
        "version": [3, 13, 0],
        "executable": "",
        "includes": [],
        "ext_suffix": ".so",
        "full_version": "3.13.0",
        "soabi": None,
        "debug": 0,
    }
    bare = tmp_path / "python-without-headers"
    bare.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    bare.chmod(0o755)
    return tmp_path


Main = Callable[[list[str]], tuple[int, str, str]]


@pytest.fixture
def main_here(
    here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Main:
    """`finfuzz` in this process, since starting one takes half a second: (code, out, err)."""
    monkeypatch.chdir(here)

    def run(arguments: list[str]) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["finfuzz", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, *capfd.readouterr()

    return run


def everything_in(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


EXEC = "exec good.fin --target plain-c --python PYTHON"
RUN = "run --target plain-c --python PYTHON --time 0.1 --crashes k --state c"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        # the program
        ("exec no.fin", "can't read the program no.fin: No such file or directory"),
        ("exec folder", "can't read the program folder: Is a directory"),
        ("exec latin-1.fin", "latin-1.fin is not a program: byte 12 is not UTF-8"),
        ("exec newer.fin", "newer.fin: line 1, column 9: found version `2`, expected `1`"),
        ("exec typo.fin", "typo.fin: line 3, column 8: found `codek`, expected root: `codec`?"),
        (EXEC.replace("good", "long"), "bytes without its comments, at most 65536 can be run"),
        # the target
        (
            "exec good.fin --target boost",
            "unknown framework 'boost'; known are pybind11, plain-c, no-extension",
        ),
        ("exec good.fin --target pybind11==3.99.0", "there is no such release: choose 3."),
        ("exec good.fin --target pybind11==2.13.6", "is too old: choose 3.0.0 or later"),
        ("exec good.fin --target pybind11+keep", "unknown policy 'keep': choose released, destroy"),
        (
            "exec good.fin --target pybind11@headers --python PYTHON",
            "headers: neither include/pybind11/pybind11.h nor pybind11/pybind11.h is in there",
        ),
        # the Python
        ("exec good.fin --python 3.99", "no CPython 3.9 or later found for --python 3.99 (found: "),
        ("exec good.fin --python 2.7", "Python 2.7 is too old: pick 3.9 or later"),
        ("exec good.fin --python newest", "neither a version (3.12, 3.12.1) nor a path"),
        ("exec good.fin --python ./no", "--python ./no: there is no such file: give the path of a"),
        ("exec good.fin --python ./file", "--python ./file: is not an executable file"),
        ("exec good.fin --python /bin/true", "/bin/true is not a Python 3: give a CPython 3.9"),
        (
            "exec good.fin --target plain-c --python ./python-without-headers",
            "CPython 3.13.0 has no Python.h in ",
        ),
        # numbers and words
        (f"{EXEC} --deadline 0", "Invalid value for '--deadline': 0.0 is not in the range"),
        (f"{EXEC} --deadline nan", "'--deadline'"),
        (f"{EXEC} --deadline inf", "'--deadline'"),
        (f"{EXEC} --deadline 1e9", "'--deadline'"),
        (f"{RUN} --time 0", "Invalid value for '--time': 0.0 is not in the range"),
        (f"{RUN} --seed -1", "Invalid value for '--seed': -1 is not in the range"),
        (f"{RUN} --engine afl", "'afl' is not one of 'atheris', 'random'"),
        (f"{RUN} --crashes", "Option '--crashes' requires an argument"),
        # folders; the tests may run as root, so a file is in the way
        (
            "run --state file --crashes k",
            "File exists: give another",
        ),
        (
            "run --state c --crashes file",
            "File exists: give another",
        ),
        ("run --state c --crashes k --json file/s.json", "can't write the summary to "),
        # the command itself
        ("fuzz", "No such command 'fuzz'"),
        ("", "command"),
    ],
)
def test_bad_input_is_one_line_that_says_what_to_do(
    command: str, says: str, python: str, main_here: Main
) -> None:
    code, out, err = main_here(command.replace("PYTHON", python).split())
    (line,) = err.splitlines()
    assert line.startswith("finfuzz: error: ")
    assert says in line
    assert (code, out) == (2, "")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("exec no.fin", "can't read the program no.fin: No such file or directory"),
        ("exec good.fin --target boost", "unknown framework 'boost'"),
        ("run --state c --crashes file", "can't write findings to file: "),
        ("run --time 0", "Invalid value for '--time': 0.0 is not in the range"),
        (f"{RUN} --time nan", "'--time'"),
        (f"{RUN} --time inf", "'--time'"),
        (f"{RUN} --json folder", "folder"),
    ],
)
def test_the_same_by_a_process_of_its_own(command: str, says: str, here: Path, python: str) -> None:
    done = finfuzz(*command.replace("PYTHON", python).split(), cwd=here)
    (line,) = done.stderr.splitlines()
    assert line.startswith("finfuzz: error: ")
    assert says in line
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    "command",
    [
        "exec no.fin",
        "exec good.fin --target boost",
        "run --time 0 --state c --crashes k",
        "run --state c --crashes k --target boost",
        "run --state c --crashes k --target plain-c --python ./no",
        "run --state c --crashes file",
        "run --state c --crashes k --json file/s.json",
    ],
)
def test_bad_input_leaves_everything_as_it_was(command: str, here: Path, main_here: Main) -> None:
    before = everything_in(here)
    assert main_here(command.split())[0] == 2
    assert everything_in(here) == before


@pytest.mark.parametrize("variables", [{"CXX": "/no/such/compiler"}, {"CXX": "", "PATH": ""}])
def test_without_a_compiler(variables: dict[str, str], here: Path, python: str) -> None:
    done = finfuzz(*EXEC.replace("PYTHON", python).split(), cwd=here, env=variables)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert re.match(r"finfuzz: error: (\$CXX names|no C\+\+ compiler on PATH)", line)


def test_a_failed_build_shows_the_command_and_what_the_compiler_said(
    here: Path, python: str
) -> None:
    header = here / "headers" / "pybind11" / "pybind11.h"
    header.write_text('#error "this is no pybind11"\n')
    cache = {"FINFUZZ_CACHE": str(here / "cache")}
    arguments = ("exec", "good.fin", "--target", "pybind11@headers", "--python", python)
    done = finfuzz(*arguments, cwd=here, env=cache)
    assert done.returncode == 2
    told = done.stderr.partition("finfuzz: error: ")[2]
    assert re.match(r"the compiler failed with exit code 1: \S+ -std=c\+\+17 ", told)
    assert "this is no pybind11" in told
    builds = here / "cache" / "builds"
    assert [path.name for path in builds.iterdir() if path.is_dir()] == []


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
    assert [line.split()[0] for line in stack] == [f"#{n}" for n in range(len(stack))]
    assert any("  pybind11::pybind11_fail(char const*)" in line for line in stack)
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


def test_targets_lists_what_is_there(tmp_path: Path, pythons: list[Interpreter]) -> None:
    done = finfuzz("targets", cwd=tmp_path)
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    for found in pythons:
        assert [found.text, str(found.executable)] in [line[:2] for line in lines]
    assert ["pybind11==3.0.0"] in lines
    assert "policies: +released, +destroy, +leak, +hold" in done.stdout


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("--help", ["run", "exec", "targets", "doctor"]),
        ("run -h", ["--target", "--python", "--time", "--engine", "--seed", "--json", "--crashes"]),
        ("exec --help", ["PROGRAM", "--target", "--deadline", "--memory", "--abuse"]),
        ("--version", [version("finfuzz")]),
    ],
)
def test_help(command: str, words: list[str], tmp_path: Path) -> None:
    done = finfuzz(*command.split(), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [word for word in words if word not in done.stdout] == []


def test_the_installed_command_is_the_same(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("finfuzz")
    if not command.exists():
        pytest.skip("finfuzz is not installed beside this Python")
    said = subprocess.run([command, "-h"], capture_output=True, text=True, cwd=tmp_path, check=True)
    as_module = finfuzz("-h", cwd=tmp_path).stdout
    assert said.stdout == as_module.replace("python -m finfuzz", "finfuzz")
