"""Running totals of a campaign, summed from its processes' messages, saved in the journal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from finfuzz.campaign.journal import Journal, LaneRow, SignatureRow
from finfuzz.campaign.messages import Answer, Bucket, CorpusAddition, Progress, SightingCount
from finfuzz.campaign.nodes import NodeRow
from finfuzz.generation.learning import Tally
from finfuzz.support import counting
from finfuzz.support.hints import spell_command


class LaneTotals:
    """The totals of one lane.

    ``finished``: work of workers that have ended. ``running``: work of running workers, by slot.
    """

    def __init__(self) -> None:
        self.finished = Progress()
        self.running: dict[int, Progress] = {}
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._running_tallies: dict[int, tuple[Tally, ...]] = {}
        self._corpora: dict[int, int] = {}
        self._corpus: int | None = None
        self.features: int | None = None
        self.compared = self.disagreed = 0
        self.signatures: dict[str, SignatureRow] = {}
        self.buckets: dict[str, Bucket] = {}
        self.bucket_times: dict[str, float] = {}
        #: Why a signature has no finding: it is not marked as triaged, and --resume tries again.
        self.unsorted: dict[str, str] = {}
        self._unfiled: list[str] = []
        #: Signatures and buckets whose rows in the journal are out of date.
        self.changed: set[str] = set()

    @property
    def total(self) -> Progress:
        return sum(self.running.values(), start=self.finished)

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """The tallies of mutators, operations and words, summed over all workers."""
        running = (tally for tallies in self._running_tallies.values() for tally in tallies)
        return tuple(_add_tallies(self._tallies, running).values())

    @property
    def corpus(self) -> int | None:
        """The number of programs in the largest of the workers' corpora, as libFuzzer counts it."""
        return max(self._corpora.values(), default=self._corpus)

    def update_libfuzzer(self, slot: int, figures: dict[str, int]) -> None:
        """Take the figures of a status line of a worker's libFuzzer."""
        if "corp" in figures:
            self._corpora[slot] = figures["corp"]
        self.features = max(figures.get("ft", 0), self.features or 0) or None

    def update_tallies(self, slot: int, tallies: tuple[Tally, ...]) -> None:
        """Replace the tallies of a running worker."""
        self._running_tallies[slot] = tallies

    def finish_worker(self, slot: int) -> None:
        """Add the work of a worker that has ended to ``finished``."""
        self._corpus = self.corpus
        self._corpora.pop(slot, None)
        self.finished = self.finished + self.running.pop(slot, Progress())
        self._tallies = _add_tallies(self._tallies, self._running_tallies.pop(slot, ()))

    def add_signature(self, name: str, execution: int, seconds: float) -> bool:
        """Add a signature; return whether it is new to the campaign."""
        if name in self.signatures:
            return False
        self.signatures[name] = SignatureRow(time.time(), execution, seconds)
        self.changed.add(name)
        return True

    def mark_triaged(self, signature: str) -> None:
        self.signatures[signature].triaged = True
        self.changed.add(signature)

    def mark_unsorted(self, signature: str, why: str) -> None:
        """Take note that a signature has no finding; a resumed campaign triages it again."""
        self.unsorted[signature] = why
        self.signatures[signature].triaged = False
        self.changed.add(signature)

    def update_unfiled(self, unfiled: Sequence[tuple[str, str]]) -> None:
        """Replace the signatures that triage could not file."""
        for signature in self._unfiled:
            self.unsorted.pop(signature, None)
            self.mark_triaged(signature)
        for signature, why in unfiled:
            self.mark_unsorted(signature, why)
        self._unfiled = [signature for signature, _ in unfiled]

    def add_sightings(self, counts: Iterable[SightingCount]) -> None:
        """Count sightings that a worker has reported."""
        for count in counts:
            self.add_signature(count.signature, 0, 0.0)
            self.signatures[count.signature].sightings += count.sightings
            self.changed.add(count.signature)

    def mark_recorded(self, counts: Iterable[SightingCount]) -> None:
        """Count sightings that triage has written into their findings."""
        for count in counts:
            self.signatures[count.signature].recorded += count.sightings
            self.changed.add(count.signature)

    def add_answer(self, answer: Answer) -> None:
        """Add triage's buckets (with the sightings since the last answer) and its comparison."""
        for update in answer.buckets:
            before = self.buckets.get(update.bucket)
            sightings = update.sightings + (before.sightings if before else 0)
            first = before or update
            self.changed.add(update.bucket)
            self.bucket_times.setdefault(update.bucket, time.time())
            self.buckets[update.bucket] = msgspec.structs.replace(
                update,
                sightings=sightings,
                new=update.new or first.new,
                execution=first.execution,
                seconds=first.seconds,
            )
        if answer.agreed is not None:
            self.compared += 1
            self.disagreed += not answer.agreed

    def buckets_in(self, state: str) -> list[Bucket]:
        return [bucket for bucket in self.buckets.values() if bucket.state == state]

    def restore(self, row: LaneRow) -> None:
        """Take the counts of an earlier run from the journal."""
        self.finished = row.progress
        self._corpus, self.features = row.corpus, row.features
        self.compared, self.disagreed = row.compared, row.disagreed

    def restore_tally(self, tally: Tally) -> None:
        self._tallies[tally.sort, tally.name] = tally

    def row(self, number: int) -> LaneRow:
        """The counts as the journal keeps them."""
        return LaneRow(
            lane=number,
            progress=self.total,
            corpus=self.corpus,
            features=self.features,
            compared=self.compared,
            disagreed=self.disagreed,
        )


