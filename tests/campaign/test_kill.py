"""kill -9 of anything at any moment: corpus, findings and journal stand, and --resume goes on."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from random import Random

import psutil
import pytest

from finfuzz.campaign.folder import name_of
from finfuzz.campaign.worker import signatures
from finfuzz.program.text import parse
from finfuzz.targets.build import Build
from finfuzz.triage.findings.finding import list_folders, load
from helpers.campaigns import Campaign, said_of, wait_until

HOUR = "3600"
#: A moment is so many executions after the last one, and up to half a second more.
MOST_EXECUTIONS = 120


class Killed:
    """A campaign in a folder that is killed and resumed over and over."""

    def __init__(self, folder: Path, made: Build, rng: Random) -> None:
        self.folder, self._made, self._rng = folder, made, rng
        self.executions = 0
        self._campaign: Campaign | None = None

    def start(self) -> Campaign:
        begun = (self.folder / "state" / "campaign" / "plan.json").exists()
        if begun:
            more = ("--resume", "state", "--json", "summary.json", "--time", HOUR)
            self._campaign = Campaign(self.folder, None, *more)
        else:
            said = said_of(self._made)
            more = ("--time", HOUR, "--seed", "1", "--workers", "2", "--state", "state")
            self._campaign = Campaign(self.folder, None, *said, *more)
        return self._campaign

    def wait_a_while(self, campaign: Campaign) -> None:
        """Until some more programs have run, as the journal says; sometimes hardly any."""
        wanted = self.executions + self._rng.choice([0, 1, self._rng.randrange(MOST_EXECUTIONS)])
        wait_until(
            lambda: campaign.process.poll() is not None or self.journalled() >= wanted,
            f"{wanted} executions",
        )
        psutil.Process(campaign.process.pid).cpu_percent(self._rng.random() / 2)

    def kill_something(self, campaign: Campaign) -> str:
        """A random process of the campaign, or all of them as a power cut does; says which."""
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
                one.kill()
        campaign.end()
        wait_until(lambda: not campaign.processes(), "the last process to go")
        return whom

    def journalled(self) -> int:
        path = self.folder / "state" / "campaign" / "journal.sqlite"
        if not path.exists():
            return 0
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
        try:
            ((count,),) = database.execute("SELECT total(executions) FROM lanes").fetchall()
            return int(count)
        except sqlite3.OperationalError:  # no tables yet
            return 0
        finally:
            database.close()

    def check(self, what: str) -> None:
        """Everything that lies there is whole, and nothing is less than it was."""
        state = self.folder / "state"
        for path in (state / "corpus").glob("*"):
            if not path.name.startswith("."):
                text = path.read_text()
                assert path.name == f"{name_of(text)}.fin", what
                parse(text)
        for folder in list_folders(self.folder / "crashes"):
            load(folder)
            assert (folder / "repro.py").exists(), what
        for lane in (state / "campaign" / "sightings").glob("*"):
            for path in lane.iterdir():
                if not path.name.startswith("."):
                    signatures.load(lane, path.name)
        journal = state / "campaign" / "journal.sqlite"
        if journal.exists():
            database = sqlite3.connect(journal, timeout=30)
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], what
            database.close()
        now = self.journalled()
        assert now >= self.executions, what
        self.executions = now

    def close(self) -> None:
        if self._campaign is not None:
            self._campaign.close()


def agree(killed: Killed) -> None:
    """After an end in order: the journal says what the files say."""
    database = sqlite3.connect(killed.folder / "state" / "campaign" / "journal.sqlite")
    filed = dict(
        database.execute("SELECT bucket, path FROM buckets WHERE state = 'filed'").fetchall()
    )
    found = {folder.name: folder for folder in list_folders(killed.folder / "crashes")}
    assert {bucket: Path(path) for bucket, path in filed.items()} == found
    unsorted = database.execute("SELECT count(*) FROM looks WHERE NOT sorted").fetchall()
    uncounted = database.execute(
        "SELECT count(*) FROM looks WHERE sightings != counted AND look != 'further'"
    ).fetchall()
    assert (unsorted, uncounted) == ([(0,)], [(0,)])
    signatures = {path.name for path in (killed.folder / "state/campaign/sightings/0").iterdir()}
    assert signatures == {
        name for (name,) in database.execute("SELECT look FROM looks WHERE look != 'further'")
    }
    left = [path for path in killed.folder.rglob(".*") if path.name != ".ready"]
    assert not left
    assert not (killed.folder / "state" / "campaign" / "live").exists()
    assert not (killed.folder / "state" / "campaign" / "tmp").exists()


@pytest.mark.usefixtures("destroy_for_scripts")
@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("seed", "kills"), [(1, 5), pytest.param(2, 50, marks=pytest.mark.slow)])
def test_kill_at_random_moments(seed: int, kills: int, destroy: Build, tmp_path: Path) -> None:
    rng = Random(seed)
    killed = Killed(tmp_path.resolve(), destroy, rng)
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
        assert campaign.end() == 130, campaign.lines
        killed.check("at the end")
        agree(killed)
    finally:
        killed.close()
