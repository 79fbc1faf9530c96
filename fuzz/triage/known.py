"""Defects of CPython's own that every campaign meets: recognized, counted, not filed."""

from __future__ import annotations

from typing import NamedTuple

from fuzz.executor.outcome import Outcome
from fuzz.triage.diagnose import Diagnosis


class Known(NamedTuple):
    """``detail`` is the message it shows in; CPythons before ``fixed_in`` have it."""

    title: str
    diagnostic: str
    detail: str
    fixed_in: tuple[int, int]
    link: str


KNOWN = (
    Known(
        title="a subinterpreter left at the end aborts Py_FinalizeEx",
        diagnostic="fatal-python-error",
        detail="PyInterpreterState_Delete: remaining subinterpreters",
        fixed_in=(3, 13),
        link="https://github.com/python/cpython/issues/113433",
    ),
)


def known(diagnosis: Diagnosis, python: tuple[int, ...]) -> Known | None:
    """The known defect that a death is, if it is one."""
    for entry in KNOWN:
        same = diagnosis.diagnostic == entry.diagnostic and entry.detail in diagnosis.detail
        if same and python < entry.fixed_in:
            return entry
    return None


def is_known_death(outcome: Outcome, python: tuple[int, ...]) -> bool:
    """The same, read off the outcome alone: cheap enough for every death of a campaign."""
    return any(
        python < entry.fixed_in and f"Fatal Python error: {entry.detail}" in outcome.stderr
        for entry in KNOWN
    )
