"""The folder for new findings: never one whose findings are published."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.cli.new_findings import PUBLISHED, choose_crashes
from finfuzz.cli.plan import RunOptions, make_plan

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("published", "given", "chosen"),
    [
        (False, None, "crashes"),
        (True, None, "state/crashes"),
        (True, "crashes", "crashes"),
        (False, "elsewhere", "elsewhere"),
    ],
)
def test_where_new_findings_go(
    published: bool,
    given: str | None,
    chosen: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    if published:
        (tmp_path / "crashes").mkdir()
        (tmp_path / "crashes" / PUBLISHED).touch()
    folder = Path(given) if given else None
    assert choose_crashes(folder, Path("state")) == Path(chosen)


def test_a_run_in_this_repository_writes_no_tracked_finding(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    plan, state = make_plan(RunOptions(targets=("no-extension",), state=tmp_path), None)
    state.close()
    assert plan.crashes == str(tmp_path / "crashes")
    assert (ROOT / "crashes" / PUBLISHED).exists()
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert ".finfuzz/" in ignored
    makefile = (ROOT / "Makefile").read_text()
    assert "FOUND  := .finfuzz/" in makefile
    assert "--crashes $(FOUND)/crashes" in makefile
