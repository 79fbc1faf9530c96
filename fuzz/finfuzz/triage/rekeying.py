"""Rekeying: findings whose bucket an older list of telling frames made get today's bucket.

`finfuzz rekey` does this, and a campaign before it files. Commands that read findings only count
the outdated ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from finfuzz.triage.findings.rekey import NewKey, plan_rekey
from finfuzz.triage.repro.story import rewrite_story


def rekey(crashes: Path) -> Iterator[str]:
    """Give each outdated finding today's key; yield a line for each change. Raises UserError."""
    for change in plan_rekey(crashes):
        give_key(change)
        yield str(change)


def give_key(change: NewKey) -> None:
    """Give a finding its new key, and its script the title that comes with it. Raises UserError."""
    change.apply()
    rewrite_story(change.place, change.finding)
