"""kill -9 of anything at any moment: corpus, findings and journal stand, and --resume continues."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from random import Random

import psutil
import pytest

from finfuzz.campaign.folder import StatePaths, hash_program
from finfuzz.campaign.worker import signatures
from finfuzz.program.text import parse
from finfuzz.targets.build import Build
from finfuzz.triage.findings.finding import list_folders, load
from helpers.campaigns import Campaign, options_for, wait_until
from helpers.journals import query

HOUR = "3600"
#: A moment is so many executions after the last one, and up to half a second more.
MOST_EXECUTIONS = 120


class Killed:
    """A campaign in a folder that is killed and resumed over and over."""

    def __init__(self, folder: Path, made: Build, rng: Random) -> None:
        self.folder, self._made, self._rng = folder, made, rng
        self.paths = StatePaths(folder / "state")
        self.executions = 0
        self._campaign: Campaign | None = None

    def start(self) -> Campaign:
        begun = self.paths.plan.exists()
        if begun:
            more = ("--resume", "state", "--json", "summary.json", "--time", HOUR)
            self._campaign = Campaign(self.folder, None, *more)
        else:
            options = options_for(self._made)
            more = ("--time", HOUR, "--seed", "1", "--workers", "2", "--state", "state")
            self._campaign = Campaign(self.folder, None, *options, *more)
        return self._campaign

    def wait_a_while(self, campaign: Campaign) -> None:
        """Wait until some more programs have run, by the journal; sometimes hardly any."""
        wanted = self.executions + self._rng.choice([0, 1, self._rng.randrange(MOST_EXECUTIONS)])
        wait_until(
            lambda: campaign.process.poll() is not None or self.journalled() >= wanted,
            f"{wanted} executions",
        )
        psutil.Process(campaign.process.pid).cpu_percent(self._rng.random() / 2)

    def kill_something(self, campaign: Campaign) -> str:
        """Kill a random process, or all of them as a power cut does; return which."""
        family = [one for one in campaign.processes() if one.pid != campaign.process.pid]
        whom = self._rng.choice(["supervisor", "one", "one", "all"])
        if whom == "one" and family:
            victim = self._rng.choice(family)
            try:
                name = " ".join(victim.cmdline()[1:4])
                victim.kill()
            except psutil.NoSuchProcess:
                return "one that was gone already"
            return name
        if whom == "all":
            for one in family:
                try:
                    one.suspend()
                except psutil.NoSuchProcess:
                    continue
        campaign.process.kill()
        if whom == "all":
            for one in campaign.processes():
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
        campaign.end()
        wait_until(lambda: not campaign.processes(), "the last process to go")
        return whom

    def journalled(self) -> int:
        if not self.paths.journal.exists():
            return 0
        try:
            ((count,),) = query(self.paths.journal, "SELECT total(executions) FROM lanes")
            return int(count)
        except sqlite3.OperationalError:  # no tables yet
            return 0

    def check(self, what: str) -> None:
        """Check that every file is whole, and that nothing is less than before."""
        for path in self.paths.corpus.glob("*"):
            if not path.name.startswith("."):
                text = path.read_text()
                assert path.name == f"{hash_program(text)}.fin", what
                parse(text)
        for folder in list_folders(self.folder / "crashes"):
            load(folder)
            assert (folder / "repro.py").exists(), what
        if (lane := self.paths.signatures(0)).exists():
            for path in lane.iterdir():
                if not path.name.startswith("."):
                    signatures.load(lane, path.name)
        if self.paths.journal.exists():
            assert query(self.paths.journal, "PRAGMA integrity_check") == [("ok",)], what
        now = self.journalled()
        assert now >= self.executions, what
        self.executions = now

    def close(self) -> None:
        if self._campaign is not None:
            self._campaign.close()


def agree(killed: Killed) -> None:
    """Check that journal and files agree after an end in order."""
    journal = killed.paths.journal
    filed = dict(query(journal, "SELECT bucket, path FROM buckets WHERE state = 'filed'"))
    found = {folder.name: folder for folder in list_folders(killed.folder / "crashes")}
    assert {bucket: Path(path) for bucket, path in filed.items()} == found
    untriaged = query(journal, "SELECT count(*) FROM signatures WHERE NOT triaged")
    unrecorded = query(
        journal,
        "SELECT count(*) FROM signatures WHERE sightings != recorded AND signature != 'further'",
    )
    assert (untriaged, unrecorded) == ([(0,)], [(0,)])
    names = query(journal, "SELECT signature FROM signatures WHERE signature != 'further'")
    assert {path.name for path in killed.paths.signatures(0).iterdir()} == {
        name for (name,) in names
    }
    left = [path for path in killed.folder.rglob(".*") if path.name != ".ready"]
    assert not left
    assert not killed.paths.live.exists()
    assert not killed.paths.scratch.exists()


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("seed", "kills"), [(1, 3), pytest.param(2, 50, marks=pytest.mark.slow)])
def test_kill_at_random_moments(seed: int, kills: int, dying: Build, tmp_path: Path) -> None:
    rng = Random(seed)
    killed = Killed(tmp_path.resolve(), dying, rng)
    log = []
    try:
        campaign = killed.start()
        for number in range(kills):
            killed.wait_a_while(campaign)
            log.append(killed.kill_something(campaign))
            killed.check(f"after kill {number} of {log}")
            if campaign.process.poll() is not None:
                assert "Traceback" not in "\n".join(campaign.lines), campaign.lines
                campaign.close()
                campaign = killed.start()
        wait_until(lambda: killed.journalled() > killed.executions, "it to go on")
        campaign.process.terminate()
        assert campaign.end() == 0, campaign.lines
        killed.check("at the end")
        agree(killed)
    finally:
        killed.close()
