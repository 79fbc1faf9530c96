"""Requests to the triage process that are about other machines."""

from __future__ import annotations

import msgspec

from finfuzz.triage.findings.attribution import Attribution
from finfuzz.triage.findings.escalation import Escalation


class TakeAttribution(msgspec.Struct, tag=True, frozen=True):
    """Give a finding what the controls and instruments of the machine that filed it have shown.

    The triage process is the one writer of findings that are here.
    ``path``: the folder of the finding here.
    """

    path: str
    attribution: Attribution | None
    escalation: tuple[Escalation, ...]


class ForeseeSignatures(msgspec.Struct, tag=True, frozen=True):
    """Have nodes begin with the new ones of these signatures, which wait for their triage."""

    lane: int
    signatures: tuple[str, ...]
