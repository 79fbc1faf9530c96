"""A word for what a program did: the state of a scenario, read off its outcome."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from finfuzz.executor.judged import RULES
from finfuzz.executor.outcome import Outcome
from finfuzz.program.model import Program
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.diagnosis.ending import describe_ending, diagnose_ending, ends_early

State = Literal[
    "survived",
    "refuses",
    "leaks",
    "raises",
    "breaks a rule",
    "ends early",
    "wrong answer",
    "hangs",
    "crashes",
    "known",
    "does not apply",
    "not run",
]

#: What each state means, the mildest first.
STATES: dict[State, str] = {
    "survived": "did all steps, and ended as it should",
    "refuses": "an import raised ImportError: honest, where a package has no support",
    "leaks": "its framework reports objects that were never freed, though nothing kept them",
    "raises": "another exception, or another exit code than the program's",
    "breaks a rule": "called the C API after Python's end or without a thread state, and survived",
    "ends early": "the process ended by itself, before all steps ran or while Python ended",
    "wrong answer": "a question of the recipe's `check` got another answer than in a fresh process",
    "hangs": "did not end by the deadline, nor by twice the deadline when run again",
    "crashes": "a signal ended the process",
    "known": "crashes or hangs by a defect of CPython that is known",
    "does not apply": "the CPython lacks what the scenario needs, a kind of interpreter say",
    "not run": "the program could not be run",
}
#: States that make a check fail.
BAD: frozenset[State] = frozenset({"ends early", "wrong answer", "hangs", "crashes"})

_IMPORT = ("ImportError", "ModuleNotFoundError")
#: Import errors by which nothing is refused: a module is left half made, or looks for what is gone.
_BROKEN = re.compile(r"cannot import name|is already registered|partially initialized")


class Judged(NamedTuple):
    """A state, its explanation in a line, and the diagnosis that it was read off, if any."""

    state: State
    detail: str = ""
    diagnosis: Diagnosis | None = None


def judge(outcome: Outcome, program: Program, memory_mib: int) -> Judged:
    """Read the gravest state off an outcome."""
    found = {one.diagnostic: one for one in diagnose(outcome, memory_mib)}
    deaths = [one for one in found.values() if one.signal != "NONE"]
    for one in deaths:
        state: State = "hangs" if one.diagnostic == "hang" else "crashes"
        return Judged(state, describe_death(one), one)
    if wrong := found.get("wrong-answer"):
        return Judged("wrong answer", wrong.detail, wrong)
    if ends_early(outcome, program):
        ending = diagnose_ending(outcome, program)
        return Judged("ends early", ending.detail if ending else "", ending)
    for one in found.values():
        if one.diagnostic in RULES:
            return Judged("breaks a rule", f"{one.diagnostic}: {one.detail}", one)
    raised = outcome.raised
    if unexpected := [one for one in raised if one.type not in _IMPORT]:
        first = unexpected[0]
        return Judged("raises", f"`{first.step}`: {_join(first.type, first.text)}")
    for one in found.values():
        if one.diagnostic != "leak-report":
            return Judged("raises", one.detail or str(one), one)
    if end := describe_ending(outcome, program):
        return Judged("raises", end)
    if broken := next((one for one in raised if _BROKEN.search(one.text)), None):
        return Judged("raises", f"`{broken.step}`: {_join(broken.type, broken.text)}")
    if raised:
        return Judged("refuses", _join(raised[0].type, raised[0].text))
    if leak := found.get("leak-report"):
        return Judged("leaks", leak.detail, leak)
    return Judged("survived")


def describe_death(diagnosis: Diagnosis) -> str:
    """Describe a death in a line: its signal and diagnostic, when, its message or its functions."""
    why = diagnosis.detail or " < ".join(diagnosis.frames[:3])
    is_main = diagnosis.interpreter in ("", "main")
    inside = "" if is_main else f" in a subinterpreter ({diagnosis.interpreter})"
    return f"{diagnosis}, {diagnosis.phase}{inside}" + (f": {why}" if why else "")


def _join(name: str, text: str) -> str:
    return f"{name}: {text}" if text else name
