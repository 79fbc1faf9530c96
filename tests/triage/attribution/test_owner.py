"""Tables of what the controls did, and whose defect it is."""

from __future__ import annotations

import re

import pytest

from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.owner import find_owner, list_pythons
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
            r"fails differently \(SIGSEGV\) on plain-c, so",
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
            Rate(0, 0),
            "harness",
            "built without instrumentation",
        ),
        # a script has no harness, and a defect of 4 in 40 runs may survive them by chance
        (
            "pybind11==3.1.0",
            [plain_build("survived"), control("survived")],
            Rate(4, 40),
            "framework",
            "survives on plain-c",
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


@pytest.mark.parametrize(
    ("seen", "phase", "owner", "reason"),
    [
        (
            "SIGSEGV/none",
            "exited",
            "unknown",
            r"plain-c, which has no framework, fails in the same",
        ),
        ("HANG/hang", "exited", "unknown", r"\(HANG/hang\): the crash there may hide the same"),
        ("SIGSEGV/none", "running", "framework", r"fails differently \(SIGSEGV\) on plain-c"),
        ("NONE/wrong-answer", "exited", "framework", r"fails differently \(wrong-answer\)"),
    ],
)
def test_another_crash_in_the_same_phase_does_not_exonerate_the_extension(
    seen: str, phase: str, owner: str, reason: str
) -> None:
    verdict = Verdict("otherwise", Rate(3, 3), seen, phase=phase)
    cells = [bare("survived"), ControlResult("extension", "plain-c", "3.13.0", verdict)]
    found = find_owner(parse_target("pybind11==3.1.0"), cells, DIED, "exited")
    assert found.owner == owner
    assert re.search(reason, found.reason), found.reason


def test_what_breaks_a_rule_on_purpose_is_never_the_framework_s() -> None:
    cells = [plain_build("same"), bare("survived"), control("otherwise", "SIGSEGV/none")]
    found = find_owner(parse_target("pybind11==3.1.0"), cells, DIED, abuse=["root a static-object"])
    reason = "it breaks a rule of the C API on purpose: root a static-object"
    assert (found.owner, found.reason) == ("target", reason)


def test_pythons_are_those_it_dies_on_with_the_same_target() -> None:
    spec = parse_target("pybind11==3.1.0")
    cells = [
        cell("python", str(spec), "same", "3.9.18"),
        cell("python", str(spec), "survived", "3.10.1"),
        cell("python", "no-extension", "same", "3.11.1"),
    ]
    assert list_pythons(spec, "3.13.0", cells) == ("3.9.18", "3.13.0")
