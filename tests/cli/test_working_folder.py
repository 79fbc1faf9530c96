"""Every command works where the user's own files are named `fuzz` or `finfuzz` (issue 14).

`finfuzz` and `pytest` are started as a user starts them, by their scripts.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from finfuzz.support.own_python import module_command, safe_path
from finfuzz.targets.interpreters import find_interpreters
from helpers.command import run

SCRIPTS = Path(sysconfig.get_path("scripts"))
PYTHON = next(found.text for found in find_interpreters() if found.includes)
HERE = ("--target", "plain-c", "--python", PYTHON)
SURVIVES = "finfuzz 1\nnode a container\nedge a a append\nroot a module\n"
#: The text of the user's files: a process that imports one ends at once.
IMPORTED = "raise SystemExit('imported a file of the user')\n"


@pytest.fixture(params=["fuzz.py", "fuzz/__init__.py", "finfuzz.py"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    own = tmp_path / request.param
    own.parent.mkdir(exist_ok=True)
    own.write_text(IMPORTED)
    # Workers import the standard library's `random`; so the folder is not on their path at all.
    for name in ("random", "pip", "venv", "uv", "ctypes", "json", "Cython"):
        (tmp_path / f"{name}.py").write_text(IMPORTED)
    (tmp_path / "survives.fin").write_text(SURVIVES)
    return tmp_path


def test_exec(folder: Path) -> None:
    done = run(folder, SCRIPTS / "finfuzz", "exec", *HERE, "survives.fin")
    assert done.returncode == 0, done.stderr


def test_replay(folder: Path) -> None:
    done = run(folder, SCRIPTS / "finfuzz", "replay", *HERE, "survives.fin")
    assert (done.returncode, done.stdout) == (0, "1 as expected\n"), done.stderr


def test_releases_are_listed_by_pip_of_finfuzz(folder: Path) -> None:
    command = "import finfuzz.targets.package_index as i; print(i.run_pip('--version').stdout)"
    done = run(folder, sys.executable, "-P", "-c", command)
    assert done.stdout.startswith("pip "), done.stderr


def test_run(folder: Path) -> None:
    done = run(folder, SCRIPTS / "finfuzz", "run", *HERE, "--time", "3", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "gone" not in done.stderr
    assert "given up" not in done.stderr
    assert "triage" not in done.stderr
    assert re.search(r": [1-9]\d* executions in ", done.stdout), done.stdout


def test_pytest(folder: Path) -> None:
    done = run(folder, SCRIPTS / "pytest", "-q", "--finfuzz", *plugin_options(), "survives.fin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.fixture
def without_random(folder: Path) -> Path:
    """`python -m pytest` has the folder on its path, so what pytest imports must not be there."""
    for path in folder.glob("*.py"):
        if path.name not in ("fuzz.py", "finfuzz.py"):
            path.unlink()
    (folder / "test_own.py").write_text("def test_own():\n    pass\n")
    return folder


def test_python_m_pytest_without_the_option(without_random: Path) -> None:
    done = run(without_random, sys.executable, "-m", "pytest", "-q")
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_python_m_pytest_with_the_option(without_random: Path) -> None:
    command = ("-m", "pytest", "-q", "--finfuzz", *plugin_options(), "survives.fin")
    done = run(without_random, sys.executable, *command)
    hiding = without_random / "finfuzz.py"
    if not hiding.exists():
        assert "1 passed" in done.stdout, done.stdout + done.stderr
        return
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in done.stderr.splitlines() if line]
    assert line.startswith(f"ERROR: --finfuzz: {hiding} hides the package finfuzz: rename it")
    advised = run(without_random, sys.executable, "-P", *command)
    assert "1 passed" in advised.stdout, advised.stdout + advised.stderr


def test_modules_are_started_without_the_working_folder_but_with_pythonpath(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "named").mkdir()
    (tmp_path / "here" / "mine.py").write_text("print('of the working folder')")
    (tmp_path / "named" / "mine.py").write_text("import sys; print(sys.argv[1:])")
    done = subprocess.run(
        module_command("mine", 3, Path("a")),
        cwd=tmp_path / "here",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "named")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "['3', 'a']\n"


@pytest.mark.parametrize("before", [None, "", "yes"])
def test_safe_path_is_set_inside_only(before: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    if before is not None:
        monkeypatch.setenv("PYTHONSAFEPATH", before)
    with safe_path():
        assert os.environ["PYTHONSAFEPATH"] == "1"
    assert os.environ.get("PYTHONSAFEPATH") == before


def plugin_options() -> tuple[str, ...]:
    return ("--finfuzz-target", "plain-c", "--finfuzz-python", PYTHON, "-p", "no:cacheprovider")
