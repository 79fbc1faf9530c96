"""Triage of several lanes: whose deferred work comes first."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.triage_process import Triager
from helpers.campaigns import PLAN


def test_the_owners_of_all_lanes_findings_come_before_later_controls(tmp_path: Path) -> None:
    """The releases of one lane's finding took minutes, while another's owner was not known."""
    worked = []

    def make_lane(name: str, owners: int) -> SimpleNamespace:
        sorter = SimpleNamespace(lacks_owner=owners > 0, progress=None)

        def work() -> bool:
            worked.append(name)
            sorter.lacks_owner = False
            return False  # so that the next lane is asked, too

        sorter.work = work
        return SimpleNamespace(sorter=sorter)

    triager = Triager(PLAN, StatePaths(tmp_path), -1)
    lanes = {0: make_lane("later", 0), 1: make_lane("owner", 1), 2: make_lane("later, too", 0)}
    triager._lanes = lanes  # type: ignore[assignment]
    assert triager._run_deferred_work() is None
    assert worked == ["owner", "later", "later, too"]
