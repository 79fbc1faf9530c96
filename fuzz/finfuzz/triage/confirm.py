"""Does it die again, in fresh processes with the driver?"""

from __future__ import annotations

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.targets.build import Build
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.findings.rate import MOST, Rate, measured

#: A hang costs its whole deadline each time, and that is ten times the campaign's.
HANG_RUNS = 2


def confirm(build: Build, program: Program, diagnosis: Diagnosis, limits: Limits) -> Rate:
    """How often the program goes wrong in the same way in a fresh process."""
    hang = diagnosis.diagnostic == "hang"
    return measured(
        lambda: shown(run_fresh(build, program, limits.patient), diagnosis, limits) is not None,
        HANG_RUNS if hang else MOST,
    )


def confirm_in_zygote(
    executor: Executor, program: Program, diagnosis: Diagnosis, limits: Limits
) -> Rate:
    """How often it does in a zygote's child. A hang is left to fresh processes."""
    if diagnosis.diagnostic == "hang":
        return Rate(0, 0)
    return measured(
        lambda: shown(executor.run(program, limits.patient), diagnosis, limits) is not None
    )


def shown(outcome: Outcome, wanted: Diagnosis, limits: Limits) -> Diagnosis | None:
    """What of an outcome falls into the same bucket, and kills if the wanted one does."""
    for one in diagnose(outcome, limits.memory_mib):
        if one.bucket == wanted.bucket and (one.signal == "NONE") == (wanted.signal == "NONE"):
            return one
    return None
