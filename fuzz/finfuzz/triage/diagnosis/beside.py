"""Diagnose misbehaviour that comes next to a crash, or without one."""

from __future__ import annotations

import re
from pathlib import Path

from finfuzz.executor.judged import JudgedCall
from finfuzz.executor.outcome import Outcome
from finfuzz.triage.diagnosis import messages
from finfuzz.triage.diagnosis.bucket import find_route
from finfuzz.triage.diagnosis.diagnosis import Diagnosis
from finfuzz.triage.diagnosis.sanitizer import read_report_stack
from finfuzz.triage.diagnosis.symbols import name_stack
from finfuzz.triage.diagnosis.telling import normalize_function

_WRONG = re.compile(r"^self-check: (.+)$", re.MULTILINE)
#: Checks of what other checks depend on.
_CAUSES = frozenset({"static storage"})
_VARYING = re.compile(r"0x[0-9a-f]+|'[^']*'|\"[^\"]*\"|\b\d+\b")
_WORDS_KEPT = 12
_DETAIL = 300
#: Standard error shows that an exception was reported, not when.
_SOMETIME = "an unknown phase"


def find_lost_capsule(outcome: Outcome) -> list[Diagnosis]:
    """Return one diagnosis if a checker missed the framework's capsule or found another."""
    if not outcome.capsule_lost:
        return []
    which = ", ".join(outcome.capsule_lost)
    return [Diagnosis("NONE", "capsule-lost", outcome.capsule_lost_phase, which, ())]


def find_wrong_answers(outcome: Outcome) -> list[Diagnosis]:
    """Diagnose the checks that failed: one diagnosis names all, and the key the most telling.

    That is static storage, which enums and exceptions use, or else the first that was asked.
    """
    if not outcome.wrong_answers:
        return []
    answers: dict[str, str] = {}
    for line in _WRONG.findall(outcome.stderr):
        answers.setdefault(line.partition(":")[0], line)
    names = sorted(answers, key=lambda name: name not in _CAUSES)
    detail = "; ".join(answers[name] for name in names)[:_DETAIL]
    return [Diagnosis("NONE", "wrong-answer", "running", detail, tuple(names[:1]))]


def find_judged_crash(outcome: Outcome) -> messages.Message | None:
    """Return the call that broke a rule and did not return, of a process that crashed."""
    if outcome.timed_out:
        return None
    calls = [call for call in outcome.judged if call.site in outcome.frames]
    return messages.Message(calls[-1].rule, _describe_call(calls[-1])) if calls else None


def find_judged_calls(outcome: Outcome) -> list[Diagnosis]:
    """Diagnose each module's first call that broke a rule: later ones may be its consequences.

    None for a rule that explains the crash.
    """
    crash = find_judged_crash(outcome)
    first: dict[tuple[str, str], JudgedCall] = {}
    for call in outcome.judged:
        if crash is None or call.rule != crash.diagnostic:
            first.setdefault((call.rule, call.module), call)
    return [_diagnose_call(call) for call in first.values()]


def _diagnose_call(call: JudgedCall) -> Diagnosis:
    said = messages.Message(call.rule, _describe_call(call))
    stack = name_stack(call.frames)
    name, *callers = find_route(said, stack)
    frames = (name, call.module.partition(".")[0], *callers[:1])
    named = tuple(normalize_function(frame.function) or "?" for frame in stack)
    return Diagnosis("NONE", said.diagnostic, call.phase, said.detail, frames, stack=named)


def _describe_call(call: JudgedCall) -> str:
    """Name the function, and where the call returns to: elsewhere, if the call was a jump."""
    place = f"{Path(call.site.module).name}+{call.site.offset:#x}"
    by = place if place.startswith(call.module) else f"{call.module}, returning to {place}"
    return f"{call.function}: called by {by}"


def find_unraisable(outcome: Outcome) -> list[Diagnosis]:
    """Return one diagnosis for each wording, apart from addresses and names."""
    by_key: dict[str, str] = {}
    for line in outcome.unraisable:
        by_key.setdefault(_strip_varying(line), line[:_DETAIL])
    kind = "unraisable-exception"
    return [Diagnosis("NONE", kind, _SOMETIME, line, (key,)) for key, line in by_key.items()]


def find_deviations(outcome: Outcome) -> list[Diagnosis]:
    """Diagnose what the program does here and not on the control, where that was compared."""
    return [
        Diagnosis("NONE", one.diagnostic, one.phase, one.detail, one.key)
        for one in outcome.deviations
    ]


def find_reports(outcome: Outcome) -> list[Diagnosis]:
    """Diagnose reports of sanitizers and leak checkers, for a process that no signal ended.

    Not a framework's report of its objects where the program keeps some on purpose. Of the types
    that such a report lists the key has the first by name: an object mostly keeps others.
    """
    said = None if outcome.died else messages.read_report(outcome.stderr, leaks=outcome.leaked)
    if said is None:
        return []
    stack = read_report_stack(outcome.stderr)
    types = messages.list_leaked_types(outcome.stderr)
    frames = find_route(said, stack) or (_strip_varying(said.detail), *types[:1])
    phase = _SOMETIME if said.diagnostic == "undefined-behaviour" else outcome.phase
    named = tuple(normalize_function(frame.function) for frame in stack if frame.function)
    return [Diagnosis("NONE", said.diagnostic, phase, said.detail, frames, stack=named)]


def _strip_varying(line: str) -> str:
    """Return the beginning of a message without the parts that vary from run to run."""
    return " ".join(_VARYING.sub("…", line).split()[:_WORDS_KEPT])
