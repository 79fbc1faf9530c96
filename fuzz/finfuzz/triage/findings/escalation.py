"""What one instrument said of a finding, as `finding.json` keeps it."""

from __future__ import annotations

from typing import Literal

import msgspec


class Escalation(msgspec.Struct, frozen=True, omit_defaults=True):
    """``status``: absent where the machine lacks the instrument, failed where it did not run.

    ``summary``: one line, what it says or why it says nothing. ``file``: the whole text, relative
    to the finding's folder; empty where there is none.
    """

    name: str
    status: Literal["done", "absent", "failed"]
    summary: str
    file: str = ""
