"""Picking a CPython, by `--python` or as a finding names it."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets import pick
from finfuzz.targets.instrumentation import Instrumentation
from finfuzz.targets.interpreters import Interpreter, probe
from finfuzz.targets.pick import pick_interpreter, pick_own


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def here() -> Interpreter:
    return probe(Path(sys.executable))


def fake(number: str, *, headers: bool, abiflags: str = "") -> Interpreter:
    major, minor, patch = map(int, re.findall(r"\d+", number)[:3])
    includes = (Path("/include"),) if headers else ()
    executable = Path("/opt", number, "bin", "python")
    version = (major, minor, patch)
    return Interpreter(executable, version, includes, ".so", "", number + abiflags, abiflags)


FAKES = [
    fake("3.16.0a3", headers=True, abiflags="d"),
    fake("3.16.0a2", headers=True, abiflags="d"),
    fake("3.15.2", headers=True, abiflags="d"),
    fake("3.15.2", headers=True, abiflags="t"),
    fake("3.14.1", headers=False),
    fake("3.13.2", headers=False),
    fake("3.13.1", headers=True),
    fake("3.12.9", headers=True),
    fake("3.12.4", headers=True),
    fake("3.9.1", headers=True),
]


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        (None, "3.13.1"),
        ("3", "3.13.1"),
        ("3.13", "3.13.1"),
        ("3.12", "3.12.9"),
        ("3.12.4", "3.12.4"),
        ("3.9", "3.9.1"),
        ("3.15d", "3.15.2d"),
        ("3.15.2t", "3.15.2t"),
        ("3.16d", "3.16.0a3d"),
        ("3.16.0a3d", "3.16.0a3d"),
        ("3.16.0a2d", "3.16.0a2d"),
    ],
)
def test_picks_the_newest_match_with_headers(
    monkeypatch: pytest.MonkeyPatch, text: str | None, picked: str
) -> None:
    monkeypatch.setattr(pick, "find_interpreters", lambda: FAKES)
    assert pick_interpreter(text).text == picked


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3.11", "--python 3.11: no such CPython was found (there are: 3.16.0a3d, "),
        ("3.15", "--python 3.15: no such CPython was found (there are: "),  # only d and t
        ("3.13td", "--python 3.13td: no such CPython was found (there are: "),
        ("3.13x", "--python '3.13x': neither a version (3.12, 3.12.1, 3.14d for a debug build"),
        ("3.1", "--python 3.1: Python 3.1 is too old: pick 3.9 or later"),
        ("3.8", "--python 3.8: Python 3.8 is too old: pick 3.9 or later"),
        ("2", "--python 2: Python 2 is too old: pick 3.9 or later"),
        ("python3.12", "--python 'python3.12': neither a version (3.12, 3.12.1, 3.14d"),
        ("", "--python '': neither a version"),
        ("3.14", "has no Python.h in /opt/3.14.1/include/python3.14: install its devel"),
        ("3.13.2", "(Debian: python3.13-dev) or pick another with --python"),
    ],
)
def test_bad_picks_say_what_is_wrong(monkeypatch: pytest.MonkeyPatch, text: str, says: str) -> None:
    monkeypatch.setattr(pick, "find_interpreters", lambda: FAKES)
    with pytest.raises(UserError, match=re.escape(says)):
        pick_interpreter(text)


def test_no_python_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pick, "find_interpreters", list)
    with pytest.raises(UserError, match=r"no CPython 3.9 or later was found: install one"):
        pick_interpreter(None)


def test_picks_by_path(tmp_path: Path, here: Interpreter) -> None:
    os.symlink(here.executable, tmp_path / "mine")
    assert pick_interpreter(str(tmp_path / "mine")) == here


def test_bad_paths_say_what_is_wrong(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    for path, says in [
        (tmp_path / "none", "there is no such file"),
        (tmp_path, "no CPython 3.9 or later in this folder"),
        (plain, "is not an executable file"),
        (script(tmp_path / "true", "exit 0"), "is not a Python 3"),
    ]:
        with pytest.raises(UserError, match=says) as caught:
            pick_interpreter(str(path))
        assert str(path) in str(caught.value)


def test_an_old_python_by_path_is_refused(
    monkeypatch: pytest.MonkeyPatch, here: Interpreter
) -> None:
    old = dataclasses.replace(here, version=(3, 8, 20), text="3.8.20")
    monkeypatch.setattr(pick, "probe", lambda _: old)
    with pytest.raises(UserError, match=r"Python 3\.8\.20 is too old"):
        pick_interpreter(sys.executable)


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("3.12.4", "3.12.4"),
        ("3.12.1", "3.12.9"),  # it is gone: the newest of its branch
        ("3.15.2d", "3.15.2d"),
        ("3.15.0t", "3.15.2t"),
    ],
)
def test_a_findings_own(monkeypatch: pytest.MonkeyPatch, text: str, picked: str) -> None:
    monkeypatch.setattr(pick, "find_interpreters", lambda: FAKES)
    assert pick_own(text).text == picked


def test_a_findings_own_is_never_another_kind_of_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pick, "find_interpreters", lambda: FAKES)
    with pytest.raises(UserError, match=r"--python 3\.12d: no such CPython"):
        pick_own("3.12.4d")


def test_a_findings_own_is_looked_for_where_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, here: Interpreter
) -> None:
    """A build in its source tree is on no PATH."""
    monkeypatch.setattr(pick, "find_interpreters", lambda: FAKES)
    os.symlink(here.executable, tmp_path / "python")
    assert pick_own(here.text, str(tmp_path / "python")) == here
    with pytest.raises(UserError, match="no such CPython was found"):
        pick_own(here.text, str(tmp_path / "gone"))


def test_an_instrumented_one_is_picked_by_its_path_or_where_there_is_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow, plain = fake("3.13.18", headers=True), fake("3.13.0", headers=True)
    monkeypatch.setattr(pick, "find_interpreters", lambda: [slow, plain])
    monkeypatch.setattr(
        pick,
        "read_instrumentation",
        lambda path: Instrumentation(has_trace=path == slow.executable),
    )
    assert pick_interpreter("3.13") == plain
    assert pick_interpreter("3.13.18") == slow


def test_a_folder_means_the_newest_in_it(tmp_path: Path, here: Interpreter) -> None:
    (tmp_path / "bin").mkdir()
    os.symlink(here.executable, tmp_path / "bin" / "python3")
    assert pick_interpreter(str(tmp_path)) == here


@pytest.mark.parametrize("named", ["", "bin"])
def test_a_folder_of_a_virtual_environment_means_that(
    named: str, tmp_path: Path, here: Interpreter
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "pyvenv.cfg").write_text(f"home = {here.executable.parent}\n")
    os.symlink(here.executable, tmp_path / "bin" / "python")
    assert pick_interpreter(str(tmp_path / named)).path == tmp_path / "bin" / "python"
