"""An attribution as `finding.json` keeps it: the owner of a defect, and the evidence."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from finfuzz.triage.findings.verdict import Verdict

Axis = Literal[
    "instrumentation",
    "extension",
    "policy",
    "standard library",
    "framework",
    "dependency",
    "release",
    "python",
]
#: ``extension``: the package that is fuzzed; ``target``: finfuzz's own extension, or its policy.
Owner = Literal["extension", "dependency", "framework", "target", "CPython", "harness", "unknown"]
OWNERS: tuple[Owner, ...] = get_args(Owner)
#: ``high``: the control with the defect shares frames with the finding, or every control could be
#: compared and has not the defect. ``medium``: controls could be compared less far. ``low``: they
#: share no more than a signal, or decide nothing. Empty for targets that are no packages.
Confidence = Literal["high", "medium", "low", ""]


class ControlResult(msgspec.Struct, frozen=True):
    """The verdict of one control. ``axis``: what differs from the finding's own build."""

    axis: Axis
    target: str
    python: str
    verdict: Verdict

    def __str__(self) -> str:
        return f"{self.axis}: {self.target} on CPython {self.python}: {self.verdict}"


class Attribution(msgspec.Struct, frozen=True):
    """The owner of a defect. ``reason``: a sentence that the evidence in ``cells`` supports.

    ``first_bad``, ``first_good``: releases of the framework, or of the package. The first bad one
    is empty unless the release before it survived: where all that were run fail, an older one,
    which was not run, may be affected too. ``release_range``: a sentence on
    the releases that were run. ``pythons``: the affected CPythons. ``python_range``: a sentence on
    the CPythons that were run: since which the defect exists, and between which it was fixed.
    ``notes``: facts to read beside the owner, such as the framework that made a package, and what a
    package documents as unsupported. ``left``: controls that have not run; they tell releases and
    CPythons, not the owner.
    """

    owner: Owner
    reason: str
    first_bad: str
    first_good: str
    pythons: tuple[str, ...]
    cells: tuple[ControlResult, ...]
    date: str
    release_range: str = ""
    python_range: str = ""
    confidence: Confidence = ""
    notes: tuple[str, ...] = ()
    left: int = 0

    def __str__(self) -> str:
        confidence = f" ({self.confidence} confidence)" if self.confidence else ""
        notes = "".join(f"; {note}" for note in self.notes)
        return f"{self.owner}{confidence}: {self.reason}{notes}"
