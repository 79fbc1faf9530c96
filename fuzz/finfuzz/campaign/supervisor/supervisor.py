"""The supervisor of a campaign: one thread that reads all messages and writes the journal.

The supervisor starts every process and does nothing slow itself. Whatever else dies is replaced.
If the supervisor is killed, the other processes end with it, and the journal has all but the last
second.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable
from pathlib import Path

from finfuzz.campaign.folder import State
from finfuzz.campaign.journal import SAMPLE_SECONDS, Journal
from finfuzz.campaign.messages import Announcement
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.supervisor.interrupts import Interruptible
from finfuzz.campaign.supervisor.pool import Pool
from finfuzz.campaign.supervisor.resource_guard import ResourceGuard, set_priority
from finfuzz.campaign.supervisor.resources import count_idle_cores, explain_full_disk
from finfuzz.campaign.supervisor.screen import Screen
from finfuzz.campaign.supervisor.snapshot import History, Snapshot, describe_finish, list_left
from finfuzz.campaign.supervisor.sync_client import SyncClient
from finfuzz.campaign.supervisor.triage_client import TriageClient
from finfuzz.campaign.supervisor.warnings import find_warnings
from finfuzz.campaign.supervisor.worker_messages import WorkerMessages
from finfuzz.campaign.supervisor.worker_pool import WorkerPool
from finfuzz.campaign.sweeps import Sweeps, read_sweeps
from finfuzz.campaign.sync.status import Peer
from finfuzz.campaign.totals import Totals
from finfuzz.executor import process
from finfuzz.support.errors import UserError
from finfuzz.support.terminal import reveal_line

_TICK_SECONDS = 0.25
_FLUSH_SECONDS = 1.0
_RESOURCE_SECONDS = 10.0
_WATCH_SECONDS = 5.0
#: Triage of the crashes that are known at Ctrl-C. A new one takes a minute on two quiet cores, and
#: ten times as long on a busy machine; the rest is left to --resume.
_FINISH_SECONDS = 600.0


class Supervisor:
    """A campaign's run: until its time is up, Ctrl-C, or no lane is left that can be fuzzed.

    Afterwards ``interrupted`` and ``problem`` say how the run ended.
    """

    def __init__(
        self,
        plan: Plan,
        state: State,
        journal: Journal,
        screen: Screen,
        make_pool: Callable[[Plan, State, Totals], Pool] = WorkerPool,
    ) -> None:
        self._plan, self._state, self._journal, self._screen = plan, state, journal, screen
        self.totals = Totals(len(plan.lanes))
        self.totals.load(journal)
        self._found_before = self._list_new()  # by the runs that this one continues
        self.pool = make_pool(plan, state, self.totals)
        self.triage = TriageClient(
            state, self.totals, deferred_work=plan.attribute, cluster=self.pool.address
        )
        self._messages = WorkerMessages(self.totals, self.pool, self.triage.queue, self._announce)
        self._guard = ResourceGuard(state.folder, plan.bounds, journal, self._announce)
        self._selector = selectors.DefaultSelector()
        self._sync = SyncClient(state, self._selector, self.triage.queue, self._announce)
        self.pool.attach(self._selector, self._messages, self._announce, self._note_end)
        self._began = time.time()
        self._stopped_at: float | None = None
        self._paused = ""
        self._unwritten = ""  # why the journal could not be written the last time
        self._next = dict.fromkeys(("flush", "resources", "sample", "watch"), 0.0)
        self._sweeps = Sweeps([], [])
        self._features = History()
        for features in journal.load_features():
            self._features.add(features)
        self.interrupted = False
        self.problem = ""

    def run(self, first_line: str) -> None:
        """Run the campaign. Raises UserError if the state folder can't be written.

        ``first_line`` is shown as soon as signals end the campaign in order.
        """
        process.adopt_orphans()
        set_priority(self._plan.bounds)
        self.triage.choose_niceness(self._plan.workers, count_idle_cores())
        with self._journal.writing():
            self._journal.save_run(self._began)
        self.triage.queue.add_unfinished()
        try:
            with Interruptible() as interruptible:
                self._screen.note(first_line)
                self._start_triage()
                while not self._over:
                    self._turn()
                    if interruptible.requested and not self.interrupted:
                        self._interrupt()
                if not self.triage.idle:
                    raise KeyboardInterrupt  # late: as by a second Ctrl-C
                if self.pool.exhausted:
                    self.problem = "; ".join(dict.fromkeys(self.pool.abandoned.values()))
                self.problem = self.problem or self.totals.explain_unsorted(self._state.folder)
        finally:
            self._close()

    @property
    def machines(self) -> tuple[Peer, ...]:
        """The other machines, and what came from each."""
        return self._sync.status.peers if self._sync.status else ()

    @property
    def _fuzzing(self) -> bool:
        return self._stopped_at is None

    @property
    def _has_enough(self) -> bool:
        new = self._list_new() - self._found_before
        return 0 < self._plan.findings <= len(new)

    def _list_new(self) -> set[str]:
        return {one.bucket for one in self.totals.findings if one.new}

    @property
    def _over(self) -> bool:
        finished = self.triage.idle or self._is_late
        return not self._fuzzing and not self.pool.busy and finished

    @property
    def _is_late(self) -> bool:
        """Whether triage has had its time after Ctrl-C."""
        if not self.interrupted or self._stopped_at is None:
            return False
        return time.monotonic() - self._stopped_at > _FINISH_SECONDS

    def _turn(self) -> None:
        """Read the messages that have arrived, then do what is due."""
        for key, _ in self._selector.select(_TICK_SECONDS):
            if key.fd in self._selector.get_map():  # not closed by one of the others
                key.data()
        if self._has_enough:
            self.triage.queue.leave_signatures()
            if self._fuzzing:
                self._stop()
        if self._fuzzing and (self.pool.exhausted or self.pool.elapsed >= self._plan.seconds):
            self._stop()
        if self._fuzzing and not self._paused:
            self.pool.start_missing()
        if self._plan.sync is not None:
            self._sync.turn()
        self._kill_unresponsive()
        self.triage.ask(soon=not self._fuzzing)
        if self._is_due("resources", _RESOURCE_SECONDS):
            self._check_resources()
            self._read_sweeps()
        if self._is_due("flush", _FLUSH_SECONDS):
            sample = self._is_due("sample", SAMPLE_SECONDS)
            if sample:
                self._features.add(self.totals.features)
            self._flush(sample=sample)
        self._screen.show(self._take_snapshot())

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._next[what]:
            return False
        self._next[what] = now + seconds
        return True

    def _note_end(self, line: str) -> None:
        """Clean up after a worker that has ended."""
        self._end_orphans()
        if line and self._fuzzing and not self._paused:
            self._announce(line)

    def _kill_unresponsive(self) -> None:
        self.pool.check()
        if self._stopped_at is not None:
            self.pool.kill_late(self._stopped_at)
        if self._is_due("watch", _WATCH_SECONDS) and self.triage.kill_stuck():
            self._announce("triage is unresponsive; killing it")

    def _end_orphans(self) -> None:
        triage = {self.triage.pid} if self.triage.pid else set()
        process.end_children_since(set(self.pool.pids) | triage | self._sync.pids)

    def _start_triage(self) -> None:
        self._selector.register(self.triage.start(), selectors.EVENT_READ, self._read_triage)

    def _read_triage(self) -> None:
        messages = self.triage.read()
        if messages is None:
            self._selector.unregister(self.triage.pipe)
            self._announce(self.triage.replace())
            self._end_orphans()
            self._start_triage()
            return
        for message in messages:
            if isinstance(message, Announcement):
                self._announce(message.line)

    def _announce(self, line: str) -> None:
        """Show a line, and keep it in the journal."""
        self._screen.note(reveal_line(line))
        self.totals.add_note(line)

    def _check_resources(self) -> None:
        problem = self._guard.check(self.pool.pids, self.triage.pid)
        if problem and self._fuzzing:
            self.problem = problem
            self._stop()
        self._pause_or_continue()

    def _read_sweeps(self) -> None:
        before, self._sweeps = self._sweeps, read_sweeps(self._state, len(self._plan.lanes))
        if self._sweeps.problem and self._sweeps.problem != before.problem:
            self._announce(self._sweeps.problem)

    def _pause_or_continue(self) -> None:
        """Pause while the disk is full or the journal can't be written, for whatever reason."""
        problem = self._unwritten or explain_full_disk(self._state.folder)
        if problem and not self._paused and self._fuzzing:
            self._announce(f"paused: {problem}")
            self.pool.stop()
        elif self._paused and not problem:
            self._announce("the state folder can be written again: continuing")
        self._paused = problem

    def _flush(self, *, sample: bool) -> None:
        try:
            self.totals.flush(self._journal, sample=sample)
            self._unwritten = ""
        except UserError as error:
            self._unwritten = str(error)
            self._pause_or_continue()

    def _stop(self) -> None:
        self._stopped_at = time.monotonic()
        self.pool.stop()
        self.triage.queue.retry_filing()
        if not self.interrupted:
            self._screen.note(self._describe_finish())

    def _describe_finish(self) -> str:
        triage = self.triage
        filed = len({one.path for one in self.totals.findings if one.path})
        waiting = triage.waiting if triage.queue.deferred_work else 0
        crashes = Path(self._plan.crashes)
        return describe_finish(crashes, filed, triage.untriaged, waiting, triage.progress)

    def _interrupt(self) -> None:
        """Stop the workers after Ctrl-C, and finish triage, without its deferred work."""
        self.interrupted = True
        self._screen.note(
            f"finishing triage, {_FINISH_SECONDS / 60:.0f} min at most (Ctrl-C again to skip)"
        )
        self._stop()
        pipe = self.triage.pipe
        if self.triage.drop_deferred_work():
            self._selector.unregister(pipe)
            self._end_orphans()
            self._start_triage()

    def _close(self) -> None:
        self.pool.close()
        self.triage.close()
        self._sync.close()
        self._end_orphans()
        self._selector.close()
        self._state.tidy(self._plan)
        self.totals.flush(self._journal, sample=True)
        with self._journal.writing():
            self._journal.save_run(self._began, time.time())
        crashes = Path(self._plan.crashes)
        for line in list_left(self.totals, self.triage.waiting, self._state.folder, crashes):
            self._screen.note(line)

    def _take_snapshot(self) -> Snapshot:
        activity = "" if self._fuzzing else self._describe_finish()
        usage, times = self._guard.usage, self._messages.feature_times
        age = time.monotonic() - max(times.values()) if times else None
        return Snapshot(
            plan=self._plan,
            totals=self.totals,
            elapsed=self.pool.elapsed,
            activity=f"paused: {self._paused}" if self._paused else activity,
            usage=usage,
            triage_seconds=self.triage.seconds,
            untriaged=self.triage.untriaged,
            waiting=self.triage.waiting,
            features=self._features.values,
            sweep=self._sweeps.line,
            explored=self._sweeps.explored_line,
            machines=self._sync.status.line if self._sync.status else "",
            feature_age=age,
            warnings=find_warnings(self._plan, self.totals, usage, times),
        )
