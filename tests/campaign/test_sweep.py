"""A campaign that sweeps: killed, resumed, and what its summary says."""

from __future__ import annotations

import json
from pathlib import Path

from finfuzz.campaign.folder import StatePaths
from finfuzz.generation.sweep.ledger import CellState, read_sweep
from finfuzz.generation.sweep.space import CELLS
from finfuzz.targets.build import Build
from helpers.campaigns import Campaign, Start, wait_until
from helpers.sweeps import read_blocks

HOUR = ("--time", "3600")


def counted(folder: Path) -> int:
    return sum(run for run, _ in read_blocks(StatePaths(folder / "state").sweep(0)))


def test_a_kill_loses_no_more_than_the_programs_under_way(start: Start, plain_c: Build) -> None:
    campaign: Campaign = start(plain_c, *HOUR, "--engine", "sweep", "--workers", "2")
    folder = campaign.folder
    wait_until(lambda: counted(folder) >= 100, "a hundred programs")
    campaign.process.kill()
    campaign.end()
    wait_until(lambda: not campaign.processes(), "the last process to go")
    ledger = StatePaths(folder / "state").sweep(0)
    before = read_blocks(ledger)
    resumed = Campaign(folder, None, "--resume", "state", *HOUR, "--json", "summary.json")
    try:
        wait_until(lambda: counted(folder) >= sum(run for run, _ in before) + 50, "fifty more")
        resumed.process.terminate()
        resumed.end()
    finally:
        resumed.close()
    after = read_blocks(ledger)
    assert all(now >= then for now, then in zip(after, before, strict=True))
    states = read_sweep(ledger)
    assert states[0] == CellState(str(CELLS[0]), states[0].programs, complete=True)
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["lanes"][0]["sweep"][0]["complete"] is True
    assert f"complete: every program of {CELLS[0]}" in resumed.output()
