"""News from other machines for the triage process, the one writer of findings that are here."""

from __future__ import annotations

import msgspec

from finfuzz.triage.findings.attribution import Attribution
from finfuzz.triage.findings.escalation import Escalation


class TakeAttribution(msgspec.Struct, tag=True, frozen=True):
    """Give a finding what the controls and instruments of the machine that filed it have shown.

    ``path``: the folder of the finding here.
    """

    path: str
    attribution: Attribution | None
    escalation: tuple[Escalation, ...]
