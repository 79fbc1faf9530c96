"""Tables of what the controls of a package did, and whose defect it is."""

from __future__ import annotations

import re

import msgspec
import pytest

from finfuzz.program.text import parse
from finfuzz.targets.packages.recipe import Unsupported
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.package_owner import (
    find_package_owner,
    list_notes,
    list_uncontrolled,
    list_unlike,
)
from finfuzz.triage.findings.attribution import Axis, ControlResult
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Alike, Verdict, What

ALWAYS = Rate(10, 10)
NOT_RUN = Rate(0, 0)
OPTREE = "wheel:optree==0.20.0"
PANDAS = "wheel:pandas==3.1.1"


def cell(axis: Axis, target: str, what: What, seen: str = "") -> ControlResult:
    """A control; one with the same defect has frames in common with it where ``seen`` says so."""
    alike: Alike = "" if what != "same" else "frames" if seen else "diagnostic"
    return ControlResult(axis, target, "3.13.0", Verdict(what, Rate(3, 3), seen, alike))


def by_signal(made: ControlResult) -> ControlResult:
    """The same control, where no diagnostic could be compared either."""
    verdict = msgspec.structs.replace(made.verdict, alike="signal")
    return msgspec.structs.replace(made, verdict=verdict)


def bare(what: What, seen: str = "") -> ControlResult:
    return cell("extension", "no-extension", what, seen)


def plain(what: What, seen: str = "") -> ControlResult:
    return cell("extension", "plain-c", what, seen)


def standard(names: str, what: What, seen: str = "") -> ControlResult:
    return cell("standard library", f"stdlib:{names}", what, seen)


def framework(what: What, seen: str = "") -> ControlResult:
    return cell("framework", "pybind11==3.1.0+released", what, seen)


def numpy(what: What, seen: str = "") -> ControlResult:
    return cell("dependency", "wheel:numpy==2.5.5", what, seen)


SURVIVED = [bare("survived"), plain("survived")]


@pytest.mark.parametrize(
    ("target", "cells", "owner", "confidence", "reason"),
    [
        # the framework: our own extension of it crashes, nothing else does
        (
            OPTREE,
            [*SURVIVED, standard("heapq", "survived"), framework("same")],
            "framework",
            "medium",
            r"same defect on pybind11==3.1.0\+released, an extension of the framework that optree "
            "is made with",
        ),
        (
            OPTREE,
            [*SURVIVED, framework("same", "both in subtype_new")],
            "framework",
            "high",
            r"made with \(both in subtype_new\)",
        ),
        # CPython: its own module crashes in the same function
        (
            PANDAS,
            [
                *SURVIVED,
                standard("ast,datetime", "not comparable"),
                standard("datetime", "same", "both in delta_new"),
                numpy("survived"),
            ],
            "CPython",
            "high",
            "same defect on stdlib:datetime, a part of CPython's standard library, without pandas "
            r"\(both in delta_new\)",
        ),
        # of several modules the one alone is named
        (
            PANDAS,
            [*SURVIVED, standard("ast,datetime", "same"), standard("ast", "survived")],
            "CPython",
            "medium",
            "same defect on stdlib:ast,datetime, ",
        ),
        (
            PANDAS,
            [*SURVIVED, standard("ast,datetime", "same"), standard("datetime", "same")],
            "CPython",
            "medium",
            "same defect on stdlib:datetime, ",
        ),
        # CPython: a limit of it for every extension, or without any
        (
            OPTREE,
            [bare("survived"), plain("same", "both in PyModule_Add"), framework("same")],
            "CPython",
            "high",
            "same defect on plain-c, an extension that uses the C API alone",
        ),
        (
            OPTREE,
            [bare("same", "both in f"), plain("same", "both in f")],
            "CPython",
            "high",
            r"same defect on no-extension, without any compiled extension \(both in f\)",
        ),
        # a package that it needs; the framework of both goes before
        (
            PANDAS,
            [*SURVIVED, numpy("same", "both in f")],
            "dependency",
            "high",
            "same defect on wheel:numpy==2.5.5, which pandas loads, alone",
        ),
        (PANDAS, [*SURVIVED, framework("same"), numpy("same")], "framework", "medium", "pybind11"),
        # a signal in common says little, and frames say more than the order of controls
        (OPTREE, [*SURVIVED, by_signal(framework("same"))], "framework", "low", "pybind11"),
        (
            PANDAS,
            [bare("survived"), by_signal(plain("same")), numpy("same", "both in f")],
            "dependency",
            "high",
            "numpy",
        ),
        # the package itself
        (
            OPTREE,
            [*SURVIVED, standard("ast,heapq", "survived"), framework("otherwise", "SIGBUS/none")],
            "extension",
            "high",
            "no defect like it on no-extension, plain-c, 2 modules of the standard library and "
            r"pybind11==3.1.0\+released, so optree is required",
        ),
        (
            PANDAS,
            [*SURVIVED, standard("datetime", "not comparable"), numpy("survived")],
            "extension",
            "medium",
            "on no-extension, plain-c and wheel:numpy==2.5.5, so pandas is required",
        ),
        (
            OPTREE,
            [bare("not comparable"), plain("survived"), framework("absent", "no compiler")],
            "extension",
            "medium",
            "no defect like it on plain-c, so optree is required",
        ),
        # a module of CPython's own
        (
            "stdlib:datetime",
            SURVIVED,
            "CPython",
            "high",
            "datetime is part of CPython's standard library",
        ),
        # nothing to go by
        (OPTREE, [], "unknown", "low", "shows nothing: not run"),
        (
            OPTREE,
            [bare("survived"), plain("absent", "no compiler")],
            "unknown",
            "low",
            "shows nothing: plain-c: not run: no compiler",
        ),
        (
            OPTREE,
            [bare("survived"), plain("known", "a left one")],
            "unknown",
            "low",
            "plain-c: known defect, 3 of 3: a left one",
        ),
    ],
)
def test_owner(
    target: str, cells: list[ControlResult], owner: str, confidence: str, reason: str
) -> None:
    found = find_package_owner(parse_target(target), cells, ALWAYS)
    assert (found.owner, found.confidence) == (owner, confidence)
    assert re.search(reason, found.reason), found.reason


