"""The folder of findings that a finding's folder lies in."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.cli.outdated import find_crashes


@pytest.mark.parametrize(
    ("folder", "crashes"),
    [
        ("mine/SIGSEGV/none/0386ff6f2101", "mine"),
        ("crashes/SIGABRT/internals-recreated/0386ff6f2101", "crashes"),
        # `show` of such a copy searched all of /tmp (issue 21)
        ("copy/0386ff6f2101", "crashes"),
        ("a/b/c/0386ff6f2101", "crashes"),
        ("mine/SIGSEGV/none/copy", "crashes"),
        ("mine/SIGSEGV/other/0386ff6f2101", "crashes"),
    ],
)
def test_only_a_filed_finding_has_one_above_it(
    folder: str, crashes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / folder).mkdir(parents=True)
    assert find_crashes(Path(folder), Path("crashes")).resolve() == tmp_path / crashes
