"""One finding, or what is left of one, with all that its part of the page shows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from finfuzz.program.model import Program
from finfuzz.program.text import ParseError, parse
from finfuzz.program.walk import walk
from finfuzz.report.graph import graph_of
from finfuzz.report.page.data import Campaign, Seen
from finfuzz.report.page.drawing import Drawing, drawing
from finfuzz.report.page.text import read_start
from finfuzz.report.page.timeline import Timeline, timeline
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.listing import ListedFinding
from finfuzz.triage.findings.story import plot

#: What a finding.json may hold more of than anybody reads.
MOST_FRAMES, MOST_ROUTES, MOST_CELLS = 60, 12, 120
#: A drawing for each of so many interpreters.
MOST_DRAWINGS = 24
_SOURCES = ("repro.py", "finfuzz_target.py", "extension.cpp", "capi.cpp")
_RANKS = ("damaged", "missing", "regressed", "new", "known", "merged")


class File(msgspec.Struct, frozen=True):
    """``left``: bytes that are not shown."""

    name: str
    text: str
    left: int


class StepLine(msgspec.Struct, frozen=True):
    """A line of the program. ``idle``: it has no effect there."""

    number: int
    text: str
    idle: bool


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the table of findings. ``key``: its id on the page; ``status`` as `triage` has it,
    or missing: the journal knows it, and its folder is gone. ``seen`` and ``here``: sightings in
    all, and in this campaign."""

    key: str
    bucket: str
    status: str
    signal: str
    diagnostic: str
    owner: str
    problem: str
    folder: str
    here: int
    after: float | None
    new: bool
    seen: int
    entry: ListedFinding | None = None

    @property
    def finding(self) -> Finding | None:
        return self.entry.finding if self.entry else None

    @property
    def stamp(self) -> str:
        """Changes when what is shown of it may have."""
        facts = [self.key, self.status, self.owner, self.problem, self.here, self.seen, self.new]
        known = self.entry.known if self.entry else None
        times = _times(self.entry.folder) if self.entry else ()
        text = repr((facts, known.title if known else "", times))
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """What opens below a row. ``problem``: why its program can't be drawn, empty if it can."""

    plot: str = ""
    steps: tuple[StepLine, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    timeline: Timeline | None = None
    sources: tuple[File, ...] = ()
    stderr: File | None = None
    instruments: dict[str, File] = {}
    problem: str = ""


def rows(entries: Iterable[ListedFinding], campaign: Campaign) -> list[Row]:
    """All findings of a crashes folder, and those that the campaign filed and that are gone; the
    gravest first."""
    met: dict[str, list[Seen]] = {}
    for one in campaign.filed:
        met.setdefault(one.bucket, []).append(one)
    found: list[Row] = []
    keys: set[str] = set()
    for entry in entries:
        finding = entry.finding
        *_, signal, diagnostic, name = entry.folder.parts
        bucket = finding.bucket if finding else name
        former = finding.former if finding else ()
        seen = [one for each in {bucket, name, *former} for one in met.pop(each, [])]
        found.append(
            Row(
                key=_key(bucket, keys),
                bucket=bucket,
                status=entry.status,
                signal=finding.signal if finding else signal,
                diagnostic=finding.diagnostic if finding else diagnostic,
                owner=entry.owner,
                problem=entry.problem,
                folder=str(entry.folder),
                here=sum(one.sightings for one in seen),
                after=min((one.seconds for one in seen), default=None),
                new=any(one.new for one in seen),
                seen=finding.sightings if finding else 0,
                entry=entry,
            )
        )
    for bucket, seen in met.items():
        first = seen[0]
        found.append(
            Row(
                key=_key(bucket, keys),
                bucket=bucket,
                status="missing",
                signal=first.signal,
                diagnostic=first.diagnostic,
                owner="?",
                problem="the campaign filed it, and its folder is gone",
                folder=first.path,
                here=sum(one.sightings for one in seen),
                after=min(one.seconds for one in seen),
                new=first.new,
                seen=0,
            )
        )
    return sorted(found, key=lambda row: (_RANKS.index(row.status), -row.seen, row.bucket))


def detail(row: Row) -> Detail:
    """Reads the finding's folder and draws its program."""
    finding = row.finding
    if row.entry is None or finding is None:
        return Detail()
    folder = row.entry.folder
    sources = tuple(file for name in _SOURCES if (file := _file(folder, name)))
    instruments = {
        each.name: file
        for each in finding.escalation
        if each.file and (file := _file(folder, each.file))
    }
    try:
        program = parse(finding.program)
    except ParseError as error:
        lines = tuple(
            StepLine(number, line, False)
            for number, line in enumerate(finding.program.splitlines()[:200])
        )
        drawn = Detail(steps=lines, problem=f"its program can't be read: {error}")
    else:
        graphs = graph_of(program)[:MOST_DRAWINGS]
        drawn = Detail(
            plot=plot(program),
            steps=_steps(program),
            drawings=tuple(drawing(graph) for graph in graphs),
            timeline=timeline(
                program, finding.phase, finding.interpreter, survives=finding.signal == "NONE"
            ),
        )
    return msgspec.structs.replace(
        drawn, sources=sources, stderr=_file(folder, "stderr.txt"), instruments=instruments
    )


def _steps(program: Program) -> tuple[StepLine, ...]:
    return tuple(
        StepLine(
            visit.position + 1, " ".join([visit.step.op, *visit.step.args]), not visit.has_effect
        )
        for visit in walk(program)
    )


def _file(folder: Path, name: str) -> File | None:
    """A file of the finding's own: what finding.json names elsewhere is not read."""
    path = (folder / name).resolve()
    if not path.is_file() or not path.is_relative_to(folder.resolve()):
        return None
    found = read_start(path)
    return File(name, *found) if found and found[0] else None


def _times(folder: Path) -> tuple[tuple[str, int], ...]:
    found = []
    for name in ("finding.json", "stderr.txt", *_SOURCES):
        try:
            found.append((name, (folder / name).stat().st_mtime_ns))
        except OSError:
            continue
    return tuple(found)


def _key(bucket: str, keys: set[str]) -> str:
    """A new id for the page: the bucket where it can be one."""
    base = bucket
    if not re.fullmatch(r"[0-9A-Za-z-]{1,40}", bucket):
        base = hashlib.sha256(bucket.encode("utf-8", "backslashreplace")).hexdigest()[:12]
    key, number = f"f-{base}", 1
    while key in keys:
        number += 1
        key = f"f-{base}-{number}"
    keys.add(key)
    return key
