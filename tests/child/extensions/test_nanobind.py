"""What nanobind's extension does otherwise, since nanobind does."""

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target

RETURNS = "finfuzz 1\nnode a list\nroot a returning-native-thread\n"


def test_a_thread_comes_back_before_the_finalization_that_waits_for_it(
    pythons: list[Interpreter],
) -> None:
    """CPython 3.15 waits for nanobind's thread states (PEP 788), and the thread waited for CPython:
    a hang, 4 of 4."""
    python = next((found for found in pythons if found.version[:2] >= (3, 15)), None)
    if python is None:
        pytest.skip("no CPython 3.15 found")
    made = build(resolve(parse_target("nanobind")), python)
    outcome = run_fresh(made, parse(RETURNS), Limits(deadline=20))
    assert (outcome.timed_out, outcome.exit_code, outcome.alive) == (False, 0, 0), outcome.stderr
