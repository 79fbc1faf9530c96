"""Where a defect begins and ends among releases or commits, as finding.json can keep it."""

from __future__ import annotations

from typing import Literal

import msgspec

from finfuzz.triage.attribution.verdict import Verdict


class Trial(msgspec.Struct, frozen=True):
    """One release or commit that was tried. ``name``: the version, or the commit's full id."""

    name: str
    verdict: Verdict

    @property
    def bad(self) -> bool | None:
        """Whether the defect is there; None where the trial does not say.

        A death of something else is no defect of this finding's: good. A known defect may hide it.
        """
        return {"same": True, "survived": False, "otherwise": False}.get(self.verdict.what)


class Turn(msgspec.Struct, frozen=True):
    """``name``: the first that is bad, or good again. ``after``: the last that was not.

    ``skipped``: those between the two, which could not be judged: any of them may be the first.
    """

    what: Literal["first bad", "first good"]
    name: str
    subject: str
    after: str
    skipped: tuple[str, ...] = ()


class Bisection(msgspec.Struct, frozen=True):
    """``over``: `releases`, or a repository. ``trials`` and ``changes``: oldest first."""

    over: str
    target: str
    python: str
    trials: tuple[Trial, ...]
    changes: tuple[Turn, ...]
