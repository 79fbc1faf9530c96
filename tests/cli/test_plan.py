"""The plan of a campaign that is resumed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.campaign.journal import Journal, LaneRow
from finfuzz.campaign.messages import Progress
from finfuzz.cli.plan import extend_plan
from helpers.campaigns import PLAN


@pytest.mark.parametrize(
    ("workers", "seconds", "planned"),
    [
        (None, None, 3600.0),
        (None, 60.0, 500.0 + 60.0),
        (4, None, 250.0 + 3100.0),  # 3,100 s were left, and half as many workers had 500 s
        (4, 60.0, 250.0 + 60.0),
        (1, None, 1000.0 + 3100.0),
    ],
)
def test_what_was_left_is_left_with_another_number_of_workers(
    workers: int | None, seconds: float | None, planned: float, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    with journal.writing():
        journal.add_lanes(PLAN.lanes)
        progress = Progress(seconds=1000.0)
        journal.save_lane(LaneRow(lane=0, progress=progress, corpus=None, features=None))
    plan = extend_plan(PLAN, journal, seconds, workers)
    assert plan == msgspec.structs.replace(PLAN, workers=workers or 2, seconds=planned)
