"""What a campaign has done so far, added up from what its processes tell; the journal keeps it."""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec

from finfuzz.campaign.journal import Journal
from finfuzz.campaign.messages import Answer, Bucket, Count, Kept, Progress
from finfuzz.generation.learning import Tally


class SignatureRow(msgspec.Struct):
    """Sightings of one look. ``counted``: those that its finding knows of."""

    time: float
    execution: int
    seconds: float
    sightings: int = 0
    counted: int = 0
    sorted: bool = False


class LaneTotals:
    """One lane's. What ended workers did is settled; what running ones do comes on top."""

    def __init__(self) -> None:
        self.settled = Progress()
        self.running: dict[int, Progress] = {}
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._learning: dict[int, tuple[Tally, ...]] = {}
        self._corpora: dict[int, int] = {}
        self._corpus: int | None = None
        self.features: int | None = None
        self.compared = self.disagreed = 0
        self.signatures: dict[str, SignatureRow] = {}
        self.buckets: dict[str, Bucket] = {}
        self.bucket_times: dict[str, float] = {}
        #: Looks and buckets that the journal does not have as they are.
        self.changed: set[str] = set()

    @property
    def total(self) -> Progress:
        return sum(self.running.values(), start=self.settled)

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """What mutators, operations and words brought, by all workers."""
        found = dict(self._tallies)
        for tallies in self._learning.values():
            for tally in tallies:
                key = (tally.sort, tally.name)
                found[key] = found[key].plus(tally) if key in found else tally
        return tuple(found.values())

    @property
    def corpus(self) -> int | None:
        """Programs: each worker's libFuzzer has its own corpus, and this is the largest."""
        return max(self._corpora.values(), default=self._corpus)

    def libfuzzer(self, slot: int, figures: dict[str, int]) -> None:
        """What a worker's libFuzzer says."""
        if "corp" in figures:
            self._corpora[slot] = figures["corp"]
        self.features = max(figures.get("ft", 0), self.features or 0) or None

    def learns(self, slot: int, tallies: tuple[Tally, ...]) -> None:
        self._learning[slot] = tallies

    def settle(self, slot: int) -> None:
        """A worker is gone: what it told stays."""
        self._corpus = self.corpus
        self._corpora.pop(slot, None)
        self.settled = self.settled + self.running.pop(slot, Progress())
        self._tallies = {(one.sort, one.name): one for one in self.tallies}
        self._learning.pop(slot, None)

    def signature(self, name: str, execution: int, seconds: float) -> bool:
        """Whether a look is new to the campaign; it is not afterwards."""
        if name in self.signatures:
            return False
        self.signatures[name] = SignatureRow(time.time(), execution, seconds)
        self.changed.add(name)
        return True

    def sorted(self, signature: str) -> None:
        """Triage has said what it is."""
        self.signatures[signature].sorted = True
        self.changed.add(signature)

    def count(self, counts: Iterable[Count]) -> None:
        for count in counts:
            self.signature(count.signature, 0, 0.0)
            self.signatures[count.signature].sightings += count.sightings
            self.changed.add(count.signature)

    def counted(self, counts: Iterable[Count]) -> None:
        """Their findings know of these."""
        for count in counts:
            self.signatures[count.signature].counted += count.sightings
            self.changed.add(count.signature)

    def answered(self, answer: Answer) -> None:
        """Takes triage's news; its sightings are those since the last time."""
        for news in answer.buckets:
            before = self.buckets.get(news.bucket)
            sightings = news.sightings + (before.sightings if before else 0)
            first = before or news
            self.changed.add(news.bucket)
            self.bucket_times.setdefault(news.bucket, time.time())
            self.buckets[news.bucket] = msgspec.structs.replace(
                news,
                sightings=sightings,
                new=news.new or first.new,
                execution=first.execution,
                seconds=first.seconds,
            )
        if answer.agreed is not None:
            self.compared += 1
            self.disagreed += not answer.agreed

    def of_state(self, state: str) -> list[Bucket]:
        return [bucket for bucket in self.buckets.values() if bucket.state == state]


