"""Deviations: what a program does here, and not on the control."""

from __future__ import annotations

import msgspec


class Deviation(msgspec.Struct, frozen=True):
    """A misbehaviour that only a comparison shows (``triage/oracles``).

    ``diagnostic``: as in ``diagnosis.DIAGNOSTICS``. ``key``: the texts of the bucket, in place of
    telling frames. ``detail``: what it is and what it was compared with, in a line. ``phase``: as
    of a diagnosis.
    """

    diagnostic: str
    key: tuple[str, ...]
    detail: str
    phase: str = "running"
