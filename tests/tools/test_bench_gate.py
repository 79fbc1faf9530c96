"""The comparison of children with and without the gate."""

import msgspec
import pytest

from benchmarks.gate import compare, gate_build
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.targets.build import build
from finfuzz.targets.gate import count_call_sites
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.spec import parse_target

SURVIVES = parse("finfuzz 1\nimport\nnode a container\n")
FAILS = parse("finfuzz 1\nexit exception\n")


def test_both_children_of_each_program_are_compared() -> None:
    made = gate_build(build(parse_target("plain-c"), pick_interpreter(None), instrumented=False))
    found = compare(made, iter([SURVIVES, FAILS]))
    assert (len(found.gated), len(found.bare), found.crashed) == (2, 2, 0)
    assert (found.differing, found.judged) == ([], set())
    assert bool(found.sites) == bool(count_call_sites())
    assert found.ratio > 0


def test_a_program_whose_verdict_differs_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = gate_build(build(parse_target("plain-c"), pick_interpreter(None), instrumented=False))
    run = Executor.run

    def fail_with_gate(self: Executor, program: Program) -> Outcome:
        outcome = run(self, program)
        return msgspec.structs.replace(outcome, exit_code=7) if self.build.gated else outcome

    monkeypatch.setattr(Executor, "run", fail_with_gate)
    (text,) = compare(made, iter([SURVIVES])).differing
    assert text.startswith("finfuzz 1\nimport\nnode a container\nwith the gate (None, 7,")
