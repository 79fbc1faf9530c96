"""What a worker process has sent since its last batch, as increments that can be merged once."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from finfuzz.campaign.messages import (
    Finished,
    FromWorker,
    NewSignature,
    Progress,
    SightingCount,
    SightingCounts,
    Tallies,
    WorkerWarning,
    ZygoteOutcome,
)
from finfuzz.generation.learning import Tally

Counts = dict[tuple[str, tuple[str, ...]], SightingCount]


class Draft:
    """The messages of a process, of which ``take`` makes those of a batch.

    Counts of a process run from its start; a batch has what was added since the last one.
    ``problem``: why the process can't go on, by its last message; None before that.
    """

    def __init__(self) -> None:
        self._progress = self._sent_progress = Progress()
        self._tallies: tuple[Tally, ...] = ()
        self._sent_tallies: dict[tuple[str, str], Tally] = {}
        self._counts: Counts = {}
        self._rest: list[FromWorker] = []
        self._warnings: dict[str, WorkerWarning] = {}
        self._outcome: ZygoteOutcome | None = None
        self._figures: dict[str, int] = {}
        self.problem: str | None = None

    @property
    def seconds(self) -> float:
        """The seconds that the process has fuzzed."""
        return self._progress.seconds

    def add(self, message: FromWorker) -> None:
        """Add a message of the process."""
        if isinstance(message, Progress):
            self._progress = message
        elif isinstance(message, Tallies):
            self._tallies = message.tallies
        elif isinstance(message, SightingCounts):
            _add_counts(self._counts, message.counts)
        elif isinstance(message, WorkerWarning):
            self._warnings[message.line] = message
        elif isinstance(message, ZygoteOutcome):
            self._outcome = message
        elif isinstance(message, Finished):
            self._progress, self.problem = message.progress, message.problem
        else:
            self._rest.append(message)

    def add_figures(self, figures: dict[str, int]) -> None:
        """Add figures of the process's libFuzzer."""
        self._figures.update(figures)

    def take(self) -> tuple[tuple[FromWorker, ...], dict[str, int]]:
        """Take the messages of a batch, and libFuzzer's latest figures."""
        before = self._sent_progress
        messages: list[FromWorker] = [_rebase(one, before.executions) for one in self._rest]
        if self._counts:
            messages.append(SightingCounts(tuple(self._counts.values())))
        messages += self._warnings.values()
        messages += [self._outcome] if self._outcome is not None else []
        messages.append(_subtract(self._progress, before))
        messages.append(Tallies(tuple(self._take_tallies())))
        figures = dict(self._figures)
        self._sent_progress = self._progress
        self._counts, self._rest, self._warnings, self._outcome = {}, [], {}, None
        return tuple(messages), figures

    def _take_tallies(self) -> Iterable[Tally]:
        for one in self._tallies:
            sent = self._sent_tallies.get((one.sort, one.name), Tally(one.sort, one.name))
            if one != sent:
                self._sent_tallies[one.sort, one.name] = one
                yield Tally(
                    one.sort,
                    one.name,
                    one.tried - sent.tried,
                    one.features - sent.features,
                    one.signatures - sent.signatures,
                    one.weight,
                )


def _add_counts(counts: Counts, more: Iterable[SightingCount]) -> None:
    for one in more:
        key = (one.signature, one.roots)
        before = counts.get(key)
        sightings = one.sightings + (before.sightings if before else 0)
        counts[key] = SightingCount(*key, sightings, (before.text if before else "") or one.text)


def _rebase(message: FromWorker, executions: int) -> FromWorker:
    """Count the execution of a signature from the batch's beginning, and its time not at all."""
    if isinstance(message, NewSignature):
        execution = max(message.execution - executions, 0)
        return msgspec.structs.replace(message, execution=execution, seconds=0.0)
    return message


def _subtract(now: Progress, before: Progress) -> Progress:
    """Subtract the counts of an earlier moment; what is no count comes from the later one."""
    effective, skipped, raised = (a - b for a, b in zip(now.took, before.took, strict=True))
    return Progress(
        executions=now.executions - before.executions,
        seconds=now.seconds - before.seconds,
        child_seconds=now.child_seconds - before.child_seconds,
        mutation_seconds=now.mutation_seconds - before.mutation_seconds,
        took=(effective, skipped, raised),
        touched=now.touched - before.touched,
        deaths=now.deaths - before.deaths,
        early=now.early - before.early,
        zygotes_replaced=now.zygotes_replaced - before.zygotes_replaced,
        unstable=now.unstable,
        floor_seconds=now.floor_seconds,
    )
