"""A finding in a sentence."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from finfuzz.program.text import parse
from finfuzz.triage.findings.attribution import Attribution
from finfuzz.triage.findings.story import describe, describe_owner, describe_phase, summarize
from helpers.finding_example import bare_finding as finding


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"detail": ""},
            "pybind11==3.1.0+destroy on CPython 3.13.0 crashes (SIGABRT, internals-recreated) "
            "in Py_FinalizeEx, after the interpreter's dict is cleared",
        ),
        (
            {"detail": "what it said", "phase": "running", "interpreter": "main"},
            "pybind11==3.1.0+destroy on CPython 3.13.0 crashes (SIGABRT, internals-recreated) "
            "while the program runs: what it said",
        ),
        (
            {"signal": "HANG", "diagnostic": "hang", "detail": "", "phase": "stopping",
             "interpreter": "isolated"},
            "pybind11==3.1.0+destroy on CPython 3.13.0 hangs while a subinterpreter ends "
            "(in a subinterpreter: isolated)",
        ),
        (
            {"signal": "NONE", "diagnostic": "wrong-answer", "detail": "", "phase": "running"},
            "pybind11==3.1.0+destroy on CPython 3.13.0 misbehaves without crashing "
            "(wrong-answer) while the program runs",
        ),
    ],
)  # fmt: skip
def test_sentence(changes: dict[str, object], said: str) -> None:
    assert describe(finding(**changes)) == said


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        ("running", "while the program runs"),
        (
            "stopping/modules-cleared",
            "while a subinterpreter ends, after the interpreter's modules are cleared",
        ),
        (
            "finalizing/types-finalized",
            "in Py_FinalizeEx, after the interpreter's types are finalized",
        ),
        ("exited/static-destructors", "after Py_FinalizeEx, in static destructors"),
        ("an unknown phase", "in an unknown phase"),
    ],
)
def test_when(phase: str, said: str) -> None:
    assert describe_phase(phase) == said


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("", "no objects"),
        ("node a list\nroot a sys\n", "1 list, kept by sys"),
        (
            "start i1 legacy\nnode a list\nnode b list\nedge a b append\nagain\nself-check\n",
            "2 lives, 1 subinterpreter, 2 lists, 1 edge, 1 self-check",
        ),
    ],
)
def test_plot(steps: str, said: str) -> None:
    assert summarize(parse(f"finfuzz 1\n{steps}")) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "framework: it survives; fails on CPython 3.13.0"),
        ({"pythons": (), "release_range": "since 3.0.2"}, "framework: it survives; since 3.0.2"),
        ({"left": 1}, "framework: it survives; fails on CPython 3.13.0; 1 control still to run"),
    ],
)
def test_owner(changes: dict[str, object], said: str) -> None:
    made = Attribution("framework", "it survives", "", "", ("3.13.0",), (), "2026-11-29")
    assert describe_owner(replace(made, **changes)) == said
