"""A test leaves no campaign behind, whatever fails when it ends (issue 21)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psutil
import pytest

from finfuzz.targets.build import Build
from helpers.campaigns import Campaign, campaigns_in, is_working
from helpers.patience import wait_until

HOUR = ("--time", "3600", "--engine", "random")


def test_one_that_can_not_be_ended_does_not_keep_the_others(
    plain_c: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Campaign] = []

    def fail(*_: object) -> int:
        raise OSError("no more")

    def two_campaigns() -> None:
        with campaigns_in(tmp_path) as start:
            left.append(start(plain_c, *HOUR))
            monkeypatch.setattr(start(None, "--help").process, "wait", fail)
            left[0].read_until("fuzzing plain-c")
            wait_until(lambda: is_working(left[0]), "a zygote")

    with pytest.raises(OSError, match="no more"):
        two_campaigns()
    assert left[0].processes() == []


def test_a_process_that_is_gone_meanwhile_is_no_error(
    plain_c: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = subprocess.Popen(["true"])
    gone = psutil.Process(ended.pid)
    ended.wait()
    with campaigns_in(tmp_path) as start:
        campaign = start(plain_c, *HOUR)
        found = iter([[gone], campaign.processes(), []])
        monkeypatch.setattr(campaign, "processes", lambda: next(found, []))
        campaign.close()
    assert Campaign.processes(campaign) == []
