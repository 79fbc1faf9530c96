"""Merging: a batch counts once, in whatever order and however often it comes."""

from __future__ import annotations

import errno
from pathlib import Path
from random import Random

import pytest

from finfuzz.campaign.cluster import merging
from finfuzz.campaign.cluster.merging import Merger
from finfuzz.campaign.cluster.shard import Delivery, decode_delivery, encode
from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.journal import Journal
from finfuzz.campaign.messages import FromWorker, Progress, SightingCounts, Tallies
from finfuzz.campaign.plan import Lane
from finfuzz.campaign.supervisor.pool import Member
from finfuzz.campaign.totals import Totals
from helpers.clusters import make_batch, make_delivery, make_folders


class Counting:
    """The messages of nodes, of which only the counts matter here."""

    def __init__(self, totals: Totals) -> None:
        self._lane = totals.lanes[0]

    def take(self, worker: Member, message: FromWorker) -> None:
        if isinstance(message, Progress):
            self._lane.running[worker.slot] = message
        elif isinstance(message, SightingCounts):
            self._lane.add_sightings(message.counts)
        elif isinstance(message, Tallies):
            self._lane.update_tallies(worker.slot, message.tallies)

    def take_libfuzzer(self, worker: Member, figures: dict[str, int]) -> None:
        self._lane.update_libfuzzer(worker.slot, figures)


def merge_all(paths: StatePaths, deliveries: list[Delivery]) -> Totals:
    totals = Totals(1)
    merger = Merger(totals, paths, 1, lambda _: None)
    for delivery in deliveries:
        for _ in merger.merge(delivery, Counting(totals)):
            pass
    return totals


@pytest.mark.parametrize("seed", range(20))
def test_a_batch_counts_once_however_often_it_comes(seed: int, tmp_path: Path) -> None:
    """A delivery has all batches of its node that the campaign may lack, in their order."""
    rng = Random(seed)
    batches = [make_batch("a", number, rng.randrange(50)) for number in range(1, 9)]
    others = [make_batch("b", number, rng.randrange(50)) for number in range(1, 9)]
    deliveries = []
    for own, folder in ((batches, "f1"), (others, "f2")):
        starts = [rng.randint(0, end) for end in range(len(own))]
        deliveries += [
            make_delivery(*own[start : end + 1], folder=folder)
            for end, start in enumerate(starts)
            if start == 0 or end == len(own) - 1 or rng.random() < 0.5
        ]
        deliveries.append(make_delivery(*own, folder=folder))
    again = sorted(deliveries + rng.sample(deliveries, 3), key=lambda _: rng.random())
    again.append(make_delivery(*batches, *others))  # what came out of order is sent again
    totals = merge_all(make_folders(tmp_path), again)
    lane = totals.lanes[0]
    merged = {key: totals.find_batch(key) for key in ("a", "b")}
    assert merged == {"a": 8, "b": 8}
    late = sum(one.messages[3].executions for one in batches + others)  # type: ignore[union-attr]
    assert lane.total.executions <= late
    assert all(row.sightings == 2 for row in lane.signatures.values())


def test_what_is_merged_is_on_disk_and_counted_for_its_node(tmp_path: Path) -> None:
    paths = make_folders(tmp_path)
    batches = [make_batch("a", 1), make_batch("a", 2)]
    first = make_delivery(*batches)
    totals = merge_all(paths, [first, decode_delivery(encode(first)), make_delivery(batches[1])])
    assert totals.lanes[0].total.executions == 20
    assert totals.nodes["node1 (10.0.0.1)"].executions == 20
    assert len(list(paths.corpus.iterdir())) == 2
    assert paths.list_signatures(0) == ["a1", "a2"]
    (tally,) = totals.lanes[0].tallies
    assert (tally.tried, tally.weight) == (20, 1.5)


def test_what_does_not_fit_on_the_disk_is_not_merged_and_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, totals, lines = make_folders(tmp_path), Totals(1), list[str]()
    merger = Merger(totals, paths, 1, lines.append)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(merging, "write_whole", fail)
        assert not list(merger.merge(make_delivery(make_batch("a", 1)), Counting(totals)))
    assert (totals.find_batch("a"), totals.total.executions) == (0, 0)
    assert lines == ["can't write what a node has found: No space left on device"]
    assert list(merger.merge(make_delivery(make_batch("a", 1)), Counting(totals)))
    assert totals.total.executions == 10


def test_counts_and_the_batches_that_they_have_are_written_together(tmp_path: Path) -> None:
    """A supervisor that is killed and resumed gets the batches again that it had not written."""
    journal = Journal(tmp_path / "journal.sqlite")
    with journal.writing():
        journal.add_lanes([Lane("plain-c", "/python", "3.13.0")])
    totals = merge_all(make_folders(tmp_path), [make_delivery(make_batch("a", 1))])
    totals.flush(journal, sample=False)
    again = Totals(1)
    again.load(journal)
    assert again.find_batch("a") == 1
    assert again.nodes["node1 (10.0.0.1)"].executions == again.total.executions == 10


@pytest.mark.parametrize("name", ["../evil", "", "/etc/x", "a" * 65, ".hidden"])
def test_no_node_chooses_where_a_file_goes(name: str, tmp_path: Path) -> None:
    paths = make_folders(tmp_path)
    batch = make_batch("a", 1)
    batch.signatures.clear()
    batch.signatures[name] = b"x"
    before = set(tmp_path.rglob("*"))
    merge_all(paths, [make_delivery(batch)])
    assert {path.suffix for path in set(tmp_path.rglob("*")) - before} == {".fin"}
