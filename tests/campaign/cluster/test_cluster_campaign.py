"""Campaigns on a local cluster, real ones: what dies is replaced, and what was found stays."""

from __future__ import annotations

import json

import pytest

from finfuzz.campaign.folder import StatePaths, hash_program
from finfuzz.generation.combinations import read_explored
from finfuzz.program.text import parse
from finfuzz.targets.build import Build
from helpers.campaigns import Start, nothing_is_left_of, wait_until
from helpers.clusters import (
    count_executions,
    dask_processes,
    resume_on_cluster,
    start_on_cluster,
    wait_for_more,
)
from helpers.journals import query
from helpers.sweeps import read_blocks

#: A Dask worker below its nanny; the nanny's helper processes have other names.
DASK_WORKER = "spawn_main"
WORKER = "finfuzz.campaign.worker.process"


def test_whatever_dies_is_replaced_and_a_killed_campaign_goes_on(
    start: Start, plain_c: Build
) -> None:
    campaign = start_on_cluster(start, plain_c)
    folder = campaign.folder
    wait_for_more(campaign)
    for victim in (WORKER, DASK_WORKER, "dask_worker"):
        dask_processes(campaign, victim)[0].kill()
        wait_for_more(campaign)
    before = count_executions(folder)
    campaign.process.kill()
    campaign.end()
    wait_until(lambda: not campaign.processes(), "the last process to go")
    assert not dask_processes(campaign, "zygote.py")

    resumed = resume_on_cluster(folder, "--cluster", "local:1")
    try:
        assert wait_for_more(resumed) >= before
        resumed.process.terminate()
        assert resumed.end() == 0, resumed.lines
        nothing_is_left_of(resumed)
    finally:
        resumed.close()
    summary = json.loads((folder / "summary.json").read_text())
    paths = StatePaths(folder / "state")
    ((by_nodes,),) = query(paths.journal, "SELECT sum(executions) FROM nodes")
    assert by_nodes == summary["executions"] == count_executions(folder)
    programs = list(paths.corpus.iterdir())
    assert programs
    for path in programs:
        assert path.name == f"{hash_program(path.read_text())}.fin"
        parse(path.read_text())


def test_without_a_scheduler_the_campaign_ends_in_order(start: Start, plain_c: Build) -> None:
    campaign = start_on_cluster(start, plain_c, "--engine", "random")
    wait_for_more(campaign)
    dask_processes(campaign, "dask_scheduler")[0].kill()
    assert campaign.end() == 2
    assert "the Dask scheduler is gone: everything merged is on disk" in campaign.lines[-1]
    assert "distributed" not in "\n".join(campaign.lines)  # Dask's own log
    nothing_is_left_of(campaign)
    assert query(
        StatePaths(campaign.folder / "state").journal, "SELECT count(ended) FROM runs"
    ) == [(1,)]


def test_a_sweep_on_two_workers_runs_each_program_once(start: Start, plain_c: Build) -> None:
    campaign = start_on_cluster(start, plain_c, "--engine", "sweep")
    wait_for_more(campaign, 100)
    campaign.process.terminate()
    assert campaign.end() == 0, campaign.lines
    paths = StatePaths(campaign.folder / "state")
    words, *_ = read_explored(paths.explored(0))
    assert words.run
    blocks = read_blocks(paths.sweep(0))
    programs = sum(run for run, _ in blocks)
    # A program is counted when the next one is asked for: each worker has run one more.
    assert 0 <= count_executions(campaign.folder) - programs <= 2
    nothing_is_left_of(campaign)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--cluster", "local:0"), "--cluster local:0: write local:4, or a Dask scheduler's"),
        (("--cluster", "head:8786"), "--cluster head:8786: write local:4"),
        (("--cluster", "local:2", "--workers", "3"), "--workers is for this machine alone"),
    ],
)
def test_impossible_clusters_are_refused(
    arguments: tuple[str, ...], message: str, start: Start
) -> None:
    campaign = start(None, "--target", "plain-c", *arguments)
    assert campaign.end() == 2
    assert message in campaign.lines[-1]