class Totals:
    """The totals of all lanes. New programs and notes wait for the next ``flush``."""

    def __init__(self, lanes: int) -> None:
        self.lanes = [LaneTotals() for _ in range(lanes)]
        #: On a cluster: the work of each node, and the last batch of each of their processes.
        self.nodes: dict[str, NodeRow] = {}
        self._batches: dict[str, int] = {}
        self._new_batches: dict[str, int] = {}
        self._programs: list[tuple[int, CorpusAddition]] = []
        self._notes: list[str] = []

    @property
    def total(self) -> Progress:
        return sum((lane.total for lane in self.lanes), start=Progress())

    @property
    def tallies(self) -> list[Tally]:
        """The tallies of all lanes; the weight is that of the lane with the most trials."""
        tallies = sorted((one for lane in self.lanes for one in lane.tallies), key=_count_trials)
        return list(_add_tallies({}, tallies).values())

    @property
    def corpus(self) -> int | None:
        """The programs of the largest lane, as lanes share programs. None without libFuzzer."""
        return max((lane.corpus for lane in self.lanes if lane.corpus is not None), default=None)

    @property
    def features(self) -> int:
        """The features summed over lanes: each lane has its own."""
        return sum(lane.features or 0 for lane in self.lanes)

    @property
    def unsorted(self) -> list[str]:
        """Why signatures have no finding, a reason each."""
        return [why for lane in self.lanes for why in lane.unsorted.values()]

    def explain_unsorted(self, state: Path) -> str:
        """Say which crashes have no finding, and why; empty if each has one."""
        if not self.unsorted:
            return ""
        crashes = counting.count(len(self.unsorted), "crash is", "crashes are")
        command = spell_command("run", "--resume", state)
        return f"{crashes} not filed: {self.unsorted[0]}: `{command}` tries again"

    @property
    def findings(self) -> list[Bucket]:
        return [bucket for lane in self.lanes for bucket in lane.buckets_in("filed")]

    def add_program(self, lane: int, added: CorpusAddition) -> None:
        self._programs.append((lane, added))

    def find_batch(self, process: str) -> int:
        """Find the last batch of a process of a cluster that is in the totals; 0 without one."""
        return self._batches.get(process, 0)

    def note_batch(self, process: str, number: int) -> None:
        """Take note that a batch is in the totals; the next ``flush`` writes both together."""
        self._batches[process] = self._new_batches[process] = number

    def add_to_node(self, name: str, progress: Progress) -> None:
        """Add the work of a batch to its node's."""
        self.nodes.setdefault(name, NodeRow()).add(progress)

    def add_note(self, line: str) -> None:
        self._notes.append(line)

    def load(self, journal: Journal) -> None:
        """Continue from the totals in the journal."""
        for row in journal.load_lanes():
            self.lanes[row.lane].restore(row)
        for lane, tally in journal.load_tallies():
            self.lanes[lane].restore_tally(tally)
        for lane, name, signature in journal.load_signatures():
            self.lanes[lane].signatures[name] = signature
        for lane, bucket, first_seen in journal.load_buckets():
            self.lanes[lane].buckets[bucket.bucket] = bucket
            self.lanes[lane].bucket_times[bucket.bucket] = first_seen

        self._batches = journal.load_batches()
        self.nodes = journal.load_nodes()

    def flush(self, journal: Journal, *, sample: bool) -> None:
        """Write all that changed, in one transaction; with ``sample``, also a row of history.

        Raises UserError if the write fails. Nothing is lost: the next flush writes it.
        """
        now = time.time()
        with journal.writing():
            for number, lane in enumerate(self.lanes):
                _write_lane(journal, number, lane)
                if sample:
                    journal.save_tallies(number, lane.tallies)
                    journal.add_sample(lane.row(number), now, len(lane.buckets_in("filed")))
            for process, number in self._new_batches.items():
                journal.save_batch(process, number)
            for name, node in self.nodes.items():
                journal.save_node(name, node)
            for number, added in self._programs:
                journal.add_program(number, added, now)
            for line in self._notes:
                journal.add_note(line)
        self._new_batches.clear()
        self._programs.clear()
        self._notes.clear()
        for lane in self.lanes:
            lane.changed.clear()


def _add_tallies(
    start: dict[tuple[str, str], Tally], tallies: Iterable[Tally]
) -> dict[tuple[str, str], Tally]:
    found = dict(start)
    for tally in tallies:
        key = (tally.sort, tally.name)
        found[key] = found[key].plus(tally) if key in found else tally
    return found


def describe_sources(programs: Mapping[str, int]) -> str:
    """Describe where programs came from: `48% life cycle, 26% sweep`; empty without any."""
    total = sum(programs.values())
    parts = sorted(programs.items(), key=lambda item: -item[1])
    return ", ".join(f"{number / total:.0%} {name}" for name, number in parts if number)


def _count_trials(tally: Tally) -> int:
    return tally.tried


def _write_lane(journal: Journal, number: int, lane: LaneTotals) -> None:
    journal.save_lane(lane.row(number))
    for name in lane.changed:
        if signature := lane.signatures.get(name):
            journal.save_signature(number, name, signature)
        if bucket := lane.buckets.get(name):
            journal.save_bucket(number, bucket, lane.bucket_times[name])
