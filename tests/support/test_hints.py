"""Commands that messages name can be copied into the shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.support.hints import spell_command


@pytest.mark.parametrize(
    ("words", "crashes", "command"),
    [
        (("doctor",), None, "finfuzz doctor"),
        (("attribute",), "crashes", "finfuzz attribute"),
        (("attribute",), "HERE/crashes", "finfuzz attribute"),
        (("attribute", "0123"), "HERE/a/crashes", "finfuzz attribute 0123 --crashes a/crashes"),
        (("attribute",), "/mnt/my crashes", "finfuzz attribute --crashes '/mnt/my crashes'"),
        (("run", "--resume", Path("a b")), None, "finfuzz run --resume 'a b'"),
        (("show", Path("-x")), None, "finfuzz show ./-x"),
    ],
)
def test_a_command_names_what_is_not_the_default(
    words: tuple[str | Path, ...],
    crashes: str | None,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = None if crashes is None else Path(crashes.replace("HERE", str(tmp_path)))
    assert spell_command(*words, crashes=folder) == command
