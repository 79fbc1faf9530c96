"""A module that ends the process by itself: no command says that the program survived."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.targets.interpreters import find_interpreters
from helpers.command import finfuzz

PYTHON = next(found for found in find_interpreters() if found.includes).text
#: Only in a child: the probe of the module should find nothing.
CHILD = 'os.environ.get("PYTHONCOERCECLOCALE")'
AT_IMPORT = f"import os\n\nif {CHILD}:\n    os._exit(174)\n"
AT_EXIT = f"import atexit, os\n\nif {CHILD}:\n    atexit.register(os._exit, 0)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "x.fin").write_text("finfuzz 1\nimport\ncollect\n")
    return tmp_path


def write_module(folder: Path, text: str) -> tuple[str, ...]:
    (folder / "mine.py").write_text(text)
    return f"module:mine+path={folder}", "--python", PYTHON


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (AT_IMPORT, "ended early, with exit code 174, in running: "),
        (AT_EXIT, "ended early, with exit code 0, in running: "),
    ],
)
def test_exec(text: str, says: str, folder: Path) -> None:
    target = write_module(folder, text)
    done = finfuzz("exec", "x.fin", "--target", *target, cwd=folder)
    assert (done.returncode, done.stdout.startswith(says)) == (1, True), done.stdout


def test_file_does_not_say_that_it_survived(folder: Path) -> None:
    target = write_module(folder, AT_IMPORT)
    done = finfuzz("file", "x.fin", "--target", *target, cwd=folder)
    told = "ended early, with exit code 174, in running: not filed (docs/triage.md, early ends)\n"
    assert (done.returncode, done.stdout) == (1, told), done.stderr


@pytest.mark.parametrize("text", [AT_IMPORT, AT_EXIT])
def test_check(text: str, folder: Path) -> None:
    options = ("--only", "import-and-exit", "--markdown", "m.md", "--file")
    done = finfuzz("check", *write_module(folder, text), *options, cwd=folder)
    assert done.returncode == 1, done.stderr
    assert "ends early" in done.stdout
    assert "import-and-exit: ended early, with exit code" in done.stdout
    assert ": not filed (docs/triage.md, early ends)" in done.stdout
    assert "ended early, with exit code" in (folder / "m.md").read_text()


def test_replay(folder: Path) -> None:
    target = write_module(folder, AT_EXIT)
    done = finfuzz("replay", "x.fin", "--target", *target, "--junit", "j.xml", cwd=folder)
    assert done.returncode == 1, done.stderr
    told = "NONE/unexpected-exit (ended early, with exit code 0, in running), expected survival"
    assert told in done.stdout
    assert told in (folder / "j.xml").read_text()
