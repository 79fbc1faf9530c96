"""A journal that can't be written pauses a campaign, whatever the reason, until it can."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.campaign.folder import State
from finfuzz.campaign.supervisor import supervisor as module
from finfuzz.campaign.supervisor.screen import Screen
from finfuzz.campaign.supervisor.supervisor import Supervisor
from finfuzz.support.errors import UserError
from helpers.campaigns import PLAN


class Lines(Screen):
    """A screen whose lines are kept."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, line: str) -> None:
        self.lines.append(line)


def test_it_pauses_once_and_goes_on_when_the_journal_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a quota, or no inodes left, there is space: it went on and paused again each second."""
    monkeypatch.setattr(module, "explain_full_disk", lambda _: "")
    state, screen = State(tmp_path / "state"), Lines()
    supervisor = Supervisor(PLAN, state, state.begin(PLAN), screen)

    def fail(*_: object, **__: object) -> None:
        raise UserError("can't write the journal: disk quota exceeded")

    with monkeypatch.context() as patched:
        patched.setattr(supervisor.totals, "flush", fail)
        for _ in range(3):
            supervisor._flush(sample=False)
            supervisor._check_resources()
    assert screen.lines == ["paused: can't write the journal: disk quota exceeded"]
    supervisor._flush(sample=False)
    supervisor._check_resources()
    assert screen.lines[1:] == ["the state folder can be written again: continuing"]
    state.close()
