"""Runs a campaign: one thread that listens to the workers and to triage, and keeps the journal.

It starts every process itself and does nothing that takes long, so it is small and hard to break;
whatever else dies is replaced. Killed itself, it takes the others along, and what they had told is
in the journal to the last second.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from types import FrameType

from finfuzz.campaign.folder import State
from finfuzz.campaign.journal import SAMPLE_SECONDS, Journal
from finfuzz.campaign.messages import (
    Count,
    Counts,
    Ended,
    FromWorker,
    Kept,
    NewSignature,
    Notice,
    Progress,
    Sample,
    Tallies,
    Trouble,
)
from finfuzz.campaign.plan import Plan
from finfuzz.campaign.supervisor.resources import Use, no_room, too_much, use
from finfuzz.campaign.supervisor.screen import Screen
from finfuzz.campaign.supervisor.snapshot import History, Snapshot
from finfuzz.campaign.supervisor.triage_client import TriageClient
from finfuzz.campaign.supervisor.warnings import warnings
from finfuzz.campaign.supervisor.worker_pool import Worker, WorkerPool
from finfuzz.campaign.totals import Totals
from finfuzz.executor import process
from finfuzz.support.errors import UserError

_TICK_SECONDS = 0.25
_FLUSH_SECONDS = 1.0
_MACHINE_SECONDS = 10.0
#: What is under way may take that long beyond its deadline when a worker is asked to stop.
_STOP_SECONDS = 30.0


class Supervisor:
    """``run`` returns when the time is up, after Ctrl-C, or when no lane can be fuzzed; then
    ``interrupted`` and ``problem`` say which."""

    def __init__(self, plan: Plan, state: State, journal: Journal, screen: Screen) -> None:
        self._plan, self._state, self._journal, self._screen = plan, state, journal, screen
        self.totals = Totals(len(plan.lanes))
        self.totals.load(journal)
        self.pool = WorkerPool(plan, state, self.totals)
        self.triage = TriageClient(state.folder, self.totals, works=plan.attribute)
        self._selector = selectors.DefaultSelector()
        self._began = time.time()
        self._stopped_at: float | None = None
        self._paused = ""
        self._used: Use | None = None
        self._fresh: dict[int, float] = {}
        self._next = dict.fromkeys(("flush", "machine", "sample"), 0.0)
        self._features = History()
        for row in journal.rows("SELECT sum(features) AS f FROM samples GROUP BY round(time)"):
            self._features.add(row["f"] or 0)
        self.interrupted = False
        self.problem = ""

    def run(self) -> None:
        """Raises UserError where the state folder can't be written."""
        process.adopt_orphans()
        _keep_to(self._plan)
        self._resume()
        try:
            with _Interruptible() as interruptible:
                self._listen_to_triage()
                while not self._over:
                    self._turn()
                    if interruptible.asked and not self.interrupted:
                        self._interrupt()
                if self.pool.lost:
                    self.problem = "; ".join(dict.fromkeys(self.pool.given_up.values()))
        finally:
            self._close()

    @property
    def _fuzzing(self) -> bool:
        return self._stopped_at is None

    @property
    def _over(self) -> bool:
        return not self._fuzzing and not self.pool.workers and self.triage.idle

    def _turn(self) -> None:
        """Takes what has been said, then does what is due."""
        for key, _ in self._selector.select(_TICK_SECONDS):
            if key.fd in self._selector.get_map():  # not closed by one of the others
                key.data()
        if self._fuzzing and (self.pool.lost or self.pool.elapsed >= self._plan.seconds):
            self._stop()
        if self._fuzzing and not self._paused:
            for worker in self.pool.start_missing():
                self._listen_to(worker)
        self._end_silent()
        self.triage.ask(soon=not self._fuzzing)
        if self._due("machine", _MACHINE_SECONDS):
            self._look_at_machine()
        if self._due("flush", _FLUSH_SECONDS):
            sample = self._due("sample", SAMPLE_SECONDS)
            if sample:
                self._features.add(self.totals.features)
            self._flush(sample=sample)
        self._screen.show(self._snapshot)

    def _due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._next[what]:
            return False
        self._next[what] = now + seconds
        return True

    def _resume(self) -> None:
        """Sorts what an earlier supervisor had no time for; a new campaign has nothing."""
        with self._journal.writing():
            self._journal.put("runs", began=self._began)
        for number, lane in enumerate(self.totals.lanes):
            for path in sorted(self._state.sightings(number).iterdir()):
                lane.signature(path.name, 0, 0.0)
            for name, row in lane.signatures.items():
                if (missing := max(row.sightings - row.counted, 0)) and name:
                    self.triage.count(number, (Count(name, (), missing),))
                if not row.sorted:
                    self.triage.sort(number, name, row.execution, row.seconds)

    def _listen_to(self, worker: Worker) -> None:
        self._selector.register(
            worker.pipe, selectors.EVENT_READ, lambda: self._hear_worker(worker)
        )
        self._selector.register(
            worker.stderr, selectors.EVENT_READ, lambda: self._hear_libfuzzer(worker)
        )

    def _hear_worker(self, worker: Worker) -> None:
        messages = worker.read()
        if messages is None:
            self._lose(worker)
            return
        for message in messages:
            self._take(worker, message)

    def _hear_libfuzzer(self, worker: Worker) -> None:
        figures = worker.listen()
        if figures is None:
            self._selector.unregister(worker.stderr)
            return
        lane = self.totals.lanes[worker.lane]
        before = lane.features
        lane.libfuzzer(worker.slot, figures)
        if lane.features != before:
            self._fresh[worker.lane] = time.monotonic()

    def _take(self, worker: Worker, message: FromWorker) -> None:
        lane = self.totals.lanes[worker.lane]
        if isinstance(message, Progress):
            lane.running[worker.slot] = message
        elif isinstance(message, NewSignature):
            others = self.totals.total.executions - self._executions_of(worker)
            seconds = self._seconds_at(worker, message.seconds)
            execution = others + message.execution
            if lane.signature(message.signature, execution, seconds):
                self.triage.sort(worker.lane, message.signature, execution, seconds)
        elif isinstance(message, Counts):
            lane.count(message.counts)
            self.triage.count(worker.lane, message.counts)
        elif isinstance(message, Kept):
            self.totals.keep(worker.lane, message)
        elif isinstance(message, Tallies):
            lane.learns(worker.slot, message.tallies)
        elif isinstance(message, Sample):
            self.triage.compare(worker.lane, message)
        elif isinstance(message, Trouble):
            self._say(message.line)
        elif isinstance(message, Ended):
            lane.running[worker.slot] = message.progress
            worker.ended, worker.problem = True, message.problem

    def _executions_of(self, worker: Worker) -> int:
        running = self.totals.lanes[worker.lane].running
        return running[worker.slot].executions if worker.slot in running else 0

    def _seconds_at(self, worker: Worker, seconds: float) -> float:
        """The campaign's clock when a worker's said ``seconds``."""
        running = self.totals.lanes[worker.lane].running
        told = running[worker.slot].seconds if worker.slot in running else 0.0
        return self.pool.elapsed + (seconds - told) / self._plan.workers

    def _lose(self, worker: Worker) -> None:
        self._selector.unregister(worker.pipe)
        with contextlib.suppress(KeyError):
            self._selector.unregister(worker.stderr)
        said = self.pool.gone(worker)
        self._end_orphans()
        if said and self._fuzzing and not self._paused:
            self._say(said)

    def _end_silent(self) -> None:
        for worker in self.pool.silent():
            self._say(f"a worker on {self._plan.lanes[worker.lane]} says nothing: it is ended")
            worker.heard = time.monotonic()
            process.end_tree(worker.pid)
        if not self._fuzzing and self._stopped_at is not None:
            patience = _STOP_SECONDS + self._plan.bounds.deadline
            if time.monotonic() - self._stopped_at > patience:
                for worker in self.pool.workers.values():
                    process.end_tree(worker.pid)

    def _end_orphans(self) -> None:
        ours = {worker.pid for worker in self.pool.workers.values()}
        process.end_children_since(ours | ({self.triage.pid} if self.triage.pid else set()))

    def _listen_to_triage(self) -> None:
        self._selector.register(self.triage.start(), selectors.EVENT_READ, self._hear_triage)

    def _hear_triage(self) -> None:
        messages = self.triage.read()
        if messages is None:
            self._selector.unregister(self.triage.pipe)
            self._say(self.triage.replace())
            self._end_orphans()
            self._listen_to_triage()
            return
        for message in messages:
            if isinstance(message, Notice):
                self._say(message.line)

    def _say(self, line: str) -> None:
        self._screen.note(line)
        self.totals.note(line)

    def _look_at_machine(self) -> None:
        pids = [worker.pid for worker in self.pool.workers.values()]
        used = self._used = use(self._state.folder, pids, self.triage.pid)
        with contextlib.suppress(UserError), self._journal.writing():
            facts = {name: getattr(used, name) for name in _MACHINE}
            self._journal.put("machine", time=time.time(), **facts)
        beyond = too_much(used, self._plan.bounds)
        if beyond and used.largest:
            self._say(f"{beyond}: the largest worker is replaced")
            process.end_tree(used.largest)
        if used.disk_mib > self._plan.bounds.disk_mib and self._fuzzing:
            self.problem = f"{self._state.folder} has {used.disk_mib:.0f} MiB, the bound of --disk"
            self._stop()
        self._pause_or_go_on(no_room(self._state.folder))

    def _pause_or_go_on(self, problem: str) -> None:
        if problem and not self._paused and self._fuzzing:
            self._say(f"paused: {problem}")
            self.pool.stop()
        elif self._paused and not problem:
            self._say("there is room again: going on")
        self._paused = problem

    def _flush(self, *, sample: bool) -> None:
        try:
            self.totals.flush(self._journal, sample=sample)
        except UserError as error:
            self._pause_or_go_on(str(error))

    def _stop(self) -> None:
        self._stopped_at = time.monotonic()
        self.pool.stop()
        if self._plan.attribute and self.triage.waiting and not self.interrupted:
            self._screen.note(
                "the time is up; what is new is run on its controls (Ctrl-C leaves it)"
            )

    def _interrupt(self) -> None:
        """Ctrl-C: the workers stop; what was seen already is still sorted."""
        self.interrupted = True
        self._screen.note("stopping: what was seen is being sorted (Ctrl-C again leaves it)")
        self._stop()
        pipe = self.triage.pipe
        if self.triage.drop_work():
            self._selector.unregister(pipe)
            self._end_orphans()
            self._listen_to_triage()

    def _close(self) -> None:
        self.pool.close()
        self.triage.close()
        self._end_orphans()
        self._selector.close()
        self._state.tidy(self._plan)
        self.totals.flush(self._journal, sample=True)
        with self._journal.writing():
            self._journal.put("runs", began=self._began, ended=time.time())
        if left := self.triage.waiting:
            what = "1 finding is" if left == 1 else f"{left} findings are"
            self._screen.note(f"{what} not attributed yet: finfuzz attribute")

    @property
    def _snapshot(self) -> Snapshot:
        fuzzing = "fuzzing" if self._fuzzing else "sorting"
        return Snapshot(
            plan=self._plan,
            totals=self.totals,
            elapsed=self.pool.elapsed,
            doing=f"paused: {self._paused}" if self._paused else fuzzing,
            used=self._used,
            triage_seconds=self.triage.seconds,
            unsorted=self.triage.unsorted,
            waiting=self.triage.waiting,
            features=self._features.values,
            warnings=warnings(self._plan, self.totals, self._used, self._fresh),
        )


_MACHINE = (
    *("workers", "load", "memory_mib", "supervisor_mib", "worker_mib", "triage_mib"),
    *("disk_mib", "processes"),
)


def _keep_to(plan: Plan) -> None:
    """All that is started inherits these."""
    if plan.bounds.cores:
        os.sched_setaffinity(0, plan.bounds.cores)
    if plan.bounds.nice:
        os.nice(plan.bounds.nice)


class _Interruptible:
    """Within it the first Ctrl-C (or SIGTERM, or the terminal's end) is only ``asked``, a second
    one interrupts. What nohup or a shell's `&` had ignored still is."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> _Interruptible:
        self._before = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            if not process.ignores(number)
        }
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
