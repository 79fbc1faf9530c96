"""Does it die again? With the driver, in fresh processes and in a zygote's children."""

from __future__ import annotations

import msgspec
import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.targets.build import Build
from finfuzz.triage import confirm as module
from finfuzz.triage.confirm import confirm, confirm_in_zygote, find_same
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.findings.rate import FEW, Rate

GUARDED = parse("finfuzz 1\nnode a container\nedge a a append\nroot a codec\n")
SURVIVES = parse("finfuzz 1\nnode a container\nedge a a append\nroot a module\n")
LIMITS = Limits(deadline=10.0)


@pytest.fixture(scope="module")
def outcome(executor: Executor) -> Outcome:
    return executor.run(GUARDED)


@pytest.fixture(scope="module")
def died(outcome: Outcome) -> Diagnosis:
    (found,) = diagnose(outcome, LIMITS.memory_mib)
    return found


def test_what_dies_in_a_zygote_dies_in_each_fresh_process(
    destroy: Build, executor: Executor, died: Diagnosis
) -> None:
    assert confirm(destroy, GUARDED, died, LIMITS) == Rate(FEW, FEW)
    assert confirm_in_zygote(executor, GUARDED, died, LIMITS) == Rate(FEW, FEW)


def test_what_survives_is_confirmed_never(
    destroy: Build, executor: Executor, died: Diagnosis
) -> None:
    assert confirm(destroy, SURVIVES, died, LIMITS) == Rate(0, FEW)
    assert confirm_in_zygote(executor, SURVIVES, died, LIMITS) == Rate(0, FEW)


def test_a_run_that_confirms_has_ten_times_the_deadline(
    destroy: Build,
    executor: Executor,
    outcome: Outcome,
    died: Diagnosis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside a campaign, at nice 19, an honest program takes several times as long."""
    deadlines: set[float] = set()

    def run(_: object, __: Program, limits: Limits) -> Outcome:
        deadlines.add(limits.deadline)
        return outcome

    monkeypatch.setattr(module, "run_fresh", run)
    monkeypatch.setattr(Executor, "run", run)
    assert confirm(destroy, GUARDED, died, LIMITS) == Rate(FEW, FEW)
    assert confirm_in_zygote(executor, GUARDED, died, LIMITS) == Rate(FEW, FEW)
    assert deadlines == {10 * LIMITS.deadline}


def test_dying_of_something_else_does_not_count(destroy: Build, died: Diagnosis) -> None:
    other = msgspec.structs.replace(died, frames=("elsewhere",))
    assert confirm(destroy, GUARDED, other, LIMITS) == Rate(0, FEW)


def test_a_hang_is_left_to_fresh_processes(executor: Executor, died: Diagnosis) -> None:
    hang = msgspec.structs.replace(died, signal="HANG", diagnostic="hang")
    assert confirm_in_zygote(executor, GUARDED, hang, LIMITS) == Rate(0, 0)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"signal": "SIGSEGV"}, True),  # which signal is chance where the internals are gone
        ({"signal": "NONE"}, False),  # but not whether it kills
        ({"route": ("another",), "stack": ()}, True),
        ({"diagnostic": "cast-error"}, False),
        ({"phase": "running"}, False),
    ],
)
def test_what_counts_as_the_same(
    destroy: Build, outcome: Outcome, died: Diagnosis, changes: dict[str, object], same: bool
) -> None:
    wanted = msgspec.structs.replace(died, **changes)
    found = find_same(destroy, GUARDED, outcome, wanted, LIMITS)
    assert found == (died if same else None)


def test_zygote_and_fresh_process_say_the_same(died: Diagnosis, destroy: Build) -> None:
    (fresh,) = diagnose(run_fresh(destroy, GUARDED, LIMITS), LIMITS.memory_mib)
    assert (fresh.bucket, fresh.frames, fresh.route) == (died.bucket, died.frames, died.route)


def test_what_the_fuzzer_itself_uses_is_not_the_childs(plain_c: Build) -> None:
    ballast = b"x" * (128 << 20)
    outcome = run_fresh(plain_c, Program(), LIMITS)
    assert outcome.peak_kib < len(ballast) // 1024
