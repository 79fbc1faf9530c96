"""The progress of filing in a campaign: a line where nothing else is said for long."""

from __future__ import annotations

from finfuzz.triage.pace import Pace


def test_a_line_where_none_came_for_a_while() -> None:
    """It said "writing and running the script", and nothing in a minute of slow runs (issue 21)."""
    said: list[str] = []
    clock = iter([0, 0, 4, 9, 11, 11, 15, 22, 22, 40, 40])
    pace = Pace(said.append, lambda: float(next(clock)))
    pace.announce("writing and running the script")
    for done in range(1, 6):
        pace.advance("runs of the script", done, 10)
    pace.advance("programs tried to minimize", 7, 0)
    assert said == [
        "writing and running the script",
        "runs of the script: 3 of 10",
        "runs of the script: 5 of 10",
        "programs tried to minimize: 7",
    ]
