"""A test leaves no campaign behind, whatever fails when it ends (issue 21)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from finfuzz.targets.build import Build
from helpers.campaigns import Campaign, campaigns_in, is_working
from helpers.patience import wait_until, wait_until_gone
from helpers.places import ROOT

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


STARTS_ONE = """
import pathlib, signal, sys
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import probe
from finfuzz.targets.spec import parse_target
from helpers.campaigns import Campaign, is_working
from helpers.patience import wait_until, wait_until_gone
from helpers.places import ROOT
made = build(parse_target("plain-c"), probe(pathlib.Path(sys.argv[1])))
campaign = Campaign(pathlib.Path(sys.argv[2]), made, "--time", "3600", "--engine", "random")
campaign.read_until("fuzzing plain-c")
wait_until(lambda: is_working(campaign), "a zygote")
print(campaign.process.pid, flush=True)
signal.pause()
"""


def test_a_campaign_ends_with_a_test_that_is_killed(plain_c: Build, tmp_path: Path) -> None:
    """`timeout 900 pytest` ends without any teardown."""
    folder = str(tmp_path.resolve())
    command = [sys.executable, "-c", STARTS_ONE, str(plain_c.interpreter.executable), folder]
    test = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
    )
    assert test.stdout is not None
    supervisor = psutil.Process(int(test.stdout.readline()))
    family = [supervisor, *supervisor.children(recursive=True)]
    test.kill()
    test.wait()
    wait_until_gone(one.pid for one in family)
