"""How far the exchange with other machines has come: shown by the screen, kept for the report."""

from __future__ import annotations

from typing import Annotated

import msgspec

from finfuzz.campaign.folder import StatePaths
from finfuzz.support.counting import count
from finfuzz.support.errors import UserError
from finfuzz.support.reading import read_bounded

#: A thousand machines have 100 KB.
_LARGEST = 1 << 20
Number = Annotated[int, msgspec.Meta(ge=0, le=1 << 60)]


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """Another machine. ``programs``, ``findings``, ``blocks`` of the sweep: taken over from there.

    ``executions``: its own, as it last wrote. ``away``: it has not written for long.
    """

    name: str
    programs: Number = 0
    findings: Number = 0
    blocks: Number = 0
    executions: Number = 0
    away: bool = False

    def __str__(self) -> str:
        parts = [count(self.programs, "program"), count(self.findings, "finding")]
        if self.blocks:
            parts.append(f"{count(self.blocks, 'block')} of the sweep")
        state = ", away" if self.away else ""
        return f"{', '.join(parts)} from {self.name} ({self.executions:,} executions{state})"


class SyncStatus(msgspec.Struct, tag=True, frozen=True):
    """The exchange of a campaign. ``machine``: its own name; ``problem``: why nothing is exchanged.

    ``taken``: places of the findings that were taken over, below the folder of findings.
    """

    machine: str
    peers: tuple[Peer, ...] = ()
    taken: tuple[str, ...] = ()
    problem: str = ""

    @property
    def line(self) -> str:
        """The exchange in one line."""
        if self.problem:
            return f"{self.machine}: {self.problem}"
        return "; ".join(map(str, self.peers)) or f"{self.machine} is the only machine so far"


def read_status(paths: StatePaths) -> SyncStatus | None:
    """Read what the campaign last exchanged; None for one without `--sync`. Raises UserError."""
    if not paths.sync_status.exists():
        return None
    raw = read_bounded(paths.sync_status, _LARGEST, "the state of the exchange")
    try:
        return msgspec.json.decode(raw, type=SyncStatus)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{paths.sync_status} is damaged: {error}: delete it") from error
