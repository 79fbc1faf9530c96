"""The supervisor's side of triage: what is to be sorted, one request at a time to one process.

Every few seconds come counts and comparisons, which are quick; then new looks, then what was put
off. A triage process that dies is replaced and asked again; what kills it three times is left.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from finfuzz.campaign.messages import (
    AddCounts,
    Answer,
    Channel,
    Compare,
    Count,
    Deferred,
    DoDeferred,
    FromTriage,
    Sample,
    Sort,
    ToTriage,
    packed,
)
from finfuzz.campaign.totals import Totals
from finfuzz.campaign.worker.signatures import FURTHER
from finfuzz.executor import process
from finfuzz.support.own_python import module_command

#: Findings are rewritten at most that often.
_TELL_SECONDS = 10.0
_TRIES = 3


class TriageClient:
    """``works``: whether what was put off is done at all."""

    def __init__(self, folder: Path, totals: Totals, *, works: bool) -> None:
        self._folder, self._totals = folder, totals
        self._sorts: deque[Sort] = deque()
        self._counts: dict[int, dict[tuple[str, tuple[str, ...]], Count]] = {}
        self._samples: deque[Compare] = deque(maxlen=4)
        self._deferred: deque[Deferred] = deque()
        self._quick: deque[AddCounts | Compare] = deque()
        self._known: set[tuple[int, str]] = set()
        self._left: set[tuple[int, str]] = set()
        self._asked: ToTriage | None = None
        self._tries = 0
        self._next_tell = 0.0
        self._started: subprocess.Popen[bytes] | None = None
        self._channel: Channel[FromTriage] = Channel(FromTriage)
        self.pipe = -1
        self.works = works
        self.waiting = 0
        self._seconds = 0.0
        self._asked_at = 0.0
        self.died = 0

    @property
    def pid(self) -> int | None:
        return self._started.pid if self._started else None

    @property
    def seconds(self) -> float:
        """How long triage has been busy in all."""
        now = time.monotonic() - self._asked_at if self._asked is not None else 0.0
        return self._seconds + now

    @property
    def unsorted(self) -> int:
        """Looks that triage has not said anything of yet."""
        return len(self._sorts) + isinstance(self._asked, Sort)

    @property
    def sorting(self) -> bool:
        """Whether anything that was seen is not sorted and counted yet."""
        asked = self._asked is not None and not isinstance(self._asked, DoDeferred | Compare)
        pending = self._sorts or self._quick or any(self._counts.values()) or self._deferred
        return bool(pending or asked)

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do."""
        return not self.sorting and self._asked is None and not (self.works and self.waiting)

    def sort(self, lane: int, signature: str, execution: int, seconds: float) -> None:
        self._sorts.append(Sort(lane, signature, execution, seconds))

    def count(self, lane: int, counts: tuple[Count, ...]) -> None:
        """Has these counted in their findings, together with others, seconds later."""
        pending = self._counts.setdefault(lane, {})
        for count in counts:
            if count.signature == FURTHER or (lane, count.signature) in self._left:
                continue
            key = (count.signature, count.roots)
            before = pending.get(key)
            sightings = count.sightings + (before.sightings if before else 0)
            text = count.text or (before.text if before else "")
            pending[key] = Count(count.signature, count.roots, sightings, text)

    def compare(self, lane: int, sample: Sample) -> None:
        self._samples.append(Compare(lane, sample))

    def start(self) -> int:
        """Starts the triage process; returns the pipe on which it answers."""
        self.pipe, write = os.pipe()
        with process.deaf_to_terminal():
            self._started = subprocess.Popen(
                module_command("finfuzz.campaign.triage_process", write, self._folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=(write,),
                env={**os.environ, "TMPDIR": str(self._folder.absolute() / "campaign" / "tmp")},
            )
        os.close(write)
        self._channel = Channel(FromTriage)
        self._known.clear()
        self._deferred.extend(self._unattributed())
        return self.pipe

    def ask(self, *, soon: bool = False) -> None:
        """Sends the next request if none is under way. ``soon``: counts do not wait."""
        if self._asked is not None or self._started is None:
            return
        request = self._next(soon=soon)
        if request is None:
            return
        assert self._started.stdin is not None
        self._asked, self._asked_at = request, time.monotonic()
        with contextlib.suppress(BrokenPipeError):  # its death is told by the other pipe
            self._started.stdin.write(packed(request))
            self._started.stdin.flush()

    def read(self) -> list[FromTriage] | None:
        """What triage says now; None where it is gone."""
        data = os.read(self.pipe, 65536)
        if not data:
            return None
        messages = list(self._channel.feed(data))
        for message in messages:
            if isinstance(message, Answer):
                self._answered(message)
        return messages

    def replace(self) -> str:
        """After its death: puts the request back, or leaves it if it is to blame. Returns what to
        say of it; ``start`` follows."""
        self._end()
        self.died += 1
        self._tries += 1
        asked, self._asked = self._asked, None
        if asked is not None and self._tries < _TRIES:
            self._put_back(asked)
            return "the triage process is gone: another one goes on"
        self._tries = 0
        if isinstance(asked, Sort):
            self._leave(asked)
            return f"triage died {_TRIES} times of the sighting {asked.signature}: it is left"
        return "the triage process is gone: another one goes on without what it was doing"

    def drop_work(self) -> bool:
        """Ends the process if it is busy with what can be done later; whether it was."""
        self.works = False
        if not isinstance(self._asked, DoDeferred | Compare):
            return False
        self._asked = None
        self._end()
        return True

    def close(self) -> None:
        """Lets an idle one write its counts; one that is busy is ended."""
        if self._started is None:
            return
        if self._asked is None and self._started.stdin is not None:
            self._started.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._started.wait(30)
        self._end()

    def _end(self) -> None:
        if self._started is not None:
            process.end_tree(self._started.pid)
            self._started.wait()
            if self._started.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._started.stdin.close()
            os.close(self.pipe)
            self._started = None
            self.pipe = -1

    def _next(self, *, soon: bool) -> ToTriage | None:
        """Quick things have their turn, so that sorting, a minute each, does not starve them."""
        if soon or time.monotonic() >= self._next_tell:
            self._next_tell = time.monotonic() + _TELL_SECONDS
            self._quick.extend(self._tells())
            if self._samples:
                self._quick.append(self._samples.popleft())
        if self._quick:
            return self._quick.popleft()
        if self._sorts:
            return self._sorts.popleft()
        if unknown := self._unknown():
            return unknown
        if self._deferred:
            return self._deferred.popleft()
        return DoDeferred() if self.works and self.waiting else None

    def _tells(self) -> Iterator[AddCounts]:
        """What there is to count of looks that this process knows, a request for each lane."""
        for lane, pending in self._counts.items():
            known = {
                key: one for key, one in pending.items() if (lane, one.signature) in self._known
            }
            for key in known:
                del pending[key]
            if known:
                yield AddCounts(lane, tuple(known.values()))

    def _unknown(self) -> Sort | None:
        """A look to be counted that this process, which is a new one, has not sorted."""
        for lane, pending in self._counts.items():
            for count in pending.values():
                if (lane, count.signature) not in self._known:
                    row = self._totals.lanes[lane].signatures[count.signature]
                    return Sort(lane, count.signature, row.execution, row.seconds)
        return None

    def _answered(self, answer: Answer) -> None:
        asked, self._asked = self._asked, None
        self._tries = 0
        self.waiting = answer.waiting
        self._seconds += answer.seconds
        self._totals.lanes[max(answer.lane, 0)].answered(answer)
        if isinstance(asked, Sort):
            self._known.add((asked.lane, asked.signature))
            self._totals.lanes[asked.lane].sorted(asked.signature)
        elif isinstance(asked, AddCounts):
            self._totals.lanes[asked.lane].counted(asked.counts)
        if answer.problem:
            self._totals.note(answer.problem)

    def _put_back(self, asked: ToTriage) -> None:
        if isinstance(asked, Sort):
            self._sorts.appendleft(asked)
        elif isinstance(asked, AddCounts):
            self.count(asked.lane, asked.counts)

    def _leave(self, sort: Sort) -> None:
        self._totals.lanes[sort.lane].sorted(sort.signature)
        self._left.add((sort.lane, sort.signature))
        pending = self._counts.get(sort.lane, {})
        self._counts[sort.lane] = {
            k: one for k, one in pending.items() if one.signature != sort.signature
        }

    def _unattributed(self) -> list[Deferred]:
        if not self.works:
            return []
        new = [
            (number, Path(bucket.path))
            for number, lane in enumerate(self._totals.lanes)
            for bucket in lane.of_state("filed")
            if bucket.new and bucket.path
        ]
        return [Deferred(number, str(path)) for number, path in new if path.is_dir()]
