"""Confirming a sighting: how often the program fails again in the same way."""

from __future__ import annotations

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.targets.build import Build
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.findings.rate import HANG_RUNS, MOST, Rate, Report, measure, report_nothing
from finfuzz.triage.oracles.compare import compare_for


def confirm(
    build: Build,
    program: Program,
    diagnosis: Diagnosis,
    limits: Limits,
    report: Report = report_nothing,
) -> Rate:
    """Measure how often the program fails in the same way in a fresh process with the driver.

    ``report`` receives the number of runs, and how many there will be.
    """
    hang = diagnosis.diagnostic == "hang"
    return measure(
        lambda: (
            find_same(build, program, run_fresh(build, program, limits.patient), diagnosis, limits)
            is not None
        ),
        HANG_RUNS if hang else MOST,
        report,
    )


def confirm_in_zygote(
    executor: Executor, program: Program, diagnosis: Diagnosis, limits: Limits
) -> Rate:
    """Measure the same in a zygote's children. A hang is left to fresh processes: 0 of 0."""
    if diagnosis.diagnostic == "hang":
        return Rate(0, 0)
    return measure(
        lambda: (
            find_same(
                executor.build, program, executor.run(program, limits.patient), diagnosis, limits
            )
            is not None
        )
    )


def find_same(
    build: Build, program: Program, outcome: Outcome, wanted: Diagnosis, limits: Limits
) -> Diagnosis | None:
    """Find the outcome's diagnosis in the same bucket, fatal if the wanted one is fatal.

    What only a comparison shows is compared with the control, for this very program.
    """
    outcome = compare_for(wanted.diagnostic, build, program, outcome, limits)
    for one in diagnose(outcome, limits.memory_mib):
        if one.bucket == wanted.bucket and (one.signal == "NONE") == (wanted.signal == "NONE"):
            return one
    return None