def test_another_owner_needs_a_control_with_the_defect() -> None:
    """What releases and other CPythons do decides nothing."""
    others = [
        cell("release", "wheel:optree==0.19.0", "same", "both in f"),
        ControlResult("python", OPTREE, "3.12.1", Verdict("same", ALWAYS)),
    ]
    found = find_package_owner(parse_target(OPTREE), [*SURVIVED, *others], ALWAYS)
    assert (found.owner, found.confidence) == ("extension", "high")


def test_a_script_that_does_not_reproduce_it_speaks_of_the_harness() -> None:
    cells = [*SURVIVED, framework("same")]
    assert find_package_owner(parse_target(OPTREE), cells, Rate(0, 10)).owner == "harness"
    assert find_package_owner(parse_target(OPTREE), cells, NOT_RUN).owner == "framework"


def test_a_framework_without_a_control_leaves_a_doubt() -> None:
    found = find_package_owner(
        parse_target(OPTREE), SURVIVED, ALWAYS, ["made with nanobind"], lacks_control=True
    )
    assert (found.owner, found.confidence) == ("extension", "medium")
    assert found.notes == ("made with nanobind",)


@pytest.mark.parametrize(
    ("diagnostic", "steps", "unlike", "confidence"),
    [
        ("none", "node a :box\nedge a a :added\n", [], "high"),
        ("none", "node a :box\nhook a del :use\n", ["the recipe's action `:use`"], "medium"),
        ("wrong-answer", "self-check\n", ["the questions of its recipe"], "medium"),
        ("none", "self-check\n", [], "high"),
    ],
)
def test_what_no_control_does_lowers_the_confidence(
    diagnostic: str, steps: str, unlike: list[str], confidence: str
) -> None:
    """kiwisolver was blamed with high confidence for an answer that no control was asked for."""
    program = parse(f"finfuzz 1\n{steps}")
    assert list_unlike(diagnostic, program) == unlike
    found = find_package_owner(parse_target(OPTREE), SURVIVED, ALWAYS, unlike=unlike)
    assert (found.owner, found.confidence) == ("extension", confidence)
    assert list(found.notes) == [f"no control does the same as {one}" for one in unlike]
    blamed = find_package_owner(parse_target(OPTREE), [*SURVIVED, framework("same")], ALWAYS)
    same = find_package_owner(
        parse_target(OPTREE), [*SURVIVED, framework("same")], ALWAYS, unlike=unlike
    )
    assert same == blamed


UNSUPPORTED = Unsupported(("fork", "legacy"), "no subinterpreters: https://example.org/faq")


@pytest.mark.parametrize(
    ("marks", "program", "notes"),
    [
        ({}, "", []),
        ({"pybind11": "__pybind11_internals_v12"}, "", []),
        (
            {"PyO3": "pyo3_runtime"},
            "",
            ["made with PyO3 (pyo3_runtime), and no control is: finfuzz has none"],
        ),
        (
            {"pybind11": "__pybind11_internals_v5"},
            "",
            [
                "made with pybind11 (__pybind11_internals_v5), and no control is: "
                "no release leaves that mark"
            ],
        ),
        (
            {},
            "start i1 legacy\n",
            ["its documentation rules out legacy: no subinterpreters: https://example.org/faq"],
        ),
        ({}, "start i1 isolated\n", []),
        ({}, "fork\nstart i1 legacy\n", ["its documentation rules out fork, legacy: no"]),
    ],
)
def test_notes(marks: dict[str, str], program: str, notes: list[str]) -> None:
    like = [parse_target("pybind11==3.1.0")] if marks.get("pybind11", "").endswith("v12") else []
    found = list(list_notes(marks, like, UNSUPPORTED, parse(f"finfuzz 1\n{program}")))
    assert [one.startswith(note) for one, note in zip(found, notes, strict=True)] == [True] * len(
        notes
    )
    assert len(list_uncontrolled(marks, like)) == sum("no control" in note for note in notes)
