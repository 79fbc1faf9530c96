"""Hidden characters spelled out, numbers and times formatted."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.report.page.text import (
    format_count,
    format_moment,
    format_short,
    read_start,
    reveal,
)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\tb\r\nc", "a\tb\nc"),
        ("\x00\x1b[31m\r", "␀␛[31m␍"),
        ("\x7f\x85", "␡⟨U+0085⟩"),
        ("\u202egnp\u2066\u200b\ud800", "⟨U+202E⟩gnp⟨U+2066⟩⟨U+200B⟩⟨U+D800⟩"),
        ("ünïcode 😀 日本", "ünïcode 😀 日本"),
    ],
)
def test_what_is_hidden_is_spelled_out(text: str, seen: str) -> None:
    assert reveal(text) == seen
    reveal(text).encode()


def test_numbers() -> None:
    assert [format_short(one) for one in (0, 0.25, 950, 12_345, 3.4e6)] == [
        "0", "0.25", "950", "12.3k", "3.4M"
    ]  # fmt: skip
    assert (format_count(None), format_count(1234.0)) == ("–", "1,234")


def test_moments() -> None:
    assert format_moment(0) == "1970-01-01 00:00:00 UTC"
    assert [format_moment(one) for one in (None, float("nan"), 1e300)] == ["–"] * 3


def test_only_the_start_of_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"\xff" + b"x" * 100_000)
    found = read_start(tmp_path / "large")
    assert found is not None
    assert found[0].startswith("\ufffdxxx")
    assert found[1] == 100_001 - 40_000
    assert read_start(tmp_path / "none") is None
