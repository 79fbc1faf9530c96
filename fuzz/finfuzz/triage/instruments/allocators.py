"""The script under other allocators of CPython's: memory that is freed or overrun shows."""

from __future__ import annotations

from collections.abc import Mapping

from finfuzz.triage.instruments.case import Experiment, Report


def pymalloc_debug(case: Experiment) -> Report:
    """Pads around each block, and freed ones filled."""
    return _under(case, {"PYTHONMALLOC": "debug"})


def glibc_malloc(case: Experiment) -> Report:
    """The C library checks each block of Python's; freed ones are filled with 0x5a."""
    return _under(case, {"PYTHONMALLOC": "malloc", "MALLOC_PERTURB_": str(0xA5)})


def _under(case: Experiment, variables: Mapping[str, str]) -> Report:
    return case.told(case.run([case.python, "-X", "faulthandler", "repro.py"], variables))
