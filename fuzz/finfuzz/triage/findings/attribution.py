"""An attribution as `finding.json` keeps it: the owner of a defect, and the evidence."""

from __future__ import annotations

from typing import Literal

import msgspec

from finfuzz.triage.findings.verdict import Verdict

Axis = Literal["instrumentation", "extension", "policy", "release", "python"]
Owner = Literal["target", "framework", "CPython", "harness", "unknown"]


class ControlResult(msgspec.Struct, frozen=True):
    """The verdict of one control. ``axis``: what differs from the finding's own build."""

    axis: Axis
    target: str
    python: str
    verdict: Verdict


class Attribution(msgspec.Struct, frozen=True):
    """The owner of a defect. ``reason``: a sentence that the evidence in ``cells`` supports.

    ``first_bad``, ``first_good``: releases of the framework; empty where none was seen. If
    ``first_bad`` is the oldest release that was run, older ones may be affected too. ``pythons``:
    the affected CPythons. ``python_range``: a sentence on the CPythons that were run: since which
    the defect exists, and between which it was fixed.
    """

    owner: Owner
    reason: str
    first_bad: str
    first_good: str
    pythons: tuple[str, ...]
    cells: tuple[ControlResult, ...]
    date: str
    python_range: str = ""
