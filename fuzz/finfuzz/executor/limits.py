"""Limits of one child."""

from __future__ import annotations

from dataclasses import dataclass, replace

from finfuzz.targets.instrumentation import Instrumentation

PATIENCE = 10
#: The most seconds that a deadline moves: by what the child, ready to run, waited for a processor
#: (zygote.cpp has the same).
MOST_WAITED = 20.0


@dataclass(frozen=True, slots=True)
class Limits:
    """``deadline``: seconds by the monotonic clock. ``memory_mib``: address space of the child.

    A child takes 3 ms, and 9 ms with a subinterpreter (docs/design.md): two seconds are 200 times
    the need of an honest program on a loaded machine. What it waits for a processor is added.
    """

    deadline: float = 2.0
    memory_mib: int = 2048
    #: Whether steps that break a rule of the C API on purpose are performed.
    abuse: bool = False

    @property
    def patient(self) -> Limits:
        """The same with ten times the deadline, for runs that confirm.

        Triage runs at a lower priority than workers: an honest program of 0.3 s took more than 2.
        And a hang is only a hang if it exceeds ten times the deadline.
        """
        return replace(self, deadline=PATIENCE * self.deadline)

    def fit(self, instrumentation: Instrumentation) -> Limits:
        """The same for a CPython with sanitizers; 0 MiB: its address space can't be limited."""
        return replace(
            self,
            deadline=self.deadline * instrumentation.slowness,
            memory_mib=self.memory_mib if instrumentation.limits_memory else 0,
        )


#: Bytes kept of a child's standard error: all of it, or its beginning and its end.
STDERR_BYTES = 65536
