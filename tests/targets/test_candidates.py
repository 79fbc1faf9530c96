"""Files that may be CPythons."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.targets import candidates
from finfuzz.targets.candidates import list_candidates, list_candidates_in


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def binary(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF")
    path.chmod(0o755)
    return path


def test_debug_and_free_threaded_builds_on_path_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {binary(tmp_path / name) for name in ("python3.14", "python3.14d", "python3.14t")}
    script(tmp_path / "python3.14-config", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert made <= set(list_candidates())


@pytest.mark.parametrize(
    "place",
    ["python", "bin/python3.14", "3.14/usr/bin/python3.14d", "versions/3.14.0/bin/python3.14"],
    ids=["a source tree", "a prefix", "a distribution's", "a folder of prefixes"],
)
def test_a_folder_is_searched(tmp_path: Path, place: str) -> None:
    made = binary(tmp_path / place)
    (tmp_path / "python-notes").mkdir()
    script(tmp_path / "python3", "exit 0")
    assert list_candidates_in(tmp_path) == [made.resolve()]


def test_a_link_and_its_file_are_one(tmp_path: Path) -> None:
    made = binary(tmp_path / "bin" / "python3.14")
    (tmp_path / "bin" / "python3").symlink_to(made)
    assert list_candidates_in(tmp_path) == [made.resolve()]


@pytest.mark.parametrize("known_by", ["home", "variable", "shims"])
def test_pyenv_is_found_however_it_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known_by: str
) -> None:
    root = tmp_path / ".pyenv"
    made = binary(root / "versions" / "3.99.0" / "bin" / "python3.99")
    (root / "shims").mkdir()
    script(root / "shims" / "python3.99", "exit 1")
    monkeypatch.setenv("HOME", str(tmp_path if known_by == "home" else tmp_path / "elsewhere"))
    monkeypatch.setenv("PATH", str(root / "shims") if known_by == "shims" else "/no-such")
    if known_by == "variable":
        monkeypatch.setenv("PYENV_ROOT", str(root))
    else:
        monkeypatch.delenv("PYENV_ROOT", raising=False)
    found = list_candidates()
    assert made.resolve() in found
    assert not [path for path in found if "shims" in path.parts]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("python", True),
        ("python3", True),
        ("python3.9", True),
        ("python3.13t", True),
        ("python3.12d", True),
        ("python3.8", False),
        ("python2", False),
        ("python2.7", False),
        ("pypy3", False),
        ("python3-config", False),
        ("python3.11-config", False),
        ("python.exe.py", False),
    ],
)
def test_names_that_cannot_be_wanted_are_not_run(name: str, kept: bool) -> None:
    assert candidates._may_be_new_enough(name) is kept
