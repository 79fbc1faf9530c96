"""`finfuzz sweep`: what will be run, and how long it takes."""

from __future__ import annotations

import sys

import pytest

from finfuzz.cli import sweep as module
from finfuzz.cli.group import main
from finfuzz.generation.sweep.space import CELLS


def test_it_says_how_many_programs_and_how_long(
    python: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "CELLS", CELLS[:2])
    arguments = ["--target", "plain-c", "--python", python, "--workers", "2"]
    monkeypatch.setattr(sys, "argv", ["finfuzz", "sweep", *arguments])
    monkeypatch.setenv("COLUMNS", "140")
    main()
    printed = capsys.readouterr().out
    for number, cell in enumerate(CELLS[:2], 1):
        (row,) = [line for line in printed.splitlines() if f" {cell} " in line]
        assert str(number) in row.split()[1]
        assert "some" in row  # seconds, of a machine that nobody knows
    assert "plain-c on CPython" in printed
    assert "2 at once" in printed
