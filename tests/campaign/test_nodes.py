"""The nodes of a cluster, in one line."""

from __future__ import annotations

from finfuzz.campaign.messages import Progress
from finfuzz.campaign.nodes import NodeRow, describe_nodes


def test_nodes_in_one_line_the_fastest_first() -> None:
    slow, fast = NodeRow(workers=4), NodeRow(workers=2)
    slow.add(Progress(executions=100, seconds=2.0, floor_seconds=0.01))
    fast.add(Progress(executions=800, seconds=2.0))
    gone = NodeRow(executions=7, seconds=1.0)
    assert describe_nodes({"a": slow, "b (10.0.0.2)": fast, "c": gone}) == (
        "2 nodes, 6 workers: b (10.0.0.2) 2 × 400/s, a 4 × 50/s (50% of empty programs)"
    )
    assert describe_nodes({}) == ""
    assert describe_nodes({"c": gone}) == "0 nodes, 0 workers"


def test_a_node_without_work_has_no_rate() -> None:
    row = NodeRow(workers=3)
    assert (row.rate, row.of_floor) == (0.0, None)
    row.add(Progress(executions=50, seconds=10.0, floor_seconds=0.1))
    row.add(Progress(executions=50, seconds=10.0))
    assert (row.rate, row.of_floor) == (15.0, 0.5)
