"""What the kernel said with a signal."""

from __future__ import annotations

import msgspec
import pytest

from finfuzz.executor.frames import RawFrame
from finfuzz.triage.diagnosis.fault import describe_fault
from helpers.outcome_files import SURVIVED

FRAMES = (RawFrame("a.so", 1),)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"signal": None}, ""),
        (
            {"signal": "SIGSEGV", "signal_code": 1, "address": 0x18},
            "SEGV_MAPERR at 0x18, near null",
        ),
        ({"signal": "SIGSEGV", "signal_code": 1, "address": 0}, "SEGV_MAPERR at 0x0, near null"),
        ({"signal": "SIGSEGV", "signal_code": 2, "address": 4096}, "SEGV_ACCERR at 0x1000"),
        ({"signal": "SIGBUS", "signal_code": 2, "address": 4096}, "BUS_ADRERR at 0x1000"),
        ({"signal": "SIGFPE", "signal_code": 1, "address": 4096}, "FPE_INTDIV at 0x1000"),
        ({"signal": "SIGILL", "signal_code": 2, "address": 4096}, "ILL_ILLOPN at 0x1000"),
        # an address that no pointer can be: the processor does not say which
        ({"signal": "SIGSEGV", "signal_code": 128}, "SI_KERNEL"),
        # raised by the process itself, sent by another one; "address" is who did
        ({"signal": "SIGABRT", "signal_code": -6, "address": 4711}, "SI_TKILL"),
        ({"signal": "SIGSEGV", "signal_code": 0, "frames": FRAMES}, "SI_USER"),
        ({"signal": "SIGSEGV", "signal_code": -60}, "si_code -60"),
        ({"signal": "SIGSEGV", "signal_code": 77}, "si_code 77"),
        # no handler was there
        ({"signal": "SIGKILL"}, ""),
        ({"signal": "SIGKILL", "timed_out": True, "frames": FRAMES}, ""),
    ],
)
def test_fault(facts: dict[str, object], text: str) -> None:
    assert describe_fault(msgspec.structs.replace(SURVIVED, **facts)) == text
