"""Campaigns on several hosts, which are network namespaces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from finfuzz.targets.cache import find_cache
from finfuzz.targets.interpreters import Interpreter
from finfuzz.triage.findings.finding import load_all
from helpers.campaigns import DESTROY, ONE_DEFECT
from helpers.hosts import can_make_hosts, hosts_in
from helpers.patience import PATIENCE

MINORS = (12, 13)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_make_hosts(), reason="no root, or no network namespaces"),
]


def test_lanes_go_where_their_cpython_is_and_a_finding_is_tried_on_the_other_node(
    pythons: list[Interpreter], tmp_path: Path
) -> None:
    wanted = [
        next((one for one in pythons if one.version[1] == minor and not one.abiflags), None)
        for minor in MINORS
    ]
    if None in wanted:
        pytest.skip(f"needs CPython 3.{' and 3.'.join(map(str, MINORS))}")
    nodes = {number: one for number, one in enumerate(wanted, 1) if one is not None}
    (tmp_path / "crashes").mkdir()
    (tmp_path / "crashes" / "known.toml").write_text(ONE_DEFECT["pybind11"])
    with hosts_in(tmp_path, len(nodes)) as hosts:
        hosts.start_dask({number: one.path for number, one in nodes.items()}, find_cache())
        lanes = [option for one in nodes.values() for option in ("--python", str(one.path))]
        done = subprocess.run(
            hosts.command(
                0, sys.executable, "-m", "finfuzz", "run", "--target", DESTROY, *lanes,
                "--cluster", hosts.scheduler, "--findings", "1", "--owner-only", "--time", "3600",
                "--state", "state", "--crashes", "crashes", "--json", "summary.json",
            ),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "minimized on" in done.stderr
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert {lane["python"]: lane["executions"] > 0 for lane in summary["lanes"]} == {
        one.text: True for one in nodes.values()
    }
    by_node = {row["name"]: row["executions"] for row in summary["nodes"]}
    assert len([name for name, count in by_node.items() if count > 0]) == len(nodes)

    found = [finding for _, finding in load_all(tmp_path / "crashes")]
    assert found
    for finding in found:
        assert finding.first_seen.on is not None
        (elsewhere,) = finding.elsewhere
        assert elsewhere.node != finding.first_seen.on.node
        assert elsewhere.python != finding.target.python, "that node has another CPython"
        assert elsewhere.verdict.what == "same"


@pytest.mark.parametrize(("head", "compiled"), [("another", 1), ("the same", 0)])
def test_of_nodes_of_a_kind_one_compiles_and_none_if_the_head_is_like_them(
    head: str, compiled: int, pythons: list[Interpreter], tmp_path: Path
) -> None:
    python = pythons[0]
    compiler = tmp_path / "c++"
    version = "" if head == "the same" else '[ "$1" = --version ] && echo another && exit\n'
    compiler.write_text(f'#!/bin/sh\n{version}exec c++ "$@"\n')
    compiler.chmod(0o755)
    with hosts_in(tmp_path, 2) as hosts:
        hosts.start_dask({1: python.path, 2: python.path})
        done = subprocess.run(
            hosts.command(
                0, sys.executable, "-m", "finfuzz", "run", "--target", "plain-c",
                "--python", str(python.path), "--cluster", hosts.scheduler, "--engine", "random",
                "--time", "20", "--no-attribute", "--state", "state", "--crashes", "crashes",
                "--json", "summary.json",
            ),
            cwd=tmp_path,
            env={**os.environ, "CXX": str(compiler)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    nodes = json.loads((tmp_path / "summary.json").read_text())["nodes"]
    assert [row["executions"] > 0 for row in nodes] == [True, True]
    records = [
        json.loads(file.read_text())
        for number in (1, 2)
        for file in (hosts.cache(number) / "builds").glob("*/build.json")
    ]
    assert len(records) == 2
    assert sum(record["seconds"] > 0 for record in records) == compiled
