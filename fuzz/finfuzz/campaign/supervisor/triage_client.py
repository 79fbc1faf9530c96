"""The supervisor's side of the triage process: it gets one request at a time.

A triage process that dies is replaced and asked again. A request that kills three processes is
skipped.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections import Counter

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.messages import (
    Answer,
    Channel,
    CompareWithControl,
    CompareWithFresh,
    DeferredProgress,
    FromTriage,
    RunDeferredWork,
    ToTriage,
    TriageSignature,
    encode,
)
from finfuzz.campaign.supervisor.triage_queue import TriageQueue
from finfuzz.campaign.supervisor.triage_watch import TriageWatch
from finfuzz.campaign.totals import Totals
from finfuzz.executor import process
from finfuzz.support.own_python import module_command

_TRIES = 3
#: Triage compiles and runs for minutes next to the workers. Beside a free core it runs at nice 19:
#: even nice 10 cost a sixth of a worker's rate (tools/bench.py triage). Without one, nice 19 would
#: leave it a seventieth of a core, and a finding would take an hour; nice 5 leaves it a quarter.
_NICE_BESIDE_FREE_CORES, _NICE_OTHERWISE = 19, 5
#: Requests that nothing depends on.
_OPTIONAL = (RunDeferredWork, CompareWithFresh, CompareWithControl)


class TriageClient:
    """The triage process and its ``queue``.

    ``deferred_work``: whether deferred work runs. ``cluster``: the address of a Dask scheduler
    that may run what triage needs, if any.
    """

    def __init__(
        self, paths: StatePaths, totals: Totals, *, deferred_work: bool, cluster: str = ""
    ) -> None:
        self._paths, self._totals, self._cluster = paths, totals, cluster
        self.queue = TriageQueue(paths, totals, deferred_work=deferred_work, foresees=bool(cluster))
        self._request: ToTriage | None = None
        self._deaths = Counter[tuple[str, int, str]]()  # by request
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel[FromTriage] = Channel(FromTriage)
        self.pipe = -1
        self._seconds = 0.0
        self._sent_at = 0.0
        self._watch = TriageWatch()
        self._stuck = False
        self.replaced = 0
        self.progress: DeferredProgress | None = None
        self._noted: set[str] = set()
        self._niceness = _NICE_OTHERWISE

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def seconds(self) -> float:
        """The time that triage has been busy in all."""
        current = time.monotonic() - self._sent_at if self._request is not None else 0.0
        return self._seconds + current

    @property
    def untriaged(self) -> int:
        """The number of signatures that wait for their diagnosis."""
        return self.queue.signatures + isinstance(self._request, TriageSignature)

    @property
    def waiting(self) -> int:
        """The number of findings with deferred work."""
        return self.queue.waiting

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do."""
        return self._request is None and self.queue.empty and not self.queue.has_deferred_work

    def choose_niceness(self, workers: int, idle: float) -> None:
        """Choose how much triage gives way, from the cores that are idle before workers start.

        Four busy loops on two cores left a campaign of one worker none, and triage at nice 19 came
        to no end in half an hour (issue 21).
        """
        is_free = round(idle) > workers
        self._niceness = _NICE_BESIDE_FREE_CORES if is_free else _NICE_OTHERWISE

    def start(self) -> int:
        """Start the triage process; return the pipe of its answers."""
        self.pipe, write = os.pipe()
        with process.deaf_to_terminal():
            self._process = subprocess.Popen(
                module_command(
                    "finfuzz.campaign.triage_process", write, self._paths.folder, self._niceness
                ),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=(write,),
                env={
                    **os.environ,
                    "TMPDIR": str(self._paths.scratch.absolute()),
                    "FINFUZZ_CLUSTER": self._cluster,
                },
            )
        os.close(write)
        self._channel = Channel(FromTriage)
        self.queue.restart()
        return self.pipe

    def ask(self, *, soon: bool = False) -> None:
        """Send the next request if none is under way. ``soon``: send counts without delay."""
        if self._request is not None or self._process is None:
            return
        request = self.queue.take_next(soon=soon)
        if request is None:
            return
        assert self._process.stdin is not None
        self._request, self._sent_at = request, time.monotonic()
        self._watch.note_message()
        with contextlib.suppress(BrokenPipeError):  # ``read`` notices that the process is gone
            self._process.stdin.write(encode(request))
            self._process.stdin.flush()

    def read(self) -> list[FromTriage] | None:
        """Read the messages that have arrived; None if the process is gone."""
        data = os.read(self.pipe, 65536)
        if not data:
            return None
        self._watch.note_message()
        messages = list(self._channel.feed(data))
        for message in messages:
            if isinstance(message, Answer):
                self._take_answer(message)
        return messages

    def replace(self) -> str:
        """Clean up after a process that died; ``start`` must follow. Return what to announce.

        The request is queued again. It is skipped after the third death, or if triage was stuck.
        """
        self._end()
        self.replaced += 1
        request, self._request = self._request, None
        stuck, self._stuck = self._stuck, False
        if request is None:
            return "the triage process is gone; starting another"
        name = _name(request)
        self._deaths[name] += 1
        if self._deaths[name] < _TRIES and not stuck:
            self.queue.put_back(request)
            return "the triage process is gone; starting another"
        del self._deaths[name]
        how = "was stuck" if stuck else f"crashed {_TRIES} times"
        if isinstance(request, TriageSignature):
            self.queue.skip(request, f"triage {how} on signature {request.signature}")
            return f"triage {how} on signature {request.signature}; skipping it until --resume"
        if isinstance(request, RunDeferredWork):  # the next process would begin with it
            self.queue.deferred_work = False
            return f"triage {how} on controls; leaving them to `finfuzz attribute`"
        return "the triage process is gone; starting another, which skips the last request"

    def kill_stuck(self) -> bool:
        """Kill the process if it gives no sign of life; return whether it was killed."""
        if self._process is None or self._request is None or self._stuck:
            return False
        self._stuck = self._watch.is_stuck(self._process.pid)
        if self._stuck:
            process.end_tree(self._process.pid)
        return self._stuck

    def drop_deferred_work(self) -> bool:
        """Kill a process that does what can wait, and do no more; return whether one was killed."""
        self.queue.deferred_work = False
        if not isinstance(self._request, _OPTIONAL):
            return False
        self._request = None
        self._end()
        return True

    def close(self) -> None:
        """Let an idle process write its counts; kill a busy one."""
        if self._process is None:
            return
        if self._request is None and self._process.stdin is not None:
            self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(30)
        self._end()

    def _end(self) -> None:
        if self._process is not None:
            process.end_tree(self._process.pid)
            self._process.wait()
            if self._process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._process.stdin.close()
            os.close(self.pipe)
            self._process = None
            self.pipe = -1

    def _take_answer(self, answer: Answer) -> None:
        request, self._request = self._request, None
        if request is not None:  # quick requests in between do not make up for another's deaths
            del self._deaths[_name(request)]
        self.queue.waiting = answer.waiting
        self._seconds += answer.seconds
        self.progress = answer.progress or self.progress
        lane = self._totals.lanes[max(answer.lane, 0)]
        lane.add_answer(answer)
        self.queue.finish(request)
        if answer.lane >= 0:
            lane.update_unfiled(answer.unfiled)
        if isinstance(request, TriageSignature) and answer.problem:
            lane.mark_unsorted(request.signature, answer.problem)
        if answer.problem and answer.problem not in self._noted:  # a bad known.toml fails each time
            self._noted.add(answer.problem)
            self._totals.add_note(answer.problem)


def _name(request: ToTriage) -> tuple[str, int, str]:
    """Name a request: its kind, lane and signature. Counts of a lane are one, whatever they are."""
    lane, signature = getattr(request, "lane", -1), getattr(request, "signature", "")
    return type(request).__name__, lane, signature
