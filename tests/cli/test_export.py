"""`finfuzz export`, on a finding of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from finfuzz.cli.export import export
from finfuzz.triage.findings.finding import load_all
from helpers.places import CRASHES

FOLDER, FINDING = next(iter(load_all(CRASHES)))


def run(*arguments: str | Path) -> Result:
    command = [*map(str, arguments), "--crashes", str(CRASHES)]
    return CliRunner().invoke(export, command)


@pytest.mark.parametrize("name", [str(FOLDER), FINDING.bucket, FINDING.bucket[:8]])
def test_a_finding_becomes_a_test(name: str, tmp_path: Path) -> None:
    file = tmp_path / "test_it.py"
    done = run(name, "--pytest", "-o", file)
    assert (done.exit_code, done.output) == (0, f"wrote {file}: pytest {file}\n")
    compile(file.read_text(encoding="utf-8"), file, "exec")
    assert FINDING.bucket in file.read_text(encoding="utf-8")


def test_it_is_called_after_its_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(FOLDER, "--pytest").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == [f"test_finfuzz_{FINDING.bucket}.py"]


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "test_it.py"
    file.write_text("mine\n")
    done = run(FOLDER, "--pytest", "-o", file)
    assert str(done.exception) == f"{file} already exists: remove it, or name another with -o"
    assert file.read_text() == "mine\n"


def test_a_folder_that_there_is_not_is_said(tmp_path: Path) -> None:
    done = run(FOLDER, "--pytest", "-o", tmp_path / "no" / "test_it.py")
    assert "can't write" in str(done.exception)


def test_without_a_format_it_is_a_mistake() -> None:
    done = run(FOLDER)
    assert done.exit_code == 2
    assert "give --pytest" in done.output
