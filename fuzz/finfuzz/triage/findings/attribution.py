"""An attribution as it stands in finding.json."""

from __future__ import annotations

from typing import Literal

import msgspec

from finfuzz.triage.attribution.verdict import Verdict

Axis = Literal["instrumentation", "extension", "policy", "release", "python"]
Owner = Literal["target", "framework", "CPython", "harness", "unknown"]


class ControlResult(msgspec.Struct, frozen=True):
    """One control: the same program on another build. ``axis``: what differs from the finding's."""

    axis: Axis
    target: str
    python: str
    verdict: Verdict


class Attribution(msgspec.Struct, frozen=True):
    """``reason``: a sentence that the evidence in ``cells`` bears out.

    ``first_bad``, ``first_good``: releases of the framework; empty where none was seen. With a
    ``first_bad`` that is the oldest release there may be older ones. ``pythons``: those it dies on.
    """

    owner: Owner
    reason: str
    first_bad: str
    first_good: str
    pythons: tuple[str, ...]
    cells: tuple[ControlResult, ...]
    date: str
