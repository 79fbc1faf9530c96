"""A campaign on several hosts: network namespaces, of which each has another CPython."""

from __future__ import annotations

import json
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
