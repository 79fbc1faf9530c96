"""The control in plain Python behaves as a compiled extension would."""

from __future__ import annotations

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.program.text import parse
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import diagnose

MEMORY_MIB = 2048


@pytest.mark.parametrize("action", ["cast", "create", "convert", "gil", "native-thread"])
def test_its_functions_outlive_its_globals(action: str, pythons: list[Interpreter]) -> None:
    """`__main__` keeps the module until CPython clears its dict; `sys` keeps the hook longer."""
    program = parse(
        "finfuzz 1\nnode a object\nnode b extension\n"
        f"hook a del {action}\nroot b module\nroot a excepthook\n"
    )
    outcome = run_fresh(build(parse_target("no-extension"), pythons[0]), program)
    assert outcome.took == (5, 0, 0)
    assert diagnose(outcome, MEMORY_MIB) == ()