class Totals:
    """All lanes. ``kept`` programs and ``notes`` wait for the next ``flush``."""

    def __init__(self, lanes: int) -> None:
        self.lanes = [LaneTotals() for _ in range(lanes)]
        self._kept: list[tuple[int, Kept]] = []
        self._notes: list[str] = []

    @property
    def total(self) -> Progress:
        return sum((lane.total for lane in self.lanes), start=Progress())

    @property
    def tallies(self) -> list[Tally]:
        """Those of all lanes together; a weight is that of the lane that tried it most."""
        found: dict[tuple[str, str], Tally] = {}
        for tally in sorted((one for lane in self.lanes for one in lane.tallies), key=_tried):
            key = (tally.sort, tally.name)
            found[key] = found[key].plus(tally) if key in found else tally
        return list(found.values())

    @property
    def corpus(self) -> int | None:
        """Programs, of the lane that has most: lanes share them. None without libFuzzer."""
        return max((lane.corpus for lane in self.lanes if lane.corpus is not None), default=None)

    @property
    def features(self) -> int:
        """Of all lanes together: each has its own."""
        return sum(lane.features or 0 for lane in self.lanes)

    @property
    def findings(self) -> list[Bucket]:
        return [bucket for lane in self.lanes for bucket in lane.of_state("filed")]

    def keep(self, lane: int, kept: Kept) -> None:
        self._kept.append((lane, kept))

    def note(self, line: str) -> None:
        self._notes.append(line)

    def load(self, journal: Journal) -> None:
        """Goes on from what the journal says."""
        for row in journal.rows("SELECT * FROM lanes"):
            lane = self.lanes[row["id"]]
            names = Progress.__struct_fields__
            facts = {name: row[name] for name in names if name in row.keys()}  # noqa: SIM118
            took = (row["steps_effective"], row["steps_skipped"], row["steps_raised"])
            facts["floor_seconds"] = row["floor_seconds"] or 0.0
            lane.settled = Progress(**facts, took=took)
            lane._corpus, lane.features = row["corpus"], row["features"]
        for row in journal.rows("SELECT * FROM tallies"):
            facts = {name: row[name] for name in Tally.__struct_fields__}
            tallies = self.lanes[row["lane"]]._tallies
            tallies[row["sort"], row["name"]] = Tally(**facts)
        for row in journal.rows("SELECT * FROM signatures"):
            self.lanes[row["lane"]].signatures[row["signature"]] = SignatureRow(
                row["time"],
                row["execution"] or 0,
                row["seconds"] or 0.0,
                row["sightings"],
                row["counted"],
                bool(row["sorted"]),
            )
        for row in journal.rows("SELECT * FROM buckets"):
            facts = {name: row[name] for name in Bucket.__struct_fields__}
            facts["new"] = bool(facts["new"])
            lane = self.lanes[row["lane"]]
            lane.buckets[row["bucket"]] = Bucket(**facts)
            lane.bucket_times[row["bucket"]] = row["time"]
        for row in journal.rows("SELECT * FROM comparisons"):
            lane = self.lanes[row["lane"]]
            lane.compared, lane.disagreed = row["compared"], row["disagreed"]

    def flush(self, journal: Journal, *, sample: bool) -> None:
        """Writes where everything stands, in one transaction; ``sample``: a row of history too.

        Raises UserError where the disk says no; nothing is lost, the next flush writes it.
        """
        now = time.time()
        with journal.writing():
            for number, lane in enumerate(self.lanes):
                _write_lane(journal, number, lane)
                _write_changed(journal, number, lane)
                if sample:
                    _sample(journal, number, lane, now)
            for number, kept in self._kept:
                journal.put(
                    "programs",
                    name=kept.name,
                    lane=number,
                    time=now,
                    execution=kept.execution,
                    features=kept.features,
                    mutators=" ".join(kept.mutators),
                )
            for line in self._notes:
                journal.note(line)
        self._kept.clear()
        self._notes.clear()
        for lane in self.lanes:
            lane.changed.clear()


def _tried(tally: Tally) -> int:
    return tally.tried


def _write_lane(journal: Journal, number: int, lane: LaneTotals) -> None:
    total = lane.total
    journal.execute(
        "UPDATE lanes SET executions=?, seconds=?, child_seconds=?, mutation_seconds=?, "
        "steps_effective=?, steps_skipped=?, steps_raised=?, touched=?, deaths=?, "
        "zygotes_replaced=?, floor_seconds=?, corpus=?, features=?, unstable=? WHERE id=?",
        *(total.executions, total.seconds, total.child_seconds, total.mutation_seconds),
        *(*total.took, total.touched, total.deaths, total.zygotes_replaced),
        *(total.floor_seconds, lane.corpus, lane.features, total.unstable, number),
    )
    journal.put("comparisons", lane=number, compared=lane.compared, disagreed=lane.disagreed)


def _write_changed(journal: Journal, number: int, lane: LaneTotals) -> None:
    for name in lane.changed:
        if signature := lane.signatures.get(name):
            journal.put(
                "signatures", lane=number, signature=name, **msgspec.structs.asdict(signature)
            )
        if bucket := lane.buckets.get(name):
            facts = msgspec.structs.asdict(bucket)
            journal.put("buckets", lane=number, time=lane.bucket_times[name], **facts)


def _sample(journal: Journal, number: int, lane: LaneTotals, now: float) -> None:
    for tally in lane.tallies:
        journal.put("tallies", lane=number, **msgspec.structs.asdict(tally))
    total = lane.total
    journal.put(
        "samples",
        time=now,
        lane=number,
        seconds=total.seconds,
        executions=total.executions,
        corpus=lane.corpus,
        features=lane.features,
        deaths=total.deaths,
        findings=len(lane.of_state("filed")),
    )
