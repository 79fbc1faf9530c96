"""The script under CPython's other allocators, which show freed or overrun memory."""

from __future__ import annotations

from collections.abc import Mapping

from finfuzz.targets.instrumentation import use_malloc
from finfuzz.triage.instruments.experiment import Experiment, Report


def run_pymalloc_debug(experiment: Experiment) -> Report:
    """Run with padding around each block, and freed blocks filled."""
    return _run_with(experiment, {"PYTHONMALLOC": "debug"})


def run_glibc_malloc(experiment: Experiment) -> Report:
    """Run with the C library checking Python's blocks, and freed blocks filled with 0x5a."""
    malloc = use_malloc(experiment.interpreter)
    if not malloc:
        return Report("absent", "a free-threaded CPython does not take its blocks from malloc")
    return _run_with(experiment, {**malloc, "MALLOC_PERTURB_": str(0xA5)})


def _run_with(experiment: Experiment, variables: Mapping[str, str]) -> Report:
    command = [experiment.python, "-X", "faulthandler", "repro.py"]
    return experiment.make_report(experiment.run(command, variables))
