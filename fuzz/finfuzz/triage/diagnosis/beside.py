"""What can be wrong beside a death, or without one."""

from __future__ import annotations

import re

from finfuzz.executor.outcome import Outcome
from finfuzz.triage.diagnosis import messages
from finfuzz.triage.diagnosis.bucket import route
from finfuzz.triage.diagnosis.diagnosis import Diagnosis
from finfuzz.triage.diagnosis.sanitizer import report_stack

_WRONG = re.compile(r"^self-check: (.+)$", re.MULTILINE)
_VARYING = re.compile(r"0x[0-9a-f]+|'[^']*'|\"[^\"]*\"|\b\d+\b")
_WORDS_KEPT = 12
_DETAIL = 300
#: Standard error tells that an exception was reported, not when.
_SOMETIME = "an unknown phase"


def capsule_lost(outcome: Outcome) -> list[Diagnosis]:
    """One, if a checker missed a capsule of the framework's or found another."""
    if not outcome.capsule_lost:
        return []
    which = ", ".join(outcome.capsule_lost)
    return [Diagnosis("NONE", "capsule-lost", outcome.capsule_lost_phase, which, ())]


def wrong_answers(outcome: Outcome) -> list[Diagnosis]:
    """One, for the first check that failed: those after it may well be its consequences."""
    if not outcome.wrong_answers:
        return []
    said = _WRONG.search(outcome.stderr)
    detail = said[1][:_DETAIL] if said else ""
    name = detail.partition(":")[0]
    return [Diagnosis("NONE", "wrong-answer", "running", detail, (name,) if name else ())]


def unraisable(outcome: Outcome) -> list[Diagnosis]:
    """One for each that is worded differently, addresses and names aside."""
    by_key: dict[str, str] = {}
    for line in outcome.unraisable:
        by_key.setdefault(_worded(line), line[:_DETAIL])
    kind = "unraisable-exception"
    return [Diagnosis("NONE", kind, _SOMETIME, line, (key,)) for key, line in by_key.items()]


def reported(outcome: Outcome) -> list[Diagnosis]:
    """What sanitizers and leak checkers say of a process that no signal ended."""
    said = None if outcome.died else messages.report(outcome.stderr)
    if said is None:
        return []
    frames = route(said, report_stack(outcome.stderr)) or (_worded(said.detail),)
    phase = _SOMETIME if said.diagnostic == "undefined-behaviour" else outcome.phase
    return [Diagnosis("NONE", said.diagnostic, phase, said.detail, frames)]


def _worded(line: str) -> str:
    """The beginning of a message, less what varies between two that mean the same."""
    return " ".join(_VARYING.sub("…", line).split()[:_WORDS_KEPT])
