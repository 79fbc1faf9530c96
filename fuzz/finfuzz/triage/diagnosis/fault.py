"""Read the kernel's information on a signal: its code, and the address if there is one."""

from __future__ import annotations

from finfuzz.executor.outcome import Outcome

#: Codes that the kernel gives to any signal, and those that processes send.
_ANY = {0: "SI_USER", 0x80: "SI_KERNEL", -1: "SI_QUEUE", -2: "SI_TIMER", -6: "SI_TKILL"}
_FAULTS = {
    "SIGSEGV": ("SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR"),
    "SIGBUS": ("BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR", "BUS_MCEERR_AO"),
    "SIGFPE": (
        *("FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF"),
        *("FPE_FLTUND", "FPE_FLTRES", "FPE_FLTINV", "FPE_FLTSUB"),
    ),
    "SIGILL": (
        *("ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP"),
        *("ILL_PRVOPC", "ILL_PRVREG", "ILL_COPROC", "ILL_BADSTK"),
    ),
}
#: Between a fault and the stack pointer: the locals of a function are rarely larger.
_NEAR_STACK = 64 * 1024
#: Addresses below belong to a member of an object that is not there.
_NEAR_NULL = 4096


def describe_fault(outcome: Outcome) -> str:
    """Return `SEGV_MAPERR at 0x18, near null`, or `SI_TKILL` for a raise.

    Empty if no handler saw the signal.
    """
    if outcome.signal is None or outcome.timed_out or not (outcome.signal_code or outcome.frames):
        return ""
    code = outcome.signal_code
    names = _FAULTS.get(outcome.signal, ())
    if not 1 <= code <= len(names):
        return _ANY.get(code, f"si_code {code}")
    near = ", near null" if outcome.address < _NEAR_NULL else ""
    return f"{names[code - 1]} at {outcome.address:#x}{near}"


def is_stack_overflow(outcome: Outcome) -> bool:
    """Whether the stack had no room: an access beside the stack pointer never fails otherwise."""
    if outcome.signal not in ("SIGSEGV", "SIGBUS") or outcome.timed_out:
        return False
    faulted = outcome.signal_code in (1, 2) and outcome.stack_pointer > 0
    return faulted and abs(outcome.address - outcome.stack_pointer) < _NEAR_STACK
