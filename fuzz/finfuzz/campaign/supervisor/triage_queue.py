"""The queue of requests to triage.

Counts and comparisons with fresh processes are quick and go first, every few seconds; then new
signatures, then deferred work. While nothing waits, programs of the corpus are compared with their
control.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.messages import (
    AddSightings,
    CompareWithControl,
    CompareWithFresh,
    QueueDeferredWork,
    RetryFiling,
    RunDeferredWork,
    SightingCount,
    ToTriage,
    TriageSignature,
    ZygoteOutcome,
)
from finfuzz.campaign.totals import Totals
from finfuzz.campaign.updates import ForeseeSignatures, TakeAttribution
from finfuzz.campaign.worker.signatures import FURTHER

#: Shortest interval between two updates of the findings' counts.
_QUICK_SECONDS = 10.0
#: Interval of writing findings that could not be written: a check of the folder, mostly.
_RETRY_SECONDS = 30.0
#: Signatures of one lane that nodes may begin with: more than a cluster triages in a minute.
_MOST_FORESEEN = 64
#: Interval of comparisons with the control, which take 0.2 s: a twentieth of triage's core, which
#: workers may share.
_CONTROL_SECONDS = 4.0


class TriageQueue:
    """The requests that wait. ``deferred_work``: whether deferred work runs.

    ``foresees``: nodes of a cluster may begin with signatures that wait.
    ``waiting``: findings with deferred work, as triage last reported.
    """

    def __init__(
        self,
        paths: StatePaths,
        totals: Totals,
        *,
        deferred_work: bool,
        foresees: bool = False,
    ) -> None:
        self._paths, self._totals, self._foresees = paths, totals, foresees
        self._foreseen: set[tuple[int, str]] = set()
        self._signatures: deque[TriageSignature] = deque()
        self._counts: dict[int, dict[tuple[str, tuple[str, ...]], SightingCount]] = {}
        self._comparisons: deque[CompareWithFresh] = deque(maxlen=4)
        self._findings: deque[QueueDeferredWork] = deque()
        self._quick: deque[AddSightings | CompareWithFresh | RetryFiling | TakeAttribution] = (
            deque()
        )
        self._triaged: set[tuple[int, str]] = set()  # by the current triage process
        self._skipped: set[tuple[int, str]] = set()
        self._compared: set[tuple[int, str]] = set()
        self._next_quick = self._next_control = self._next_retry = 0.0
        self._leaves = False
        self.deferred_work = deferred_work
        self.waiting = 0

    @property
    def signatures(self) -> int:
        """The number of signatures in the queue."""
        return len(self._signatures)

    @property
    def empty(self) -> bool:
        """Whether all crashes are triaged and counted; deferred work may be left."""
        counts = any(self._counts.values())
        return not (self._signatures or self._quick or counts or self._findings)

    @property
    def has_deferred_work(self) -> bool:
        return self.deferred_work and self.waiting > 0

    def add_signature(self, lane: int, signature: str, execution: int, seconds: float) -> None:
        """Queue a new signature."""
        if not self._leaves:
            self._signatures.append(TriageSignature(lane, signature, execution, seconds))

    def add_sightings(self, lane: int, counts: tuple[SightingCount, ...]) -> None:
        """Queue sightings; all that come within seconds are sent together."""
        pending = self._counts.setdefault(lane, {})
        for count in counts:
            known = (lane, count.signature)
            if count.signature == FURTHER or known in self._skipped or self._is_left(known):
                continue
            key = (count.signature, count.roots)
            before = pending.get(key)
            sightings = count.sightings + (before.sightings if before else 0)
            text = count.text or (before.text if before else "")
            pending[key] = SightingCount(count.signature, count.roots, sightings, text)

    def leave_signatures(self) -> None:
        """Leave all signatures that are not triaged, now and later, to `--resume`."""
        self._leaves = True
        self._signatures.clear()
        for lane, pending in self._counts.items():
            left = [key for key in pending if self._is_left((lane, key[0]))]
            for key in left:
                del pending[key]

    def _is_left(self, signature: tuple[int, str]) -> bool:
        return self._leaves and signature not in self._triaged

    def add_comparison(self, lane: int, zygote: ZygoteOutcome) -> None:
        """Queue a comparison; only the latest few are kept."""
        self._comparisons.append(CompareWithFresh(lane, zygote))

    def add_unfinished(self) -> None:
        """Queue the triage that an earlier run did not finish; a new campaign has none."""
        for number, lane in enumerate(self._totals.lanes):
            for signature in self._paths.list_signatures(number):
                lane.add_signature(signature, 0, 0.0)
            for name, row in lane.signatures.items():
                recorded = row.recorded if row.triaged else 0  # without a finding, nowhere
                if (missing := max(row.sightings - recorded, 0)) and name:
                    self.add_sightings(number, (SightingCount(name, (), missing),))
                if not row.triaged and name != FURTHER:
                    self.add_signature(number, name, row.execution, row.seconds)

    def restart(self) -> None:
        """Take note of a new triage process, which has triaged nothing and knows no finding."""
        self._triaged.clear()
        self._findings.extend(self._find_unattributed())

    def take_next(self, *, soon: bool) -> ToTriage | None:
        """Take the next request. Quick ones get a turn: a signature may take a minute.

        ``soon``: take counts without delay, and begin nothing that only fills the time.
        """
        if time.monotonic() >= self._next_retry:
            self._next_retry = time.monotonic() + _RETRY_SECONDS
            self.retry_filing()
        if soon or time.monotonic() >= self._next_quick:
            self._next_quick = time.monotonic() + _QUICK_SECONDS
            self._quick.extend(self._take_counts())
            if self._comparisons:
                self._quick.append(self._comparisons.popleft())
        if self._quick:
            return self._quick.popleft()
        if foresight := self._take_foresight():
            return foresight
        if self._signatures:
            return self._signatures.popleft()
        if again := self._find_untriaged():
            return again
        if self._findings:
            return self._findings.popleft()
        if self.has_deferred_work:
            return RunDeferredWork()
        return None if soon else self._take_comparison()

    def retry_filing(self) -> None:
        """Queue the writing of findings that could not be written before."""
        for number, lane in enumerate(self._totals.lanes):
            if lane.unsorted:
                self._quick.append(RetryFiling(number))

    def take_attribution(self, request: TakeAttribution) -> None:
        """Queue what another machine says of a finding, unless that waits already."""
        if request not in self._quick:
            self._quick.append(request)

    def put_back(self, request: ToTriage) -> None:
        """Queue a request again that a process died over."""
        if isinstance(request, TriageSignature):
            self._signatures.appendleft(request)
        elif isinstance(request, AddSightings):
            self.add_sightings(request.lane, request.counts)

    def finish(self, request: ToTriage | None) -> None:
        """Take note that a request was answered."""
        if isinstance(request, TriageSignature):
            self._triaged.add((request.lane, request.signature))
            self._totals.lanes[request.lane].mark_triaged(request.signature)
        elif isinstance(request, AddSightings):
            self._totals.lanes[request.lane].mark_recorded(request.counts)

    def skip(self, request: TriageSignature, why: str) -> None:
        """Leave a signature, and all its sightings, to the next resume."""
        lane, signature = request.lane, request.signature
        self._totals.lanes[lane].mark_unsorted(signature, why)
        self._skipped.add((lane, signature))
        pending = self._counts.get(lane, {})
        self._counts[lane] = {k: one for k, one in pending.items() if one.signature != signature}

    def _take_counts(self) -> Iterator[AddSightings]:
        """Yield a request per lane: the counts of signatures that the process has triaged."""
        for lane, pending in self._counts.items():
            ready = {
                key: one for key, one in pending.items() if (lane, one.signature) in self._triaged
            }
            for key in ready:
                del pending[key]
            if ready:
                yield AddSightings(lane, tuple(ready.values()))

    def _take_foresight(self) -> ForeseeSignatures | None:
        """Take the signatures that nodes may begin with, of one lane, each once."""
        waiting = [(one.lane, one.signature) for one in self._signatures] if self._foresees else []
        new = [one for one in waiting if one not in self._foreseen]
        if not new:
            return None
        lane = new[0][0]
        names = [name for number, name in new if number == lane][:_MOST_FORESEEN]
        self._foreseen.update((lane, name) for name in names)
        return ForeseeSignatures(lane, tuple(names))

    def _take_comparison(self) -> CompareWithControl | None:
        """Take a program of the corpus that has not been compared with its lane's control."""
        if time.monotonic() < self._next_control:
            return None
        self._next_control = time.monotonic() + _CONTROL_SECONDS
        for path in self._paths.corpus.glob("*.fin"):
            for lane in range(len(self._totals.lanes)):
                if (lane, path.name) not in self._compared:
                    self._compared.add((lane, path.name))
                    return CompareWithControl(lane, str(path))
        return None

    def _find_untriaged(self) -> TriageSignature | None:
        """Find a signature with counts that the process, a new one, has not triaged."""
        for lane, pending in self._counts.items():
            for count in pending.values():
                if (lane, count.signature) not in self._triaged:
                    row = self._totals.lanes[lane].signatures[count.signature]
                    return TriageSignature(lane, count.signature, row.execution, row.seconds)
        return None

    def _find_unattributed(self) -> list[QueueDeferredWork]:
        """Find the findings of this campaign that an earlier triage process may have left."""
        if not self.deferred_work:
            return []
        new = [
            (number, Path(bucket.path))
            for number, lane in enumerate(self._totals.lanes)
            for bucket in lane.buckets_in("filed")
            if bucket.new and bucket.path
        ]
        return [QueueDeferredWork(number, str(path)) for number, path in new if path.is_dir()]
