"""An instrument's report about a finding, as `finding.json` keeps it."""

from __future__ import annotations

from typing import Literal

import msgspec


class Escalation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One instrument's report.

    ``status``: absent where the machine lacks the instrument, failed where the instrument did not
    run. ``summary``: its report, or the reason for none, in one line. ``file``: the whole report,
    relative to the finding's folder; empty where there is none.
    """

    name: str
    status: Literal["done", "absent", "failed"]
    summary: str
    file: str = ""
