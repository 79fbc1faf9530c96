"""A campaign's history, thinned: a journal of weeks has more rows than a plot has pixels."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from finfuzz.campaign.journal_queries import JournalReader, Row
from finfuzz.report.page.clock import Clock

#: Points of a line: a plot is some 300 pixels wide.
POINTS = 240
#: Shorter intervals give no useful rate: the first sample comes after the first few programs.
_LEAST_SECONDS = 0.5

Points = tuple[tuple[float, float], ...]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The history of one lane. Points are (seconds of fuzzing, value).

    ``rate`` is the executions per second between two points. Missing values are left out.
    """

    name: str
    rate: Points = ()
    executions: Points = ()
    corpus: Points = ()
    features: Points = ()
    deaths: Points = ()
    findings: Points = ()


class MachineLine(msgspec.Struct, frozen=True, kw_only=True):
    """The machine's history in MiB. A point has the largest value of its rows; the load, the mean.

    ``now`` is the last row by column, None before the first.
    """

    memory: Points = ()
    supervisor: Points = ()
    worker: Points = ()
    triage: Points = ()
    load: Points = ()
    disk: Points = ()
    now: dict[str, float | None] | None = None


def sample_lines(journal: JournalReader, workers: int, names: Sequence[str]) -> tuple[Line, ...]:
    """A line for each lane that has samples, over the time of fuzzing by the clock.

    That is the time of all ``workers``, divided by their number. It stands still while a campaign
    builds, sorts its last crashes and runs controls, so rates are those that the terminal shows.
    """
    fuzzed = journal.sum_sampled_seconds()
    rows: dict[int, list[tuple[float, Row]]] = {}
    for row in journal.load_samples(POINTS):
        rows.setdefault(row["lane"], []).append((fuzzed[row["time"]] / workers, row))
    known = range(len(names))
    return tuple(
        _line(names[lane] if lane in known else f"lane {lane}", rows[lane]) for lane in sorted(rows)
    )


def _line(name: str, rows: Sequence[tuple[float, Row]]) -> Line:
    def of(column: str, *, from_zero: bool = True) -> Points:
        # of rows at one time, the last: what was filed when the fuzzing was over
        values = {at: row[column] for at, row in rows}
        found = [(at, float(value)) for at, value in values.items() if value is not None]
        return ((0.0, 0.0), *found) if found and from_zero else tuple(found)

    executions = of("executions")
    rate: list[tuple[float, float]] = []
    before = executions[0] if executions else (0.0, 0.0)
    for at, done in executions[1:]:
        if at - before[0] >= _LEAST_SECONDS:
            rate.append((at, max(done - before[1], 0.0) / (at - before[0])))
            before = (at, done)
    return Line(
        name=name,
        rate=tuple(rate),
        executions=executions,
        corpus=of("corpus", from_zero=False),
        features=of("features", from_zero=False),
        deaths=of("deaths"),
        findings=of("findings"),
    )


def machine_line(journal: JournalReader, clock: Clock) -> MachineLine:
    """What the machine's rows say; empty where there are none."""
    rows = journal.load_resources(POINTS)

    def of(column: str) -> Points:
        values = [(clock.elapsed(row["time"]), row[column]) for row in rows]
        return tuple((at, float(value)) for at, value in values if value is not None)

    lines = {name: of(name) for name in MachineLine.__struct_fields__ if name != "now"}
    return MachineLine(**lines, now=journal.load_last_resources())
