"""Compare the outcome of a replayed program with the expected one."""

from __future__ import annotations

from typing import Literal

import msgspec

from finfuzz.support.counting import count
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.diagnosis.ending import UNEXPECTED_EXIT

Judgement = Literal[
    "as expected",
    "fixed",
    "regressed",
    "failed",
    "changed",
    "flaky",
    "new here",
    "not comparable",
    "not runnable",
]

#: Judgements that make a replay fail.
WORSE: frozenset[Judgement] = frozenset({"regressed", "failed", "changed"})
#: Judgements that say nothing about the program, and why.
SILENT: frozenset[Judgement] = frozenset({"not comparable", "not runnable"})


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one case on one build.

    ``expected`` and ``seen`` hold sorted `SIGNAL/diagnostic` texts; none means survival.
    ``expected`` is null if nothing is known. ``why`` explains a case that is flaky, not
    comparable or can't run. ``diagnoses`` are the evidence for ``seen``, without whole stacks.
    ``seconds`` is the time of the first run. ``skipped``: the program's steps that had no effect on
    that build, with the reasons.
    """

    case: str
    target: str
    python: str
    #: Named `what` in JSON, as readers of earlier replays know it.
    judgement: Judgement = msgspec.field(name="what")
    expected: tuple[str, ...] | None = None
    seen: tuple[str, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    why: str = ""
    seconds: float = 0.0
    skipped: tuple[str, ...] = ()

    @property
    def build(self) -> str:
        """The build's name, as ``PlannedBuild.name``."""
        return f"{self.target} on {self.python}"

    @property
    def first_skipped(self) -> str:
        """The first skipped step with its reason, and how many more there are; empty if none."""
        if len(self.skipped) < 2:
            return "".join(self.skipped)
        return f"{self.skipped[0]} (and {count(len(self.skipped) - 1, 'step')} more)"

    @property
    def summary(self) -> str:
        """The outcome in a few words."""
        if self.judgement in SILENT:
            return self.why
        endings = [
            f" ({one.detail})" for one in self.diagnoses if one.diagnostic == UNEXPECTED_EXIT
        ]
        return (", ".join(self.seen) or "survived") + "".join(endings)


def judge(
    expected: frozenset[str] | None, seen: frozenset[str], *, recorded: bool = False
) -> Judgement:
    """Compare two sets of `SIGNAL/diagnostic`. Survival against expectation means fixed.

    ``recorded``: what is expected was seen there before, so a failure can have come since.
    """
    if expected is None:
        return "new here"
    if seen == expected:
        return "as expected"
    if not seen:
        return "fixed"
    if expected:
        return "changed"
    return "regressed" if recorded else "failed"
