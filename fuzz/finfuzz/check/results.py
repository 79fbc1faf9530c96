"""The results of a check, as JSON has them."""

from __future__ import annotations

from collections import Counter

import msgspec

from finfuzz.check.states import BAD, State
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.rate import Rate


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one scenario on one target.

    ``detail``: the exception, the wrong answer or the death in a line. ``rate``: how many of the
    runs showed a death or a wrong answer. ``owner`` of a death: `extension` or `CPython`, for the
    ``reason``. ``known``: the known defect that it is, with its link. ``unsupported``: where the
    package's documentation rules the scenario out. ``program``: what was run.
    """

    scenario: str
    title: str
    state: State
    program: str
    detail: str = ""
    rate: Rate | None = None
    owner: str = ""
    reason: str = ""
    known: str = ""
    unsupported: str = ""
    diagnosis: Diagnosis | None = None
    seconds: float = 0.0

    @property
    def is_bad(self) -> bool:
        """Whether the check fails for it."""
        return self.state in BAD


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """The check of one target, on a ``date``.

    ``pins``: what was installed for it; ``frameworks``: what its compiled modules are made with;
    ``controls``: what a death is compared with; ``notes``: what else its user should know;
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
