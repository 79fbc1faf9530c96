"""Files and folders whose names are not UTF-8, which Linux allows (issue 21)."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from finfuzz.targets.interpreters import find_interpreters
from helpers.command import run

PYTHON = next(found.text for found in find_interpreters() if found.includes)
HERE = ("--target", "plain-c", "--python", PYTHON)
ODD = os.fsdecode(b"a\xff")
FINFUZZ = (sys.executable, "-P", "-m", "finfuzz")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ODD).mkdir()
    (tmp_path / ODD / f"{ODD}.fin").write_text("finfuzz 1\nnode a container\nroot a module\n")
    return tmp_path


def test_a_replay_reports_them_in_all_formats(folder: Path) -> None:
    files = ("--json", "j.json", "--junit", "j.xml", "--markdown", "j.md")
    done = run(folder, *FINFUZZ, "replay", *HERE, ODD, *files)
    assert (done.returncode, done.stderr) == (0, "")
    assert r"a\\udcff" in (folder / "j.json").read_text(encoding="utf-8")
    json.loads((folder / "j.json").read_text(encoding="utf-8"))
    (folder / "j.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", ["--state", "--crashes", "--corpus"])
def test_a_campaign_can_not_keep_them(option: str, folder: Path) -> None:
    done = run(folder, *FINFUZZ, "run", *HERE, "--time", "1", option, ODD)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert line.endswith("it is not UTF-8: give another folder")


@pytest.mark.parametrize(
    "arguments",
    [
        ("exec", *HERE, f"{ODD}/{ODD}.fin"),
        ("corpus", "stats", ODD),
        ("triage", "--crashes", ODD),
    ],
    ids=["exec", "corpus", "triage"],
)
def test_other_commands_read_them(arguments: tuple[str, ...], folder: Path) -> None:
    done = run(folder, *FINFUZZ, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
