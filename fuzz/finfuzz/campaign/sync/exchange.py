"""One campaign's exchange with the campaigns of other machines, a turn at a time."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.journal_queries import JournalReader
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.sync.findings import Findings
from finfuzz.campaign.sync.programs import Programs
from finfuzz.campaign.sync.shared_folder import Machine, SharedFolder
from finfuzz.campaign.sync.status import Peer, SyncStatus, read_status
from finfuzz.campaign.sync.sweep import Sweeps
from finfuzz.campaign.updates import TakeAttribution
from finfuzz.support.errors import UserError
from finfuzz.support.files import remove_leftovers, write_whole
from finfuzz.support.system import describe_system

#: A machine that has not written for so long is away: its share of the sweep goes to the others.
_AWAY_SECONDS = 120.0


class Exchange:
    """The exchange of a campaign. ``announce``: gets lines for the user.

    ``ask_triage``: gets requests to the triage process, the one writer of findings that are here.
    ``clock``: seconds; only differences between its values count, so clocks may be wrong.
    """

    def __init__(
        self,
        plan: Plan,
        paths: StatePaths,
        announce: Callable[[str], None],
        ask_triage: Callable[[TakeAttribution], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        assert plan.sync is not None
        self._paths, self._announce, self._clock = paths, announce, clock
        self._ask_triage = ask_triage
        self.shared = SharedFolder(Path(plan.sync), plan.machine)
        self._me = Machine(
            owner=read_owner(paths), session=secrets.token_hex(8), beat=0, system=describe_system()
        )
        self.status = _load(paths, plan.machine)
        self._peers = {peer.name: peer for peer in self.status.peers}
        self._programs = Programs(paths, self.shared.own)
        self._findings = Findings(paths.find_crashes(plan), self.shared.own, set(self.status.taken))
        self._sweeps = Sweeps(plan, paths, self.shared.own)
        self._beats: dict[str, tuple[int, float]] = {}
        self._claimed = False

    def turn(self, *, last: bool = False) -> SyncStatus:
        """Take over what is new, then publish what is ours. A problem costs the turn alone."""
        others: list[Path] = []
        problems = [self._attempt(self._claim), self._attempt(lambda: self._beat(last))]
        problems.append(self._attempt(lambda: others.extend(self.shared.list_others())))
        problems += [self._attempt(partial(self._take, one)) for one in others]
        if self._claimed and not problems[0]:
            problems.append(self._attempt(lambda: self._publish(others)))
        self._mark_gone({one.name for one in others})
        problem = next(filter(None, problems), "")
        if problem != self.status.problem:
            self._announce(f"--sync: {problem or 'works again'}")
        peers = tuple(self._peers[name] for name in sorted(self._peers))
        taken = tuple(sorted(self._findings.taken))
        self.status = SyncStatus(self.shared.name, peers, taken, problem)
        with contextlib.suppress(OSError):  # a full disk here, of which the supervisor tells
            write_whole(self._paths.sync_status, msgspec.json.encode(self.status))
        return self.status

    def _attempt(self, step: Callable[[], None]) -> str:
        """Do a part of a turn; return why that failed, empty if it did not."""
        try:
            step()
        except UserError as error:
            return str(error)
        except OSError as error:  # a full disk, a network that is down
            return f"can't use {error.filename or self.shared.folder}: {error.strerror}"
        return ""

    def _claim(self) -> None:
        """Take our subfolder, once; afterwards check that nobody else writes there."""
        if not self._claimed:
            self.shared.claim(self._me)
            remove_leftovers(self.shared.own, alone=True)
            self._claimed = True
            return
        there = self.shared.load(self.shared.own)
        if self._me.beat and there.session != self._me.session:
            who = "a copy of this campaign" if there.owner == self._me.owner else "another campaign"
            raise UserError(
                f"{who} writes to {self.shared.own}, too: give each a name with --machine"
            )

    def _beat(self, ended: bool) -> None:
        executions = _count_executions(self._paths)
        self._me = msgspec.structs.replace(
            self._me, beat=self._me.beat + 1, executions=executions, ended=ended
        )
        self.shared.write(self._me)

    def _take(self, machine: Path) -> None:
        before = self._peers.get(machine.name, Peer(name=machine.name))
        self._peers[machine.name] = msgspec.structs.replace(before, away=True)
        record = self.shared.load(machine)
        away = self._is_away(machine.name, record)
        if before.away and not away:
            self._announce(f"{machine.name} is back")
        self._note(machine, executions=record.executions, away=away)
        self._note(machine, findings=before.findings + len(list(self._take_findings(machine))))
        self._note(machine, blocks=before.blocks + self._sweeps.take(machine))
        # The last: too many of them must not stop what else is exchanged.
        self._note(machine, programs=before.programs + self._programs.take(machine))

    def _note(self, machine: Path, **news: int) -> None:
        self._peers[machine.name] = msgspec.structs.replace(self._peers[machine.name], **news)

    def _take_findings(self, machine: Path) -> Iterator[str]:
        for request in self._findings.list_updates(machine):
            self._ask_triage(request)
        for finding in self._findings.take(machine):
            self._announce(f"{machine.name} has filed {finding.bucket}: {finding.title}")
            yield finding.bucket

    def _is_away(self, name: str, record: Machine) -> bool:
        if record.ended:
            return True
        now = self._clock()
        beat, since = self._beats.get(name, (-1, now))
        if record.beat != beat:
            self._beats[name] = (record.beat, now)
            return False
        return now - since > _AWAY_SECONDS

    def _mark_gone(self, there: set[str]) -> None:
        for name in self._peers.keys() - there:
            self._peers[name] = msgspec.structs.replace(self._peers[name], away=True)

    def _publish(self, others: list[Path]) -> None:
        self._sweeps.share(one for one in others if not self._peers[one.name].away)
        self._findings.publish()
        self._sweeps.publish()
        self._programs.publish()


def join(plan: Plan, paths: StatePaths) -> None:
    """Take this campaign's subfolder, before it begins. Raises UserError if that can't be."""
    if plan.sync is None:
        return
    shared = SharedFolder(Path(plan.sync), plan.machine)
    try:
        shared.claim(Machine(owner=read_owner(paths), session="", beat=0))
    except OSError as error:
        raise UserError(
            f"can't write what machines exchange to {plan.sync}: {error.strerror}: "
            "give another folder with --sync"
        ) from error


def read_owner(paths: StatePaths) -> str:
    """Read the random text that marks what this state folder publishes; make one if there is none.

    Raises UserError if it can't be written.
    """
    try:
        if not paths.sync_owner.exists():
            write_whole(paths.sync_owner, secrets.token_hex(16))
        return paths.sync_owner.read_text(encoding="utf-8")[:64]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"can't use {paths.sync_owner}: {error}: delete it") from error


def _load(paths: StatePaths, machine: str) -> SyncStatus:
    try:
        return read_status(paths) or SyncStatus(machine)
    except UserError:  # figures alone
        return SyncStatus(machine)


def _count_executions(paths: StatePaths) -> int:
    try:
        with JournalReader(paths.journal) as journal:
            return sum(row["executions"] or 0 for row in journal.load_lanes().values())
    except UserError:
        return 0
