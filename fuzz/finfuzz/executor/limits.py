"""What one child may use."""

from __future__ import annotations

from dataclasses import dataclass, replace

PATIENCE = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """``deadline``: seconds by the monotonic clock. ``memory_mib``: address space of the child.

    A child takes 3 ms, one with a subinterpreter 9 (docs/design.md), so two seconds are 200 times
    what an honest program needs on a loaded machine.
    """

    deadline: float = 2.0
    memory_mib: int = 2048
    #: Whether steps that break a rule of the C API on purpose are performed.
    abuse: bool = False

    @property
    def patient(self) -> Limits:
        """With ten times the deadline: for runs that confirm. Triage gives way to workers, so that
        an honest program of 0.3 s took more than 2; and only what takes ten times as long hangs."""
        return replace(self, deadline=PATIENCE * self.deadline)


#: Standard error kept of one child, in bytes; what is too long keeps its beginning and its end.
STDERR_BYTES = 65536
