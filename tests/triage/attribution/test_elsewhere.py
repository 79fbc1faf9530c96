"""Which node a finding is tried on, and what its finding.json then has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec
import pytest

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.elsewhere import try_elsewhere
from finfuzz.triage.attribution.nodes import Judged, JudgeTask, Place
from finfuzz.triage.findings.finding import encode, load
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.record import SeenOn
from finfuzz.triage.findings.verdict import Verdict
from helpers.finding_example import crashes_with, finding

JUDGED = Judged(Verdict("same", Rate(3, 3)), "0123", "a processor", "Linux")


class FakeNodes:
    """Nodes that answer when they are asked for the third time, or never."""

    def __init__(self, pythons: dict[str, set[str]], problem: str = "") -> None:
        self._pythons, self._problem, self._asked = pythons, problem, 0
        self.tasks: list[tuple[str, JudgeTask]] = []

    def list_places(self, avoid: Collection[str] = ()) -> list[Place]:
        names = (name for name in self._pythons if name not in avoid)
        return [Place(name, f"tcp://{name}:1", frozenset(self._pythons[name])) for name in names]

    def submit(self, task: JudgeTask, places: Sequence[Place]) -> FakeNodes:
        encoded = msgspec.msgpack.encode(task)  # as it travels
        self.tasks.append((places[0].name, msgspec.msgpack.decode(encoded, type=JudgeTask)))
        return self

    def wait(self, seconds: float) -> Judged | None:
        del seconds
        if self._problem:
            raise UserError(self._problem)
        self._asked += 1
        return JUDGED if self._asked == 3 else None


def run(folder: Path, nodes: FakeNodes) -> tuple[list[tuple[int, int]], list[str]]:
    lines: list[str] = []
    spec = parse_target(load(folder).target.spec)
    return list(try_elsewhere(folder, spec, Limits(), nodes, lines.append)), lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    on = SeenOn("first", "4567", "a processor", "Linux")
    first = msgspec.structs.replace(finding().first_seen, on=on)
    made = finding(first_seen=first)
    return crashes_with(tmp_path / "crashes", made) / made.folder


@pytest.mark.parametrize(
    ("pythons", "node", "python"),
    [
        ({"first": {"3.13.0"}, "a": {"3.12.1"}, "b": {"3.13.0", "3.12.1"}}, "b", "3.13.0"),
        ({"first": {"3.13.0"}, "a": {"3.11.7", "3.12.1", "3.13.0d"}}, "a", "3.12.1"),
        ({"first": {"3.13.0"}, "a": {"3.12.1", "3.14.10", "3.13.0d"}}, "a", "3.14.10"),
        ({"first": {"3.13.0"}, "a": set(), "b": {"3.9.18", "3.15.2"}}, "b", "3.15.2"),
    ],
    ids=["its CPython", "the nearest", "the newer of two", "whatever there is"],
)
def test_another_node_is_chosen_by_its_cpythons(
    pythons: dict[str, set[str]], node: str, python: str, folder: Path
) -> None:
    nodes = FakeNodes(pythons)
    progress, lines = run(folder, nodes)
    assert progress == [(0, 1), (0, 1), (0, 1), (1, 1)]
    ((chosen, task),) = nodes.tasks
    assert (chosen, task.python, task.target) == (node, python, "pybind11==3.1.0+destroy")
    assert task.finding.bucket == "0123456789ab"
    (elsewhere,) = load(folder).elsewhere
    assert (elsewhere.node, elsewhere.python, elsewhere.verdict) == (node, python, JUDGED.verdict)
    assert lines == [f"0123456789ab: same defect, 3 of 3 on {node}, CPython {python} (a processor)"]
    assert run(folder, FakeNodes(pythons)) == ([], []), "once is enough"


def test_without_another_node_nothing_is_tried(folder: Path) -> None:
    before = (folder / "finding.json").read_bytes()
    assert run(folder, FakeNodes({"first": {"3.13.0"}})) == ([], [])
    assert (folder / "finding.json").read_bytes() == before


def test_a_node_that_is_lost_leaves_the_finding_as_it_was(folder: Path) -> None:
    before = (folder / "finding.json").read_bytes()
    with pytest.raises(UserError, match="lost"):
        run(folder, FakeNodes({"a": {"3.13.0"}}, "its nodes are lost"))
    assert (folder / "finding.json").read_bytes() == before


@pytest.mark.parametrize("spec", ["pybind11@/checkout+destroy", "wheel:thing==1.0"])
def test_what_no_other_node_has_is_not_tried_there(spec: str, folder: Path) -> None:
    changed = load(folder)
    changed.target = msgspec.structs.replace(changed.target, spec=spec)
    (folder / "finding.json").write_bytes(encode(changed))
    nodes = FakeNodes({"a": {"3.13.0"}})
    assert run(folder, nodes) == ([], [])
    assert not nodes.tasks
