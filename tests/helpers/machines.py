"""Machines that share a folder, each with a campaign's state, without a process."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.campaign.folder import StatePaths, hash_program
from finfuzz.campaign.plan import Lane
from finfuzz.campaign.sync.exchange import Exchange
from finfuzz.campaign.sync.status import SyncStatus
from finfuzz.campaign.updates import TakeAttribution
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.save import save
from helpers.campaign_example import plan, state_with

LANE = Lane("plain-c", "/usr/bin/python3.13", "3.13.0")
SCRIPT = {"repro.py": "print()\n", "extension.cpp": "int x;\n"}


class FakeMachine:
    """A machine with a state folder, a folder of findings and a cache of its own."""

    def __init__(self, base: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.name, self._monkeypatch = base / f"of-{name}", name, monkeypatch
        self.shared, self.crashes = base / "shared", self.folder / "crashes"
        self._cache = self.folder / "cache"
        self._cache.mkdir(parents=True)
        self.plan = msgspec.structs.replace(
            plan(self.crashes, (LANE,)), sync=str(self.shared), machine=name
        )
        self.paths = StatePaths(state_with(self.folder / "state", self.plan))
        for folder in (self.paths.corpus, self.paths.live, self.paths.scratch):
            folder.mkdir()
        self.lines: list[str] = []
        self.requests: list[TakeAttribution] = []
        self.now = 0.0
        self.restart()

    @property
    def own(self) -> Path:
        """Its subfolder of the shared folder."""
        return self.shared / self.name

    def restart(self) -> None:
        self._exchange = Exchange(
            self.plan, self.paths, self.lines.append, self.requests.append, lambda: self.now
        )

    def turn(self, *, last: bool = False) -> str:
        """Exchange once; return what the screen says."""
        self._monkeypatch.setenv("FINFUZZ_CACHE", str(self._cache))
        self.now += 5
        return self._exchange.turn(last=last).line

    @property
    def status(self) -> SyncStatus:
        """What its last turn knew of the others."""
        return self._exchange.status

    def find_program(self, text: str) -> str:
        """Keep a program; return its file's name."""
        name = f"{hash_program(text)}.fin"
        (self.paths.corpus / name).write_text(text)
        return name

    def file_finding(self, made: Finding) -> Path:
        self._monkeypatch.setenv("FINFUZZ_CACHE", str(self._cache))
        return save(self.crashes, made, SCRIPT)

    def programs(self) -> set[str]:
        return {path.name for path in self.paths.corpus.iterdir()}
