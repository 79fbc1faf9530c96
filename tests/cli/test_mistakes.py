"""Bad input on the command line: one line that says what is wrong and what to do, exit code 2."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.cli import main
from helpers.command import finfuzz
from helpers.wheel_index import WheelIndex

SELF_CYCLE = "finfuzz 1\nnode a container\nedge a a append\nroot a {}\n"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a good program and several bad ones."""
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
        "number": "3.13.0",
        "abiflags": "",
        "commit": "",
        "source_tree": None,
        "pyconfig": "",
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
    """Call `finfuzz` in this process, as a new one takes 0.5 s: return (code, out, err)."""
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
        # numbers
        (f"{EXEC} --deadline abc", "'abc' is not a number of seconds from 0.01 to 86,400"),
        (f"{EXEC} --deadline nan", "'nan' is not a number of seconds from 0.01 to 86,400"),
        (f"{EXEC} --memory 1", "'1' is not a whole number from 64 to 1,048,576"),
        ("triage --crashes nowhere", "there is no folder of findings nowhere"),
        ("attribute --crashes nowhere", "there is no folder of findings nowhere"),
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
            "unknown framework 'boost'; known are cython, nanobind, pybind11, no-extension",
        ),
        ("exec good.fin --target pybind11==3.99.0", "there is no such release: choose 3."),
        ("exec good.fin --target pybind11==2.13.6", "is too old: choose 3.0.0 or later"),
        ("exec good.fin --target pybind11+keep", "unknown policy 'keep': choose released, destroy"),
        (
            "exec good.fin --target pybind11@headers --python PYTHON",
            "headers: neither include/pybind11/pybind11.h nor pybind11/pybind11.h is in there",
        ),
        # the Python
        ("exec good.fin --python 3.99", "--python 3.99: no such CPython was found (there are: "),
        ("exec good.fin --python 2.7", "Python 2.7 is too old: pick 3.9 or later"),
        (
            "exec good.fin --python newest",
            "neither a version (3.12, 3.12.1, 3.14d for a debug build",
        ),
        ("exec good.fin --python ./no", "--python ./no: there is no such file: give the path of a"),
        ("exec good.fin --python ./file", "--python ./file: is not an executable file"),
        ("exec good.fin --python /bin/true", "/bin/true is not a Python 3: give a CPython 3.9"),
        ("exec good.fin --python /bin/ls", "/bin/ls is not a Python 3: give a CPython 3.9"),
        ("exec good.fin --python 3.14.99", "3.14.99: no such CPython was found (there are: "),
        (
            "exec good.fin --target plain-c --python ./python-without-headers",
            "CPython 3.13.0 has no Python.h in ",
        ),
        # numbers and words
        (
            f"{EXEC} --deadline 0",
            "Invalid value for '--deadline': '0' is not a number of seconds from 0.01",
        ),
        (f"{EXEC} --deadline nan", "'--deadline'"),
        (f"{EXEC} --deadline inf", "'--deadline'"),
        (f"{EXEC} --deadline 1e9", "'--deadline'"),
        (f"{RUN} --time 0", "Invalid value for '--time': '0' is not a number of seconds from 0.1"),
        (f"{RUN} --seed -1", "Invalid value for '--seed': '-1' is not a whole number from 0"),
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
        # findings; the folder has none
        ("export d80f", "give --pytest: a test is the only export there is"),
        ("export d80f --pytest", "d80f"),
        ("show d80f", "d80f"),
        ("show folder", "folder"),
        ("rekey nowhere", "no folder of findings nowhere"),
        ("merge a b", "no finding a in crashes"),
        ("bisect d80f", "d80f"),
        ("triage --status old", "'old' is not one of 'new', 'known'"),
        # campaigns
        ("report nowhere", "no campaign in nowhere: `finfuzz run --state nowhere` begins one"),
        ("serve nowhere", "no campaign in nowhere: `finfuzz run --state nowhere` begins one"),
        ("run --resume nowhere", "no campaign in nowhere"),
        ("run nowhere.toml", "can't read the campaign nowhere.toml: No such file"),
        # replay
        ("replay nowhere", "there is no nowhere to replay: name a program, a finding or a folder"),
        ("replay folder", "nothing to replay in folder"),
        ("replay", "no folder corpus or crashes here"),
        ("replay good.fin --target plain-c --workers 0", "'0' is not a whole number from 1 to 256"),
        ("replay good.fin --config nowhere", "can't read the matrix nowhere: No such file"),
        # packages and folders of programs
        ("discover pybind11", "only packages have recipes: write wheel:NAME"),
        ("exec good.fin --target wheel:", "'' is no name: write wheel:NAME"),
        ("exec good.fin --target plain-c --recipe file", "--recipe is for a target wheel:NAME"),
        ("corpus", "Missing command. (see `finfuzz corpus --help`)"),
        ("corpus stats nowhere", "there is no folder nowhere: name a folder of programs"),
        ("corpus import folder", "Missing option '-o' / '--out'"),
        ("targets --python nowhere", "Directory 'nowhere' does not exist"),
        # the command itself
        ("steps x", "Got unexpected extra argument (x)"),
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
        ("run --time 0", "Invalid value for '--time': '0' is not a number of seconds from 0.1"),
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
    message = done.stderr.partition("finfuzz: error: ")[2]
    assert re.match(r"the compiler failed with exit code 1: \S+ -std=c\+\+17 ", message)
    assert "this is no pybind11" in message
    builds = here / "cache" / "builds"
    assert [path.name for path in builds.iterdir() if path.is_dir()] == []


def test_a_step_that_would_be_skipped_is_an_error_where_that_is_asked_for(
    main_here: Main, here: Path, python: str
) -> None:
    (here / "partly.fin").write_text("finfuzz 1\nroot a sys\n")
    command = f"exec partly.fin --target no-extension --python {python} --strict"
    code, out, err = main_here(command.split())
    assert (code, out) == (2, "")
    assert "partly.fin: line 2: there is no node `a` in `main`" in err.splitlines()


@pytest.mark.parametrize(
    "command",
    [
        "check plain-c wheel:mistyped",
        "exec p.fin --target wheel:mistyped",
        "file p.fin --target wheel:mistyped==1.0",
        "run --target plain-c --target wheel:mistyped --time 1",
    ],
)
def test_a_mistyped_wheel_is_said_before_anything_is_built(
    command: str, python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runtime was compiled first, for a quarter of a minute (issue 21)."""
    WheelIndex(tmp_path, monkeypatch)
    (tmp_path / "p.fin").write_text("finfuzz 1\nimport\n")
    cache = {"FINFUZZ_CACHE": str(tmp_path / "cache")}
    done = finfuzz(*command.split(), "--python", python, cwd=tmp_path, env=cache)
    assert done.returncode == 2
    assert "there is no package mistyped on the package index: check its name" in done.stderr
    assert "building" not in done.stderr
    assert not (tmp_path / "cache" / "builds").exists()
