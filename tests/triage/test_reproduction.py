"""Reproducing and minimizing, where a zygote's children and fresh processes differ."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse, to_text
from finfuzz.targets.build import Build
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.reproduction import Reproducer

LIMITS = Limits()
#: It dies in a child of the process that runs the tests, and not in a child of a zygote.
DIES_FRESH = """
import os
if os.getppid() == {}:
    os.abort()
"""


def test_what_never_dies_in_a_zygote_is_minimized_by_fresh_processes(
    plain_c: Build, tmp_path: Path
) -> None:
    """Its candidates were run where none could die, and it was filed as it came."""
    (tmp_path / "linked.so").symlink_to(plain_c.extension)
    (tmp_path / "finfuzz_target.py").write_text(DIES_FRESH.format(os.getpid()))
    made = dataclasses.replace(plain_c, extension=tmp_path / "linked.so")
    program = parse("finfuzz 1\ncollect\nnode a list\nimport\nroot a sys\n")
    (diagnosis,) = diagnose(run_fresh(made, program, LIMITS), LIMITS.memory_mib)
    with Executor(made, LIMITS) as executor:
        found = Reproducer(executor, LIMITS).reproduce(program, diagnosis)
    assert found is not None
    assert (found.fresh.k, found.forked.k) == (10, 0)
    assert to_text(found.program) == "finfuzz 1\nimport\n"
