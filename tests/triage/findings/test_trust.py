"""Whose finding it is, for commands that would run what it holds."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.support.errors import UserError
from finfuzz.triage.findings.finding import load, update
from finfuzz.triage.findings.save import save
from finfuzz.triage.findings.trust import is_own, note_finding, require_trust
from finfuzz.triage.instruments.experiment import copy_script
from helpers.finding_example import finding

FILES = {"repro.py": "print()\n", "stderr.txt": "", "extension.cpp": "int x;\n"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("FINFUZZ_CACHE", str(tmp_path / "cache"))
    return save(tmp_path / "crashes", finding(), FILES)


def test_a_finding_of_ones_own_is_run_without_a_question(folder: Path) -> None:
    assert is_own(folder)
    require_trust(folder, "attribute")


def test_it_stays_so_when_it_is_moved_counted_and_built(folder: Path, tmp_path: Path) -> None:
    counted = load(folder)
    counted.sightings += 5
    update(folder, counted)
    (folder / "finfuzz_target.so").write_bytes(b"built by the script; no command takes it along")
    (folder / "escalation").mkdir()
    folder = folder.rename(tmp_path / "elsewhere")
    assert is_own(folder)


@pytest.mark.parametrize("name", ["repro.py", "extension.cpp", "random.py", "recipe.toml"])
def test_one_that_was_changed_is_not(name: str, folder: Path) -> None:
    (folder / name).write_text("import os  # and worse\n")
    assert not is_own(folder)
    note_finding(folder)
    assert is_own(folder)


@pytest.mark.parametrize(
    "change",
    [{"executable": "~/Downloads/python"}, {"spec": "wheel:evil==1"}, {"recipe": "recipe.toml"}],
    ids=str,
)
def test_one_that_names_another_target_is_not(change: dict[str, str], folder: Path) -> None:
    changed = load(folder)
    changed.target = msgspec.structs.replace(changed.target, **change)
    update(folder, changed)
    assert not is_own(folder)


def test_somebody_elses_says_what_would_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINFUZZ_CACHE", str(tmp_path / "another"))
    with pytest.raises(UserError) as raised:
        require_trust(folder, "bisect")
    said = str(raised.value)
    assert "was not written by your finfuzz, or was changed since" in said
    assert "`finfuzz bisect` runs its script and its target" in said
    assert said.endswith("read them, then give --trust")


def test_what_no_digest_covers_is_not_taken_along(folder: Path, tmp_path: Path) -> None:
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "finfuzz_target.cpython-313.pyc").write_bytes(b"somebody's")
    (folder / "stderr.txt").unlink()
    (folder / "stderr.txt").symlink_to("/dev/zero")
    assert is_own(folder)
    copy = copy_script(folder, tmp_path / "copy")
    assert sorted(path.name for path in copy.iterdir()) == ["extension.cpp", "repro.py"]


def test_a_link_is_never_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("of the user")
    (folder / "extension.cpp").unlink()
    (folder / "extension.cpp").symlink_to(tmp_path / "key")
    with pytest.raises(UserError, match="is a link, and a finding has none"):
        is_own(folder)
    with pytest.raises(UserError, match="is a link, and a finding has none"):
        copy_script(folder, tmp_path / "copy")
