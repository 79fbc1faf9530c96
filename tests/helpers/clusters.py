"""Deliveries of nodes that were never there, and campaigns on a local cluster."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psutil

from finfuzz.campaign.cluster.node import Node
from finfuzz.campaign.cluster.shard import Batch, Delivery
from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.messages import (
    CorpusAddition,
    NewSignature,
    Progress,
    SightingCount,
    SightingCounts,
    Tallies,
)
from finfuzz.generation.learning import Tally
from finfuzz.targets.build import Build
from helpers.campaigns import Campaign, Start, wait_until
from helpers.journals import query


def make_batch(process: str, number: int, executions: int = 10) -> Batch:
    """Make a batch with a signature and a program of its own."""
    signature = f"{process}{number}"
    return Batch(
        process=process,
        number=number,
        lane=0,
        messages=(
            NewSignature(signature, 3, 0.0),
            CorpusAddition("f" * 40, 3, 7, ("insert",)),
            SightingCounts((SightingCount(signature, ("sys",), 2),)),
            Progress(executions=executions, seconds=1.0, deaths=2, floor_seconds=0.002),
            Tallies((Tally("mutator", "insert", executions, 1, 1, 1.5),)),
        ),
        programs=(f"finfuzz 1\nnode {process} list\nnode n{number} dict\n",),
        signatures={signature: b"its first program"},
        seconds=float(number),
    )


def make_node(
    number: int, *pythons: str, threads: int = 1, host: str = "127.0.0", port: int = 4000
) -> Node:
    """Make a node that is not there. ``host``: the beginning of its address."""
    return Node(
        host=f"node{number}",
        address=f"tcp://{host}.{number}:{port}",
        threads=threads,
        pythons={python: f"/{python}" for python in pythons},
        kernel="6.1",
        architecture="x86_64",
        processor="a processor",
        cores=2,
        finfuzz="0",
    )


def make_delivery(*batches: Batch, folder: str = "f1", host: str = "node1") -> Delivery:
    return Delivery(address="tcp://10.0.0.1:4000", host=host, folder=folder, batches=batches)


def make_folders(folder: Path) -> StatePaths:
    """Make the folders of a campaign of one lane."""
    paths = StatePaths(folder)
    for place in (paths.corpus, paths.signatures(0)):
        place.mkdir(parents=True)
    return paths


def dask_processes(campaign: Campaign, module: str) -> list[psutil.Process]:
    """List a local cluster's processes: `dask_scheduler`, `dask_worker` (the nanny), `spawn`."""
    found = []
    for process in campaign.processes():
        try:
            if module in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:  # ended meanwhile
            continue
    return found


def start_on_cluster(start: Start, made: Build, *arguments: str, workers: int = 2) -> Campaign:
    """Start a campaign on a local cluster, without limit unless ``arguments`` have one."""
    return start(
        None,
        *("--target", str(made.spec), "--python", str(made.interpreter.executable)),
        *("--state", "state", "--crashes", "crashes", "--json", "summary.json"),
        *("--no-attribute", "--cluster", f"local:{workers}", "--time", "3600", *arguments),
    )


def resume_on_cluster(folder: Path, *arguments: str) -> Campaign:
    return Campaign(
        folder, None, "--resume", "state", "--json", "summary.json", "--time", "3600", *arguments
    )


def count_executions(folder: Path) -> int:
    """Count the executions in the journal; 0 before there is one."""
    journal = StatePaths(folder / "state").journal
    if not journal.exists():
        return 0
    try:
        ((count,),) = query(journal, "SELECT total(executions) FROM lanes")
    except sqlite3.OperationalError:  # no tables yet
        return 0
    return int(count)


def wait_for_more(campaign: Campaign, more: int = 30) -> int:
    """Wait for so many further executions, of work that began after this call."""
    wanted = count_executions(campaign.folder) + more
    wait_until(
        lambda: campaign.process.poll() is not None or count_executions(campaign.folder) >= wanted,
        f"{wanted} executions",
    )
    assert campaign.process.poll() is None, (campaign.lines, campaign.stderr.read())
    return count_executions(campaign.folder)
