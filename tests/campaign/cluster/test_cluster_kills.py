"""Thirty kills at random moments: a cluster's campaign loses nothing that it has merged."""

from __future__ import annotations

import contextlib
from pathlib import Path
from random import Random

import psutil
import pytest

from finfuzz.campaign.folder import StatePaths, hash_program
from finfuzz.campaign.worker import signatures
from finfuzz.program.text import parse
from finfuzz.targets.build import Build
from finfuzz.triage.findings.finding import list_folders, load
from helpers.campaigns import ONE_DEFECT, Campaign, Start, wait_until
from helpers.clusters import (
    count_executions,
    dask_processes,
    resume_on_cluster,
    start_on_cluster,
)
from helpers.journals import query

#: Parts of the command lines of what is killed: Dask's, finfuzz's and the target's processes.
VICTIMS = ("dask_scheduler", "dask_worker", "spawn_main", "worker.process", "zygote.py", "triage")
KILLS = 30
MOST_EXECUTIONS = 60


def wait_a_while(campaign: Campaign, rng: Random) -> None:
    """Wait for some executions, or hardly at all."""
    wanted = count_executions(campaign.folder) + rng.choice([0, 1, rng.randrange(MOST_EXECUTIONS)])
    wait_until(
        lambda: campaign.process.poll() is not None or count_executions(campaign.folder) >= wanted,
        f"{wanted} executions",
    )


def kill_something(campaign: Campaign, rng: Random) -> str:
    """Kill a random process of the campaign; return which."""
    whom = rng.choice([*VICTIMS, "supervisor"])
    if whom == "supervisor":
        campaign.process.kill()
        return whom
    for victim in dask_processes(campaign, whom)[:1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
            return whom
    return f"no {whom}"  # not yet, or not any more


def end(campaign: Campaign, log: list[str]) -> None:
    """Wait for the end of a campaign whose supervisor or scheduler is gone."""
    campaign.end()
    assert "Traceback" not in "\n".join(campaign.lines), (log, campaign.lines)
    wait_until(lambda: not campaign.processes(), "the last process to go")
    campaign.close()


def check(folder: Path, what: str) -> int:
    """Check that all files are whole and agree with the journal; return the executions."""
    paths = StatePaths(folder / "state")
    for path in paths.corpus.glob("*.fin"):
        text = path.read_text()
        assert path.name == f"{hash_program(text)}.fin", what
        parse(text)
    for name in paths.list_signatures(0):
        signatures.load(paths.signatures(0), name)
    for one in list_folders(folder / "crashes"):
        load(one)
    assert query(paths.journal, "PRAGMA integrity_check") == [("ok",)], what
    ((by_nodes,),) = query(paths.journal, "SELECT total(executions) FROM nodes")
    executions = count_executions(folder)
    assert by_nodes == executions, what
    return executions


@pytest.mark.slow
@pytest.mark.usefixtures("destroy_for_scripts")
@pytest.mark.timeout(7200)
def test_kills_at_random_moments(start: Start, destroy: Build, tmp_path: Path) -> None:
    rng, log, before = Random(20), list[str](), 0
    campaign = start_on_cluster(start, destroy)
    folder = campaign.folder
    (folder / "crashes").mkdir(exist_ok=True)
    (folder / "crashes" / "known.toml").write_text(ONE_DEFECT["pybind11"])
    try:
        for _ in range(KILLS):
            wait_a_while(campaign, rng)
            log.append(kill_something(campaign, rng))
            if campaign.process.poll() is not None or log[-1] in ("supervisor", "dask_scheduler"):
                end(campaign, log)
                now = check(folder, str(log))
                assert now >= before, log
                before = now
                campaign = resume_on_cluster(folder, "--cluster", f"local:{rng.choice([1, 2])}")
        wait_until(lambda: count_executions(folder) > before, "it to go on")
        campaign.process.terminate()
        assert campaign.end() == 0, campaign.lines
        check(folder, "at the end")
        assert list_folders(folder / "crashes"), tmp_path
    finally:
        campaign.close()
