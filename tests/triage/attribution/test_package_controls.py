"""Which controls a package has, and which follow from what others showed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.built import Build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution import package_controls as module
from finfuzz.triage.attribution.package_controls import (
    Parts,
    plan_package_controls,
    search_releases,
)
from finfuzz.triage.attribution.search import send
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict

RELEASES = ["0.20.0", "0.19.0", "0.18.0", "0.17.0", "0.16.0"]
PARTS = Parts(
    marks={"pybind11": "__pybind11_internals_v11"},
    like=(parse_target("pybind11==3.0.4"), parse_target("pybind11==3.0.3")),
    is_abi3=False,
    standard=("ast", "datetime", "heapq"),
    dependencies=(parse_target("wheel:numpy==2.5.5"),),
)


def python(*version: int) -> Interpreter:
    major, minor, patch = version
    text = f"{major}.{minor}.{patch}"
    return Interpreter(Path("python"), (major, minor, patch), (Path("include"),), ".so", "", text)


NEWEST, OLDER = python(3, 13, 0), python(3, 12, 1)


def build(target: str) -> Build:
    here = Path()
    spec = parse_target(target)
    return Build("id", spec, NEWEST, False, here, here / "words.py", here / "runtime.so", 0)


def plan(
    parts: Parts = PARTS, same: tuple[str, ...] = (), target: str = "wheel:optree==0.20.0"
) -> list[str]:
    """Each control as `axis target python`; those in ``same`` have the defect."""
    controls = plan_package_controls(build(target), parts, [NEWEST, OLDER])
    found = []
    control = next(controls, None)
    while control is not None:
        found.append(f"{control.axis} {control.spec} {control.interpreter.text}")
        what = "same" if str(control.spec) in same else "survived"
        control = send(controls, Verdict("same" if what == "same" else "survived", Rate(3, 3)))
    return found


@pytest.fixture(autouse=True)
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each release is known without the package index; a recipe is shipped for one module."""
    monkeypatch.setattr(module, "list_own_releases", lambda *_: RELEASES)
    monkeypatch.setattr(
        module, "find_shipped", lambda name: Path("datetime.toml") if name == "datetime" else None
    )


def test_every_control_of_a_package_that_crashes_alone() -> None:
    assert plan() == [
        "extension no-extension 3.13.0",
        "extension plain-c 3.13.0",
        "standard library stdlib:ast,datetime,heapq 3.13.0",
        "standard library stdlib:datetime 3.13.0",
        "framework pybind11==3.0.4+released 3.13.0",
        "framework pybind11==3.0.3+released 3.13.0",
        "dependency wheel:numpy==2.5.5 3.13.0",
        "release wheel:optree==0.16.0 3.13.0",
        "release wheel:optree==0.18.0 3.13.0",
        "release wheel:optree==0.19.0 3.13.0",
        "python wheel:optree==0.20.0 3.12.1",
    ]


def test_what_crashes_together_is_tried_alone() -> None:
    """The one with a recipe first, the rest until one has the defect."""
    together = "stdlib:ast,datetime,heapq"
    found = [line for line in plan(same=(together,)) if line.startswith("standard")]
    assert [line.split()[2] for line in found] == [
        together,
        *("stdlib:datetime", "stdlib:ast", "stdlib:heapq"),
    ]
    found = plan(same=(together, "stdlib:datetime"))
    assert "standard library stdlib:ast 3.13.0" not in found


def test_one_release_of_the_framework_with_the_defect_is_enough() -> None:
    found = plan(same=("pybind11==3.0.4+released",))
    assert "framework pybind11==3.0.3+released 3.13.0" not in found


def test_a_package_of_the_stable_abi_is_compared_with_its_like() -> None:
    found = plan(dataclasses.replace(PARTS, is_abi3=True))
    assert found[1] == "extension plain-c+abi3 3.13.0"


@pytest.mark.parametrize("target", ["module:mine", "stdlib:datetime"])
def test_what_is_not_released_has_no_releases(target: str) -> None:
    found = plan(target=target)
    assert not [line for line in found if line.startswith("release")]
    has_standard = any(line.startswith("standard") for line in found)
    assert has_standard == (target == "module:mine")


def test_without_an_index_there_are_no_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> list[str]:
        raise UserError("the package index can't be reached")

    monkeypatch.setattr(module, "list_own_releases", fail)
    assert not [line for line in plan() if line.startswith("release")]


@pytest.mark.parametrize(
    ("verdicts", "tried", "first_good"),
    [
        ("BBBBB", "4", ""),  # the last is bad as well: no change
        ("BBBBG", "423", "4"),
        ("BBGGG", "421", "2"),
        ("BGGGG", "421", "1"),
        ("BB-GG", "4213", "3"),  # what can't be judged is passed over
        ("BBGG-", "421", "2"),  # at the far end: half the way
        ("BB---", "421", ""),
        ("B", "", ""),
    ],
)
def test_search_for_the_first_good_release(verdicts: str, tried: str, first_good: str) -> None:
    """Release 0 is the finding's own. B: bad, G: good, -: can't be judged."""
    search = search_releases([str(number) for number in range(len(verdicts))])
    asked = []
    name = next(search, None)
    while name is not None:
        asked.append(name)
        name = send(search, {"B": True, "G": False, "-": None}[verdicts[int(name)]])
    assert "".join(asked) == tried
    good = [name for name in sorted(asked) if verdicts[int(name)] == "G"]
    assert (good[0] if good else "") == first_good
