"""The script under other allocators of CPython's: memory that is freed or overrun shows."""

from __future__ import annotations

from collections.abc import Mapping

from finfuzz.triage.instruments.case import Case, Told


def pymalloc_debug(case: Case) -> Told:
    """Pads around each block, and freed ones filled."""
    return _under(case, {"PYTHONMALLOC": "debug"})


def glibc_malloc(case: Case) -> Told:
    """The C library checks each block of Python's; freed ones are filled with 0x5a."""
    return _under(case, {"PYTHONMALLOC": "malloc", "MALLOC_PERTURB_": str(0xA5)})


def _under(case: Case, variables: Mapping[str, str]) -> Told:
    return case.told(case.run([case.python, "-X", "faulthandler", "repro.py"], variables))
