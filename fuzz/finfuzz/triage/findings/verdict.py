"""A finding's verdict on another build: whether the defect shows there, and how often."""

from __future__ import annotations

from typing import Literal

import msgspec

from finfuzz.triage.findings.rate import Rate

What = Literal["same", "otherwise", "known", "survived", "not comparable", "absent"]

Alike = Literal["", "frames", "diagnostic", "signal"]

#: Another build that goes wrong differently, by the signal that ``seen`` begins with.
_DIFFERENTLY = {"NONE": "misbehaved differently", "HANG": "hung instead"}


class Verdict(msgspec.Struct, frozen=True):
    """The finding's program on another build. ``rate``: k of n runs there bear the verdict out.

    ``same``: the finding's own defect. ``otherwise``: something else went wrong; ``seen`` names it
    as `SIGNAL/diagnostic`, ``phase`` is its bucket's. ``known``: only a known defect, so nothing is
    known about this one; ``seen`` is the known defect's title. ``not comparable``: survived without
    words of the program that the target lacks; ``seen`` names them. ``absent``: not run; ``seen``
    gives the reason.

    ``differs``: what of an ``otherwise`` is not as the finding's, whose label it may have: the
    function, the exception, the phase.

    ``alike``: how far a package's control with the same defect could be compared. ``frames``: to
    telling frames in common; ``diagnostic``: no further than the diagnostic; ``signal``: there is
    no diagnostic.
    """

    what: What
    rate: Rate
    seen: str = ""
    alike: Alike = ""
    phase: str = ""
    differs: str = ""

    def __str__(self) -> str:
        if self.what == "absent":
            return f"not run: {self.seen}"
        seen = self.told
        return f"{self._what_happened}, {self.rate}" + (f": {seen}" if seen else "")

    def fails_in(self, phase: str) -> bool:
        """Whether another crash, or a hang, came in that phase: it may hide the defect itself."""
        crashed = not self.seen.startswith("NONE/")
        return self.what == "otherwise" and phase != "" and self.phase == phase and crashed

    @property
    def _what_happened(self) -> str:
        if self.what == "otherwise":
            return _DIFFERENTLY.get(self.seen.partition("/")[0], "crashed differently")
        return {"same": "same defect", "known": "known defect"}.get(self.what, self.what)

    @property
    def told(self) -> str:
        """Say what was seen without what the first words say already: that nothing crashed, say."""
        if self.what != "otherwise":
            return self.seen
        signal, _, diagnostic = self.seen.partition("/")
        # a signal that nothing explains stands alone
        label = diagnostic if signal in _DIFFERENTLY else self.seen.removesuffix("/none")
        return ", ".join(filter(None, (label if diagnostic != "hang" else "", self.differs)))


def absent(why: str) -> Verdict:
    """Make the verdict of a build that can't be had."""
    return Verdict("absent", Rate(0, 0), why)
