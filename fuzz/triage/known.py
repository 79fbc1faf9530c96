"""Defects of CPython's own that every campaign meets, and finfuzz's: counted, not filed.

Each row names the issue that tells of it. A CPython with the fix is not excused: there it is news.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fuzz.executor.outcome import Outcome
from fuzz.triage.diagnose import Diagnosis

OLDEST = (3, 9)
NOT_YET = (99,)


class Known(NamedTuple):
    """One defect and how it shows.

    ``detail``: a regular expression that the message begins with. ``frame``: one for a telling
    function on the stack, where the message alone does not tell it. CPythons from ``since``
    to before ``fixed_in`` have it.
    """

    title: str
    diagnostics: tuple[str, ...]
    link: str
    detail: str = ""
    frame: str = ""
    since: tuple[int, ...] = OLDEST
    fixed_in: tuple[int, ...] = NOT_YET

    def concerns(self, python: tuple[int, ...]) -> bool:
        return self.since <= python < self.fixed_in


KNOWN = (
    Known(
        title="a subinterpreter left at the end aborts Py_FinalizeEx",
        diagnostics=("fatal-python-error",),
        detail="PyInterpreterState_Delete: remaining subinterpreters",
        link="https://github.com/python/cpython/issues/113433",
        fixed_in=(3, 13),
    ),
    Known(
        title="finfuzz itself could not go on: not the target's doing",
        diagnostics=("fatal-python-error",),
        detail=r"(\w+(::\w+)*: )?finfuzz: ",
        link="docs/triage.md#what-to-suspect-first",
    ),
    Known(
        title="a thread that comes back during finalization is unwound through C++ destructors",
        diagnostics=("none",),
        frame=r"^PyThread_exit_thread$",
        link="https://github.com/python/cpython/issues/87135",
        fixed_in=(3, 14),
    ),
    Known(
        title="a threading.local is collected while a weak reference to it is called back",
        diagnostics=("none",),
        frame=r"^local_dealloc$",
        link="docs/found.md#cpython-a-weak-reference-to-a-threadinglocal",
    ),
    Known(
        title="a left subinterpreter whose thread is not over hangs Py_FinalizeEx",
        diagnostics=("hang",),
        frame=r"^wait_for_thread_shutdown$",
        link="https://github.com/python/cpython/issues/113146",
        since=(3, 13),
    ),
    Known(
        title="_ctypes is initialized again in a second life of the interpreter",
        diagnostics=("none", "fatal-python-error"),
        frame=r"^(add_subclass|PyInit__ctypes|_ctypes_add_types)$",
        link="https://github.com/python/cpython/issues/113576",
        fixed_in=(3, 13),
    ),
    Known(
        title="an exception out of threading's exit functions leaves its threads running",
        diagnostics=("fatal-python-error",),
        detail="Py_EndInterpreter: not the last thread",
        link="https://github.com/python/cpython/issues/113148",
    ),
)


def known(
    diagnosis: Diagnosis, python: tuple[int, ...], table: tuple[Known, ...] = KNOWN
) -> Known | None:
    """The known defect that a death is, if it is one."""
    stack = (*diagnosis.frames, *diagnosis.stack)
    for entry in table:
        if (
            entry.concerns(python)
            and diagnosis.diagnostic in entry.diagnostics
            and re.match(entry.detail, diagnosis.detail)
            and any(re.search(entry.frame, one) for one in ("", *stack))
        ):
            return entry
    return None


def is_known_death(
    outcome: Outcome, python: tuple[int, ...], table: tuple[Known, ...] = KNOWN
) -> bool:
    """The same, read off standard error alone: cheap enough for every death of a campaign.

    False for those that only a frame tells.
    """
    return any(
        entry.concerns(python)
        and not entry.frame
        and re.search(rf"Fatal Python error: {entry.detail}", outcome.stderr) is not None
        for entry in table
    )
