"""Tables of what the controls did, and whose defect it is."""

from __future__ import annotations

import re

import pytest

from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.owner import find_owner, find_release_range, list_pythons
from finfuzz.triage.findings.attribution import Axis, ControlResult
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict, What

DIED = Rate(10, 10)


def cell(
    axis: Axis, target: str, what: What, python: str = "3.13.0", seen: str = ""
) -> ControlResult:
    return ControlResult(axis, target, python, Verdict(what, Rate(3, 3), seen))


def control(what: What, seen: str = "") -> ControlResult:
    return cell("extension", "plain-c", what, seen=seen)


def bare(what: What) -> ControlResult:
    return cell("extension", "no-extension", what)


def plain_build(what: What) -> ControlResult:
    return cell("instrumentation", "", what)


def style(what: What) -> ControlResult:
    return cell("extension", "plain-c+single-phase", what)


def released(what: What) -> ControlResult:
    return cell("policy", "pybind11==3.1.0+released", what)


@pytest.mark.parametrize(
    ("target", "cells", "script", "owner", "reason"),
    [
        # the framework: everything without it survives
        (
            "pybind11==3.1.0",
            [plain_build("same"), bare("survived"), control("survived")],
            DIED,
            "framework",
            "survives on plain-c, so pybind11 is required",
        ),
        (
            "pybind11==3.1.0",
            [bare("survived"), control("otherwise", "SIGSEGV/none")],
            DIED,
            "framework",
            r"fails differently \(SIGSEGV/none\) on plain-c, so",
        ),
        # a policy is what the target does with the framework
        (
            "pybind11==3.1.0+destroy",
            [bare("survived"), control("survived"), released("survived")],
            DIED,
            "target",
            "survives on pybind11 as released, so the policy `destroy` is required",
        ),
        (
            "pybind11==3.1.0+destroy",
            [bare("survived"), control("survived"), released("same")],
            DIED,
            "framework",
            "so pybind11 is required",
        ),
        # a variant that the framework itself has
        (
            "nanobind==3.1.0+split",
            [control("survived"), cell("policy", "nanobind==3.1.0+released", "survived")],
            DIED,
            "framework",
            "so nanobind is required; survives on nanobind as released, so the policy `split`",
        ),
        # the plain extension of the same style shares it: nanobind's is single-phase before 2.8
        (
            "nanobind==2.7.0",
            [control("survived"), style("same")],
            DIED,
            "CPython",
            r"same defect on plain-c\+single-phase, which has no framework: CPython's limit",
        ),
        (
            "cython==3.3.1+single-phase",
            [control("survived"), style("same")],
            DIED,
            "CPython",
            r"plain-c\+single-phase",
        ),
        (
            "nanobind==2.7.0",
            [control("survived"), style("survived")],
            DIED,
            "framework",
            "plain-c,",
        ),
        ("nanobind==2.8.0", [control("survived"), style("same")], DIED, "framework", "plain-c,"),
        # the target itself
        ("pybind11==3.1.0", [bare("survived"), control("same")], DIED, "target", "plain-c, which"),
        ("plain-c", [bare("survived")], DIED, "target", "the extension is required, and has no"),
        (
            "plain-c+globals",
            [bare("survived"), cell("policy", "plain-c", "survived")],
            DIED,
            "target",
            "survives on plain-c without a style, so the style `globals` is required",
        ),
        (
            "plain-c+globals",
            [bare("survived"), cell("policy", "plain-c", "same")],
            DIED,
            "target",
            "the extension is required, and has no framework",
        ),
        # CPython
        ("pybind11==3.1.0", [bare("same"), control("same")], DIED, "CPython", "without any"),
        ("plain-c", [bare("same")], DIED, "CPython", "without any compiled extension"),
        ("no-extension", [], DIED, "CPython", "without any compiled extension"),
        # the harness
        (
            "pybind11==3.1.0",
            [bare("survived"), control("survived")],
            Rate(0, 10),
            "harness",
            "the script does not reproduce",
        ),
        (
            "pybind11==3.1.0",
            [plain_build("survived"), control("survived")],
            DIED,
            "harness",
            "built without instrumentation",
        ),
        # nothing to go by
        ("pybind11==3.1.0", [], DIED, "unknown", "shows nothing: not run"),
        (
            "pybind11==3.1.0",
            [control("known", "a left one")],
            DIED,
            "unknown",
            "known defect, 3 of 3: a",
        ),
        ("pybind11==3.1.0", [control("absent", "no compiler")], DIED, "unknown", "no compiler"),
    ],
)
def test_owner(
    target: str, cells: list[ControlResult], script: Rate, owner: str, reason: str
) -> None:
    found = find_owner(parse_target(target), cells, script)
    assert found.owner == owner
    assert re.search(reason, found.reason), found.reason


def release(version: str, what: What) -> ControlResult:
    return cell("release", f"pybind11=={version}+destroy", what)


@pytest.mark.parametrize(
    ("version", "cells", "first_bad", "first_good"),
    [
        ("3.1.0", [], "3.1.0", ""),
        ("3.1.0", [release("3.0.0", "same"), release("3.0.1", "same")], "3.0.0", ""),
        ("3.1.0", [release("3.0.2", "same"), release("3.0.1", "otherwise")], "3.0.2", ""),
        ("3.0.2", [release("3.0.3", "survived"), release("3.0.0", "same")], "3.0.0", "3.0.3"),
        ("3.0.2", [release("3.0.3", "absent"), release("3.0.4", "survived")], "3.0.2", "3.0.4"),
        # the others can't say a word of the program: nothing is known of them
        ("3.0.2", [release("3.0.3", "absent"), release("3.0.1", "not comparable")], "", ""),
        # in and out again: from the first that has it to the last
        ("3.0.0", [release("3.0.1", "survived"), release("3.0.2", "same")], "3.0.0", ""),
        ("3.0.9", [release("3.0.10", "survived")], "3.0.9", "3.0.10"),  # numbers, not text
    ],
)
def test_releases(
    version: str, cells: list[ControlResult], first_bad: str, first_good: str
) -> None:
    spec = parse_target(f"pybind11=={version}+destroy")
    assert find_release_range(spec, cells) == (first_bad, first_good)


def test_a_target_of_two_releases_or_none_has_no_range() -> None:
    assert find_release_range(parse_target("pybind11==3.0.1,3.0.2"), []) == ("", "")
    assert find_release_range(parse_target("plain-c"), []) == ("", "")


def test_pythons_are_those_it_dies_on_with_the_same_target() -> None:
    spec = parse_target("pybind11==3.1.0")
    cells = [
        cell("python", str(spec), "same", "3.9.18"),
        cell("python", str(spec), "survived", "3.10.1"),
        cell("python", "no-extension", "same", "3.11.1"),
    ]
    assert list_pythons(spec, "3.13.0", cells) == ("3.9.18", "3.13.0")
