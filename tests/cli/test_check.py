"""`finfuzz check` as a user runs it: exit codes, reports, and packages that can't be checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers.command import finfuzz

AGAIN = """
import builtins, os
if hasattr(builtins, "mine_is_here"):
    os.abort()
builtins.mine_is_here = True
"""


def write(folder: Path, text: str) -> None:
    (folder / "mine.py").write_text(text)


def check(folder: Path, python: str, *more: str | Path) -> tuple[int, str, str]:
    target = ("module:mine", "--path", folder, "--python", python)
    done = finfuzz("check", *target, *more, cwd=folder, env={"COLUMNS": "200"})
    return done.returncode, done.stdout, done.stderr


def test_what_goes_wrong_fails_the_check_and_is_reported(tmp_path: Path, python: str) -> None:
    write(tmp_path, AGAIN)
    files = ["--json", "all.json", "--junit", "all.xml", "--markdown", "all.md"]
    only = ["--only", "import-and-exit", "--only", "imported-again"]
    code, out, _ = check(tmp_path, python, *only, *files)
    assert code == 1
    lines = [" ".join(line.split()) for line in out.splitlines() if line.strip()]
    assert lines[0].startswith(f"module:mine+path={tmp_path} on CPython 3.")
    assert "import-and-exit survived imported, and the process ends" in lines
    again = next(line for line in lines if line.startswith("imported-again crashes"))
    assert "SIGABRT/none" in again
    assert "3 of 3 runs; owner: extension" in again
    assert lines[-1] == "1 survived, 1 crashes"
    (found,) = json.loads((tmp_path / "all.json").read_text())["checks"]
    assert [row["state"] for row in found["rows"]] == ["survived", "crashes"]
    assert found["notes"] == ["mine is pure Python: nothing to fuzz but CPython"]
    assert "<failure" in (tmp_path / "all.xml").read_text()
    assert "| `imported-again`" in (tmp_path / "all.md").read_text()


@pytest.mark.parametrize(
    "text",
    [
        "import sys; print('x' * 100000); print('y' * 100000, file=sys.stderr)",
        "import os\nif os.fork() == 0: os._exit(0)\nos.wait()",
        "import _thread, time\n_thread.start_new_thread(time.sleep, (1e6,))",
    ],
    ids=["prints", "forks", "starts-threads"],
)
def test_a_package_may_do_more_when_imported(tmp_path: Path, python: str, text: str) -> None:
    write(tmp_path, text)
    code, out, errors = check(tmp_path, python, "--only", "use-and-exit", "--only", "second-life")
    assert (code, "2 survived" in out) == (0, True), out + errors


@pytest.mark.parametrize(
    ("text", "more", "says"),
    [
        ("import nothing_there", (), "ModuleNotFoundError: No module named 'nothing_there'"),
        ("import os; os._exit(0)", (), "its import ends the process with 0"),
        ("import os; os.abort()", (), "its import dies of SIGABRT"),
        ("def f(:", (), "SyntaxError: "),
        ("import time; time.sleep(1)", ("--deadline", "0.5"), "--deadline gives a scenario 0.5 s"),
        ("", ("--only", "imported"), "no such scenario: there are import-and-exit, "),
        ("", ("--recipe", "none.toml"), "can't read the recipe"),
    ],
)
def test_one_line_where_it_can_not_be_checked(
    tmp_path: Path, python: str, text: str, more: tuple[str, ...], says: str
) -> None:
    write(tmp_path, text)
    code, out, errors = check(tmp_path, python, *more, "--json", "all.json")
    assert (code, out) == (2, "")
    error = [line for line in errors.splitlines() if line.startswith("finfuzz: error: ")]
    assert len(error) == 1
    assert says in error[0]
    assert "Traceback" not in errors
    assert not (tmp_path / "all.json").exists(), "nothing half-written"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check",), "Missing argument 'TARGET…'"),
        (("check", "plain-c", "--recipe", "x.toml"), "--recipe is for a target wheel:NAME"),
        (("check", "stdlib:json", "--path", "."), "--path is for a target module:NAME"),
        (("exec", "x.fin", "--path", "."), "can't read the program"),
    ],
)
def test_options_that_do_not_go_together(
    tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = finfuzz(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr


def test_exec_takes_a_recipe_and_a_folder(tmp_path: Path, python: str) -> None:
    write(tmp_path, "class Box: pass")
    (tmp_path / "mine.toml").write_text('module = "mine"\n[kind.box]\nmake = "t.Box()"\n')
    (tmp_path / "box.fin").write_text("finfuzz 1\nnode a :box\nroot a leak\n")
    target = ("--target", "module:mine", "--path", ".", "--recipe", "mine.toml")
    done = finfuzz("exec", "box.fin", *target, "--python", python, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 steps, 0 skipped, 0 raised" in done.stdout
