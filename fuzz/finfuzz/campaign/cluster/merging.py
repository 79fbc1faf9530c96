"""What nodes have delivered becomes the campaign's: a batch counts once, however often it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from finfuzz.campaign.cluster.node import name_node
from finfuzz.campaign.cluster.shard import Batch, Delivery
from finfuzz.campaign.folder import StatePaths, hash_program
from finfuzz.campaign.journal_checks import SIGNATURE
from finfuzz.campaign.messages import Progress
from finfuzz.campaign.nodes import NodeRow
from finfuzz.campaign.supervisor.pool import Member, Messages
from finfuzz.campaign.totals import Totals
from finfuzz.campaign.worker.signatures import note_node
from finfuzz.generation.combinations import merge_explored
from finfuzz.support.files import write_whole
from finfuzz.triage.findings.record import SeenOn


class Merger:
    """Merges batches into the totals, the corpus and the folder of signatures.

    ``programs``: the texts of the campaign's programs, in the order in which nodes get them.
    ``signatures``: by lane, the names of signatures whose first program is on disk.
    """

    def __init__(
        self, totals: Totals, paths: StatePaths, lanes: int, announce: Callable[[str], None]
    ) -> None:
        self._totals, self._paths, self._announce = totals, paths, announce
        self._slot = 0
        self.programs: list[str] = []
        self._names: set[str] = set()
        self.signatures = [list(paths.list_signatures(lane)) for lane in range(lanes)]
        self.add_live()

    def add_live(self) -> None:
        """Add programs that others have put into libFuzzer's folder: seeds, and those of --sync."""
        found = sorted(self._paths.live.iterdir()) if self._paths.live.exists() else []
        for path in found:
            if path.name not in self._names:
                self._add_program(path.read_text(encoding="utf-8"))

    def merge(self, delivery: Delivery, messages: Messages) -> Iterator[Batch]:
        """Merge the batches that are new, and yield each.

        Where the disk is full, the batch is left out, and its node sends it again.
        """
        for batch in delivery.batches:
            if batch.number <= self._totals.find_batch(batch.process):
                continue
            try:
                self._write(batch, name_node(delivery.host, delivery.address))
            except OSError as error:
                self._announce(f"can't write what a node has found: {error.strerror}")
                return
            self._count(batch, name_node(delivery.host, delivery.address), messages)
            yield batch

    def merge_explored(self, delivery: Delivery) -> None:
        """Merge what was run together; on a full disk, fewer combinations are shown than were."""
        try:
            for lane, packed in delivery.explored.items():
                if lane < len(self.signatures):
                    merge_explored(self._paths.explored(lane), packed)
        except OSError as error:
            self._announce(f"can't write what was explored: {error.strerror}")

    def _write(self, batch: Batch, node: str) -> None:
        """Write the files first: whoever gets a message may read them at once."""
        row = self._totals.nodes.get(node, NodeRow())
        on = SeenOn(node, batch.build, row.processor, f"{row.kernel} {row.architecture}".strip())
        folder = self._paths.signatures(batch.lane)
        for name, content in batch.signatures.items():
            if SIGNATURE.fullmatch(name) and not (folder / name).exists():
                write_whole(folder / name, note_node(content, on))
                self.signatures[batch.lane].append(name)
        for text in batch.programs:
            name = hash_program(text)
            if name not in self._names:
                write_whole(self._paths.corpus / f"{name}.fin", text)
                self._add_program(text)

    def _add_program(self, text: str) -> None:
        if (name := hash_program(text)) not in self._names:
            self._names.add(name)
            self.programs.append(text)

    def _count(self, batch: Batch, node: str, messages: Messages) -> None:
        """Apply the messages as those of a worker that began with the batch and ends with it."""
        self._slot += 1
        member = Member(self._slot, batch.lane)
        for message in batch.messages:
            if isinstance(message, Progress):
                self._totals.add_to_node(node, message)
            messages.take(member, message)
        if batch.figures:
            messages.take_libfuzzer(member, batch.figures)
        self._totals.lanes[batch.lane].finish_worker(member.slot)
        self._totals.note_batch(batch.process, batch.number)
