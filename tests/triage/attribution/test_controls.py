"""Which controls there are for which target."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.controls import list_controls

RELEASES = ["3.1.0", "3.0.2", "3.0.1"]


def python(*version: int, headers: bool = True, abiflags: str = "") -> Interpreter:
    major, minor, patch = version
    includes = (Path("include"),) if headers else ()
    text = f"{major}.{minor}.{patch}{abiflags}"
    return Interpreter(Path("python"), (major, minor, patch), includes, ".so", "", text, abiflags)


NEWEST, OLDER, BARE = python(3, 13, 0), python(3, 12, 1), python(3, 11, 7, headers=False)


def planned(target: str) -> list[str]:
    """Each as `axis target python`."""
    found = list_controls(parse_target(target), NEWEST, [NEWEST, OLDER, BARE], RELEASES)
    return [f"{one.axis} {one.spec} {one.interpreter.text}" for one in found]


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        (
            "pybind11==3.0.2+destroy",
            [
                "instrumentation pybind11==3.0.2+destroy 3.13.0",
                "extension no-extension 3.13.0",
                "extension plain-c 3.13.0",
                "policy pybind11==3.0.2+released 3.13.0",
                "policy pybind11==3.0.2+leak 3.13.0",
                "policy pybind11==3.0.2+hold 3.13.0",
                "release pybind11==3.1.0+destroy 3.13.0",
                "release pybind11==3.0.1+destroy 3.13.0",
                "python pybind11==3.0.2+destroy 3.12.1",
                "python no-extension 3.12.1",
            ],
        ),
        (
            "plain-c",
            [
                "instrumentation plain-c 3.13.0",
                "extension no-extension 3.13.0",
                "python plain-c 3.12.1",
                "python no-extension 3.12.1",
            ],
        ),
        (
            "plain-c+globals",
            [
                "instrumentation plain-c+globals 3.13.0",
                "extension no-extension 3.13.0",
                "policy plain-c 3.13.0",
                "python plain-c+globals 3.12.1",
                "python no-extension 3.12.1",
            ],
        ),
        ("no-extension", ["python no-extension 3.12.1"]),
    ],
)
def test_controls(target: str, wanted: list[str]) -> None:
    assert planned(target) == wanted


def test_a_checkout_is_compared_with_every_release() -> None:
    releases = [line for line in planned("pybind11@/a/checkout") if line.startswith("release")]
    assert releases == [f"release pybind11=={one}+released 3.13.0" for one in RELEASES]


def test_two_releases_in_one_process_are_tried_alone() -> None:
    releases = [line for line in planned("pybind11==3.0.1,3.0.2") if line.startswith("release")]
    assert releases == [f"release pybind11=={one}+released 3.13.0" for one in ("3.0.1", "3.0.2")]


def test_nothing_is_planned_twice_and_nothing_is_the_finding_itself() -> None:
    found = planned("pybind11==3.1.0")
    assert len(set(found)) == len(found)
    own = "pybind11==3.1.0+released 3.13.0"
    assert [line for line in found if line.endswith(own)] == [f"instrumentation {own}"]


@pytest.mark.parametrize(
    ("own", "others"),
    [
        (python(3, 14, 10), ["3.15.2", "3.13.0"]),
        (python(3, 14, 10, abiflags="d"), ["3.15.2d", "3.14.10"]),
        (python(3, 15, 2, abiflags="t"), ["3.15.2"]),
    ],
)
def test_another_cpython_is_of_the_same_kind_or_of_the_same_version(
    own: Interpreter, others: list[str]
) -> None:
    found = [
        python(3, 15, 2),
        python(3, 15, 2, abiflags="d"),
        python(3, 15, 2, abiflags="t"),
        python(3, 14, 10),
        python(3, 14, 10, abiflags="d"),
        NEWEST,
    ]
    controls = list_controls(parse_target("no-extension"), own, found, [])
    pythons = [one.interpreter.text for one in controls if one.axis == "python"]
    assert list(dict.fromkeys(pythons)) == others


def test_controls_have_the_same_build_switches() -> None:
    assert planned("pybind11==3.0.0{DETAILED_ERRORS,ASSERTS}")[:4] == [
        "instrumentation pybind11==3.0.0{DETAILED_ERRORS,ASSERTS}+released 3.13.0",
        "extension no-extension 3.13.0",
        "extension plain-c{ASSERTS} 3.13.0",
        "policy pybind11==3.0.0{DETAILED_ERRORS,ASSERTS}+destroy 3.13.0",
    ]


@pytest.mark.parametrize(
    ("target", "styles"),
    [
        ("nanobind==2.7.0", ["plain-c+single-phase"]),
        ("nanobind==2.8.0", []),
        ("nanobind@/checkout", []),
        ("cython==3.3.1+single-phase", ["plain-c+single-phase"]),
        ("cython==3.3.1", []),
        ("pybind11==3.1.0", []),
    ],
)
def test_the_plain_extension_of_the_same_style_is_a_control(target: str, styles: list[str]) -> None:
    found = list_controls(parse_target(target), NEWEST, [], [])
    extensions = [str(one.spec) for one in found if one.axis == "extension"]
    assert extensions == ["no-extension", "plain-c", *styles]
