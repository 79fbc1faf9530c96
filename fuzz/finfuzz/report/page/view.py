"""Collect the data of each finding's part of the page, also for a damaged or missing finding."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.program.walk import walk
from finfuzz.report.graph import build_graphs
from finfuzz.report.page.data import Campaign, Seen
from finfuzz.report.page.drawing import Drawing, draw_graph
from finfuzz.report.page.text import read_start
from finfuzz.report.page.timeline import Timeline, draw_timeline
from finfuzz.support.hints import spell_command
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.listing import ListedFinding
from finfuzz.triage.findings.story import summarize

#: Rows shown of a finding's tables; finding.json may hold more than anybody reads.
MOST_FRAMES, MOST_ROUTES, MOST_CELLS = 60, 12, 120
#: Lines of standard error that are shown at once; more are folded.
MOST_LINES = 40
#: Interpreters whose object graph is drawn.
MOST_DRAWINGS = 24
_SOURCES = (
    *(
        "repro.py",
        "finfuzz_target.py",
        "extension.cpp",
        "extension.pyx",
        "capi.cpp",
        "after_main.cpp",
    ),
    "recipe.toml",
)
_RANKS = ("damaged", "missing", "regressed", "new", "known", "merged")


class Excerpt(msgspec.Struct, frozen=True):
    """The start of a file. ``left`` counts the bytes that are not shown."""

    name: str
    text: str
    left: int


class StepLine(msgspec.Struct, frozen=True):
    """A line of the program. An ``idle`` step has no effect at its place."""

    number: int
    text: str
    idle: bool


class FindingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row in the table of findings. ``key`` is its id on the page.

    ``status`` is that of `finfuzz triage`, or "missing" if only the journal knows the finding.
    ``seen`` counts all sightings, ``here`` those of this campaign; ``after`` is the time of the
    first one here.
    """

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
    def title(self) -> str:
        """The finding's title; signal and diagnostic where it can't be read."""
        return self.finding.title if self.finding else f"{self.signal} {self.diagnostic}"

    @property
    def attribute_command(self) -> str:
        """The command that runs the controls that are left."""
        *crashes, _, _, _ = Path(self.folder).parts
        return spell_command("attribute", self.bucket, crashes=Path(*crashes))

    @property
    def stamp(self) -> str:
        """A digest of the row and its files, which changes when the finding may have changed."""
        facts = [self.key, self.status, self.owner, self.problem, self.here, self.seen, self.new]
        known = self.entry.known if self.entry else None
        times = _read_times(self.entry.folder) if self.entry else ()
        text = repr((facts, known.title if known else "", times))
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """The part that opens below a row."""

    plot: str = ""
    steps: tuple[StepLine, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    timeline: Timeline | None = None
    sources: tuple[Excerpt, ...] = ()
    stderr: Excerpt | None = None
    instruments: dict[str, Excerpt] = {}


def collect_rows(entries: Iterable[ListedFinding], campaign: Campaign) -> list[FindingRow]:
    """Make rows of all findings, and of those that the campaign filed and whose folder is gone.

    The most urgent status comes first.
    """
    filed: dict[str, list[Seen]] = {}
    for one in campaign.filed:
        filed.setdefault(one.bucket, []).append(one)
    found: list[FindingRow] = []
    keys: set[str] = set()
    for entry in entries:
        finding = entry.finding
        *_, signal, diagnostic, name = entry.folder.parts
        bucket = finding.bucket if finding else name
        former = finding.former if finding else ()
        seen = [one for each in {bucket, name, *former} for one in filed.pop(each, [])]
        found.append(
            FindingRow(
                key=_make_key(bucket, keys),
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
    for bucket, seen in filed.items():
        first = seen[0]
        found.append(
            FindingRow(
                key=_make_key(bucket, keys),
                bucket=bucket,
                status="missing",
                signal=first.signal,
                diagnostic=first.diagnostic,
                owner="?",
                problem="filed by this campaign, but its folder is gone",
                folder=first.path,
                here=sum(one.sightings for one in seen),
                after=min(one.seconds for one in seen),
                new=first.new,
                seen=0,
            )
        )
    return sorted(found, key=lambda row: (_RANKS.index(row.status), -row.seen, row.bucket))


def load_detail(row: FindingRow) -> Detail:
    """Read the finding's folder and draw its program."""
    finding = row.finding
    if row.entry is None or finding is None:
        return Detail()
    folder = row.entry.folder
    sources = tuple(file for name in _SOURCES if (file := _read_excerpt(folder, name)))
    instruments = {
        each.name: file
        for each in finding.escalation
        if each.file and (file := _read_excerpt(folder, each.file))
    }
    program = parse(finding.program)
    graphs = build_graphs(program)[:MOST_DRAWINGS]
    return Detail(
        plot=summarize(program),
        steps=_list_steps(program),
        drawings=tuple(draw_graph(graph) for graph in graphs),
        timeline=draw_timeline(
            program, finding.phase, finding.interpreter, survives=finding.signal == "NONE"
        ),
        sources=sources,
        stderr=_read_excerpt(folder, "stderr.txt"),
        instruments=instruments,
    )


def _list_steps(program: Program) -> tuple[StepLine, ...]:
    return tuple(
        StepLine(
            visit.position + 1, " ".join([visit.step.op, *visit.step.args]), not visit.has_effect
        )
        for visit in walk(program)
    )


def _read_excerpt(folder: Path, name: str) -> Excerpt | None:
    """Read a file of the finding's folder; ignore a name that leads out of the folder."""
    path = (folder / name).resolve()
    if not path.is_file() or not path.is_relative_to(folder.resolve()):
        return None
    found = read_start(path)
    return Excerpt(name, *found) if found and found[0] else None


def _read_times(folder: Path) -> tuple[tuple[str, int], ...]:
    found = []
    for name in ("finding.json", "stderr.txt", *_SOURCES):
        try:
            found.append((name, (folder / name).stat().st_mtime_ns))
        except OSError:
            continue
    return tuple(found)


def _make_key(bucket: str, keys: set[str]) -> str:
    """Make a new id for the page: the bucket if it can be an id, else its digest."""
    base = bucket
    if not re.fullmatch(r"[0-9A-Za-z-]{1,40}", bucket):
        base = hashlib.sha256(bucket.encode("utf-8", "backslashreplace")).hexdigest()[:12]
    key, number = f"f-{base}", 1
    while key in keys:
        number += 1
        key = f"f-{base}-{number}"
    keys.add(key)
    return key
