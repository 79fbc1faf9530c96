"""What an outcome means: a signal, a diagnostic, and the frames that tell."""

from __future__ import annotations

import hashlib
import re

import msgspec

from fuzz.executor.outcome import Outcome, RawFrame
from fuzz.triage import telling
from fuzz.triage.symbols import named

#: Diagnostics, with what each is read off.
DIAGNOSTICS = {
    "internals-recreated": "pybind11's guard says so (3.0.2 and later)",
    "internals-recreated-silently": "the runtime saw internals made where there were some already",
    "capsule-lost": "a checker found another capsule, or none, where one should be",
    "cast-error": "an uncaught pybind11::cast_error",
    "fatal-python-error": "CPython's `Fatal Python error`",
    "uncaught-cxx-exception": "std::terminate after a C++ exception that nobody caught",
    "memory-ceiling": "the child reached the memory it may use",
    "hang": "the child did not end by its deadline",
    "wrong-answer": "a self-check of the extension got another answer than in every other life",
    "unraisable-exception": "CPython reports an exception that no step of the program accounts for",
    "none": "a signal, and nothing that explains it",
}

_GUARD = "reentrant call detected while fetching pybind11 internals"
_FATAL = re.compile(r"Fatal Python error: (.+)$", re.MULTILINE)
_TERMINATE = re.compile(r"^terminate called after throwing an instance of '(.+)'$", re.MULTILINE)
_NO_MEMORY = re.compile(r"\bMemoryError\b|\bstd::bad_alloc\b")
_WHAT = re.compile(r"^  what\(\):  (.+)$", re.MULTILINE)
_WRONG = re.compile(r"^self-check: (.+)$", re.MULTILINE)
_VARYING = re.compile(r"0x[0-9a-f]+|'[^']*'|\"[^\"]*\"|\b\d+\b")
_WORDS_KEPT = 12
_DETAIL = 300
#: Standard error tells that an exception was reported, not when.
_SOMETIME = "an unknown phase"
_INTERNALS_GONE = {"internals-recreated", "internals-recreated-silently", "cast-error"}


class Diagnosis(msgspec.Struct, frozen=True):
    """``signal`` is NONE where nothing died. ``phase`` is as fine as known, the bucket's coarser.

    ``detail``: the message, where there is one. ``frames``: the telling ones, innermost first.
    ``stack``: all functions that have a name, which tell known defects and are no part of the key.
    """

    signal: str
    diagnostic: str
    phase: str
    detail: str
    frames: tuple[str, ...]
    stack: tuple[str, ...] = ()

    @property
    def bucket(self) -> str:
        """What deaths of one defect share: 12 hex digits."""
        key = (telling.VERSION, self.signal, self.diagnostic, _coarse(self.phase), self.frames)
        return hashlib.sha256(repr(key).encode()).hexdigest()[:12]

    def __str__(self) -> str:
        return f"{self.signal}/{self.diagnostic}"


def diagnose(outcome: Outcome, memory_mib: int) -> tuple[Diagnosis, ...]:
    """All that is wrong with an outcome; empty for one that survived.

    A death comes first. Internals made again is a diagnosis of its own, with no signal, where the
    death has another cause or there was none; and so is a capsule lost where the internals are not
    what is wrong already. Wrong answers and unraisable exceptions stand beside whatever else is.
    """
    found = []
    kind = _death(outcome, memory_mib)
    if kind:
        found.append(
            _diagnosis(outcome, outcome.signal or "NONE", kind, outcome.phase, outcome.frames)
        )
    if outcome.recreated and kind not in _INTERNALS_GONE:
        kind = "internals-recreated-silently"
        frames = outcome.recreated_frames
        found.append(_diagnosis(outcome, "NONE", kind, outcome.recreated_phase, frames))
    if outcome.capsule_lost and not any(one.diagnostic in _INTERNALS_GONE for one in found):
        found.append(
            Diagnosis(
                "NONE",
                "capsule-lost",
                outcome.capsule_lost_phase,
                ", ".join(outcome.capsule_lost),
                (),
            )
        )
    return (*found, *_wrong_answers(outcome), *_unraisable(outcome))


def _wrong_answers(outcome: Outcome) -> list[Diagnosis]:
    """One, for the first check that failed: those after it may well be its consequences."""
    if not outcome.wrong_answers:
        return []
    said = _WRONG.search(outcome.stderr)
    detail = said[1][:_DETAIL] if said else ""
    name = detail.partition(":")[0]
    return [Diagnosis("NONE", "wrong-answer", "running", detail, (name,) if name else ())]


def _unraisable(outcome: Outcome) -> list[Diagnosis]:
    """One for each that is worded differently, addresses and names aside."""
    by_key: dict[str, str] = {}
    for line in outcome.unraisable:
        by_key.setdefault(" ".join(_VARYING.sub("…", line).split()[:_WORDS_KEPT]), line[:_DETAIL])
    kind = "unraisable-exception"
    return [Diagnosis("NONE", kind, _SOMETIME, line, (key,)) for key, line in by_key.items()]


def _death(outcome: Outcome, memory_mib: int) -> str:
    text = outcome.stderr
    if outcome.timed_out:
        return "hang"
    if not outcome.died:
        return ""
    if _GUARD in text:
        return "internals-recreated"
    if _NO_MEMORY.search(text) or outcome.peak_kib > memory_mib * 900:
        return "memory-ceiling"
    if _FATAL.search(text):
        return "fatal-python-error"
    thrown = _TERMINATE.search(text)
    if thrown and outcome.recreated:
        return "internals-recreated-silently"
    if thrown:
        return "cast-error" if thrown[1] == "pybind11::cast_error" else "uncaught-cxx-exception"
    return "internals-recreated-silently" if outcome.recreated else "none"


def _diagnosis(
    outcome: Outcome, signal: str, kind: str, phase: str, frames: tuple[RawFrame, ...]
) -> Diagnosis:
    signal = "HANG" if kind == "hang" else signal
    stack = [named(frame) for frame in frames]
    names = telling.telling(stack, internals_gone=kind in _INTERNALS_GONE)
    detail = _detail(outcome.stderr, kind)
    if kind == "fatal-python-error":
        names = [detail.partition(":")[0], *names][: telling.KEPT]
    functions = tuple(telling.normalized(frame.function) for frame in stack if frame.function)
    return Diagnosis(signal, kind, phase, detail, tuple(names), functions)


def _detail(stderr: str, kind: str) -> str:
    pattern = {"fatal-python-error": _FATAL, "hang": None}.get(kind, _WHAT)
    match = pattern.search(stderr) if pattern else None
    return match[1][:_DETAIL] if match else ""


def _coarse(phase: str) -> str:
    """Ending one interpreter or the last one, before or after its dict: routes to one defect."""
    progress = phase.partition("/")[0]
    return "ending" if progress in ("stopping", "finalizing") else progress
