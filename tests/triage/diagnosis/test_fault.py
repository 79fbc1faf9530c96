"""What the kernel said with a signal."""

from __future__ import annotations

import msgspec
import pytest

from finfuzz.executor.frames import RawFrame
from finfuzz.triage.diagnosis.fault import describe_fault, is_stack_overflow
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


OVERFLOWN = {"signal": "SIGSEGV", "signal_code": 1, "address": 0x7000_0000, "frames": FRAMES}


@pytest.mark.parametrize(
    ("facts", "overflown"),
    [
        ({"stack_pointer": 0x7000_0008}, True),
        ({"stack_pointer": 0x6FFF_F000}, True),  # an access to a function's large locals
        ({"stack_pointer": 0x7000_0008, "signal_code": 2}, True),  # the guard page of a thread
        ({"stack_pointer": 0x7800_0000}, False),
        ({"stack_pointer": 0x7000_0008, "signal_code": 128, "address": 0}, False),
        ({"stack_pointer": 0x7000_0008, "signal": "SIGABRT", "signal_code": -6}, False),
        ({"stack_pointer": 0, "address": 0x18}, False),  # of a machine that is not read
    ],
)
def test_stack_overflow(facts: dict[str, object], overflown: bool) -> None:
    assert is_stack_overflow(msgspec.structs.replace(SURVIVED, **OVERFLOWN | facts)) is overflown
