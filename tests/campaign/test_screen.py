"""What a campaign shows where nobody can see a live line: a log, a pipe."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from fuzz.campaign.screen import Screen


def shown(ticks: list[float], *notes: str) -> list[str]:
    """The lines of a campaign of a minute with these ticks, then these notes."""
    file = io.StringIO()
    with Screen(60.0, Console(file=file, width=40, highlight=False)) as screen:
        for seconds in ticks:
            screen.tick(f"status {seconds:g}", seconds)
        for note in notes:
            screen.note(note)
    return file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("ticks", "lines"),
    [
        ([], []),
        ([0.2, 5.0, 9.9], []),
        ([10.0], ["10 s: status 10"]),
        ([9.9, 10.1, 10.2, 19.9], ["10 s: status 10.1"]),
        ([10.0, 20.0, 30.0], ["10 s: status 10", "20 s: status 20", "30 s: status 30"]),
    ],
)
def test_a_status_every_ten_seconds(ticks: list[float], lines: list[str]) -> None:
    assert shown(ticks) == lines


@pytest.mark.parametrize(
    "note",
    [
        "SIGABRT/none 0123456789ab: its script died 10 of 10",
        "brackets [bold]are[/bold] what they are, and so is [/path]",
        "a line that is much longer than the forty columns that this terminal has",
        ":smile: stays words",
    ],
)
def test_a_note_is_one_line_as_it_is(note: str) -> None:
    assert shown([], note) == [note]
