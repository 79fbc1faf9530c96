"""Endings that are not the program's: before its steps were over, or with another exit code."""

from __future__ import annotations

import msgspec
import pytest

from finfuzz.program.text import parse
from finfuzz.triage.diagnosis.ending import describe_ending, diagnose_ending, ends_early
from helpers.outcome_files import SURVIVED

INTERRUPTED = {"exit_code": None, "signal": "SIGINT"}
RUNNING, FINALIZING = {"phase": "running"}, {"phase": "finalizing/modules-cleared"}


@pytest.mark.parametrize(
    ("steps", "changes", "told"),
    [
        ("import\n", {}, ""),
        # os._exit in the import: its step never ended
        ("import\n", {"took": (0, 0, 0), **RUNNING}, "ended early, with exit code 0, in running"),
        # in a callback of atexit, all steps ran
        (
            "import\n",
            {"exit_code": 7, **FINALIZING},
            "ended early, with exit code 7, in finalizing/modules-cleared",
        ),
        # sys.exit() in a step: Python ends in order, the other steps never ran
        (
            "import\ncollect\n",
            {"took": (1, 0, 0)},
            "ended early, with exit code 0, in exited/dict-cleared",
        ),
        ("import\n", {"took": (0, 1, 0)}, ""),
        ("import\n", {"took": (0, 0, 1)}, ""),
        ("import\n", {"exit_code": 120}, "ended with exit code 120"),
        # each way to end, and the phase in which it ends the process
        ("import\nexit sys-exit\n", {}, ""),
        ("import\nexit os-exit\n", RUNNING, ""),
        (
            "import\nexit os-exit\n",
            {"took": (0, 0, 0), **RUNNING},
            "ended early, with exit code 0, in running",
        ),
        ("import\nexit os-exit\n", {"exit_code": 174, **RUNNING}, "ended with exit code 174"),
        ("import\nexit c-exit\n", {"phase": "exited"}, ""),
        ("import\nexit thread-exit\n", {"phase": "exited"}, ""),
        ("import\nexit exception\n", {"exit_code": 1}, ""),
        ("import\nexit exception\n", {}, "ended with exit code 0"),
        ("import\nexit interrupt\n", INTERRUPTED, ""),
        ("import\nexit interrupt\n", {"exit_code": 130}, ""),
        ("import\n", INTERRUPTED, "ended with SIGINT"),
        # the parent of a fork ends with 0, whatever its child's code is
        ("import\nfork\nexit exception\n", {}, ""),
        ("import\nexit exception\n", {"took": (1, 1, 0)}, ""),
        # a death is told by its own diagnosis
        ("import\n", {"exit_code": None, "signal": "SIGSEGV", "took": (0, 0, 0), **RUNNING}, ""),
        ("import\n", {"timed_out": True, "took": (0, 0, 0), **RUNNING}, ""),
    ],
)
def test_ending(steps: str, changes: dict[str, object], told: str) -> None:
    program = parse(f"finfuzz 1\n{steps}")
    outcome = msgspec.structs.replace(SURVIVED, took=(len(program.steps), 0, 0))
    outcome = msgspec.structs.replace(outcome, **changes)
    assert describe_ending(outcome, program) == told
    assert ends_early(outcome, program) is told.startswith("ended early")
    found = diagnose_ending(outcome, program)
    assert (found.detail if found else "") == told
    assert found is None or str(found) == "NONE/unexpected-exit"
