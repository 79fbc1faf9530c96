"""The results of a check, as JSON has them."""

from __future__ import annotations

from collections import Counter

import msgspec

from finfuzz.check.states import BAD, State
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.attribution import Confidence
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.record import StackFrame


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one scenario on one target.

    ``detail``: the exception, the wrong answer or the death in a line. ``rate``: how many of the
    runs showed a death or a wrong answer. ``owner``, ``reason``, ``confidence``, ``notes``: as in a
    finding's attribution; ``controls``: what ran in place of the target. ``known``: the known
    defect that it is, with its link. ``unsupported``: where the package's documentation rules the
    scenario out. ``program``: what was run. ``stack``: of a death.
    """

    scenario: str
    title: str
    state: State
    program: str
    detail: str = ""
    rate: Rate | None = None
    owner: str = ""
    reason: str = ""
    confidence: Confidence = ""
    notes: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    known: str = ""
    unsupported: str = ""
    diagnosis: Diagnosis | None = None
    stack: tuple[StackFrame, ...] = ()
    seconds: float = 0.0

    @property
    def is_bad(self) -> bool:
        """Whether the check fails for it."""
        return self.state in BAD


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """The check of one target, on a ``date``.

    ``pins``: what was installed for it; ``frameworks``: what its compiled modules are made with;
    ``controls``: what ran in its place, to find owners; ``notes``: what else its user should know;
    ``limits``: what was not tried. A check that was interrupted is not ``complete``.
    """

    target: str
    python: str
    date: str = ""
    pins: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    complete: bool = True

    @property
    def counts(self) -> Counter[State]:
        """How many scenarios have each state."""
        return Counter(row.state for row in self.rows)

    @property
    def bad(self) -> list[Row]:
        """The rows for which the check fails."""
        return [row for row in self.rows if row.is_bad]
