"""Sorts what goes wrong in a campaign: counts what is known or filed, has the rest filed."""

from __future__ import annotations

import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import msgspec

from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.triage.attribution.attribute import attributed
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.filer import Filer, Origin, Sighting
from finfuzz.triage.findings import routes
from finfuzz.triage.findings.finding import dies, filed, folder_of, load, update
from finfuzz.triage.findings.known import Known, known, known_in, regressed
from finfuzz.triage.findings.rekey import rekey
from finfuzz.triage.findings.routes import Route, Way
from finfuzz.triage.instruments.escalate import escalated


class Seen(msgspec.Struct):
    """A bucket in this campaign. ``path`` is None while it is not filed.

    ``sightings`` in all; ``unsaved``, ``signals`` and ``routes`` are those that its finding.json
    does not count yet.
    """

    diagnosis: Diagnosis
    execution: int
    seconds: float
    sightings: int = 0
    path: Path | None = None
    new: bool = False
    unsaved: int = 0
    signals: Counter[str] = msgspec.field(default_factory=Counter)
    routes: list[Route] = []

    def add(self, diagnosis: Diagnosis, way: Way | None, times: int) -> None:
        if times == 0:
            return
        self.sightings += times
        self.unsaved += times
        self.signals[diagnosis.signal] += times
        if way is not None:
            routes.add(self.routes, Route(diagnosis.route, way.roots, times, way.program))

    def save(self, folder: Path) -> None:
        """Adds what is not counted yet to the finding. Raises UserError."""
        finding = load(folder)
        finding.sightings += self.unsaved
        finding.signals = dict(Counter(finding.signals) + self.signals)
        for route in self.routes:
            routes.add(finding.routes, route)
        update(folder, finding)
        self.unsaved, self.signals, self.routes = 0, Counter(), []


class Sorter:
    """Files the deaths of one campaign under ``crashes``.

    ``announce`` gets a line for each thing that takes time. What can wait (whose defect is it, what
    do heavier instruments say) is done piece by piece by ``work``. Close it when done: it writes
    the counts of sightings then.
    """

    def __init__(
        self,
        campaign: Build,
        crashes: Path,
        limits: Limits,
        origin: Origin,
        announce: Callable[[str], None],
    ) -> None:
        self._build, self._crashes, self._limits = campaign, crashes, limits
        self._announce = announce
        self._known = known_in(crashes)
        for line in rekey(crashes):
            announce(line)
        self._filed = filed(crashes)
        self._filer = Filer(campaign, crashes, limits, origin, announce)
        self._later: deque[tuple[Path, Iterator[object]]] = deque()
        # As many as differ in a day; each costs a search for every pattern of the list.
        self._explanation = lru_cache(maxsize=4096)(self._explain)
        self.seen: dict[str, Seen] = {}
        self.known: Counter[Known] = Counter()
        self.unconfirmed: dict[str, Seen] = {}

    def sight(
        self, text: str, outcome: Outcome, execution: int, seconds: float, times: int = 1
    ) -> tuple[Diagnosis, ...]:
        """Takes one program and what became of it, at its place in the campaign. ``times`` is 0
        where ``count`` will hear of it."""
        found = diagnose(outcome, self._limits.memory_mib)
        way = routes.way_of(text) if found else None
        for diagnosis in found:
            if not self.count(diagnosis, way, times):
                self._first(Sighting(text, outcome, diagnosis, execution, seconds), way, times)
        return found

    def count(self, diagnosis: Diagnosis, way: Way | None = None, times: int = 1) -> bool:
        """Counts sightings of what is known, filed or kept aside already; else False."""
        explained = self._explanation(diagnosis)
        if explained:
            self.known[explained] += times
            return True
        bucket = diagnosis.bucket
        seen = self.seen.get(bucket) or self.unconfirmed.get(bucket)
        if seen is None or (diagnosis.signal != "NONE" and seen.diagnosis.signal == "NONE"):
            return False  # nothing had died of it yet
        seen.add(diagnosis, way, times)
        return True

    def work(self) -> bool:
        """Does a piece of what was put off, of the oldest finding first. False: there is none."""
        while self._later:
            folder, pieces = self._later[0]
            try:
                next(pieces)
                return True
            except StopIteration:
                self._later.popleft()
                if folder not in self.waiting:
                    self._announce_owner(folder)
            except UserError as error:
                self._later.popleft()
                self._announce(f"{folder.name}: {error}")
        return False

    @property
    def waiting(self) -> list[Path]:
        """Findings of which something was put off and is not done."""
        return [folder for folder, _ in self._later]

    def save(self) -> None:
        """Writes how often each bucket was seen."""
        for seen in self.seen.values():
            if seen.path is None or not seen.unsaved:
                continue
            try:
                seen.save(seen.path)
            except UserError as error:  # one that is damaged is no reason to lose the others
                self._announce(f"{seen.unsaved} sightings not counted: {error}")

    def close(self) -> None:
        """Ends the executor and saves."""
        self._filer.close()
        self.save()

    def _announce_owner(self, folder: Path) -> None:
        attribution = load(folder).attribution
        if attribution is not None:
            self._announce(f"{folder.name}: {attribution.owner}: {attribution.reason}")

    def _explain(self, diagnosis: Diagnosis) -> Known | None:
        return known(diagnosis, self._build.spec, self._build.interpreter.text, self._known)

    def _first(self, sighting: Sighting, way: Way | None, times: int) -> None:
        diagnosis = sighting.diagnosis
        seen = self._seen_before(sighting)
        seen.add(diagnosis, way, times)
        milder = self._filed.get(diagnosis.bucket) or self._filed_meanwhile(diagnosis)
        if milder is not None and (dies(milder) or diagnosis.signal == "NONE"):
            seen.path = milder
            self.seen[diagnosis.bucket] = seen
            return
        try:
            self._file(sighting, seen, milder)
        except FileExistsError as error:  # another campaign's, filed while this one was confirming
            seen.path = self._filed[diagnosis.bucket] = Path(str(error))
            self.seen[diagnosis.bucket] = seen
        except UserError as error:  # a full disk, say: it is counted on, and not tried again
            self._announce(f"{diagnosis} {diagnosis.bucket}: not filed: {error}")
            self.seen[diagnosis.bucket] = seen

    def _filed_meanwhile(self, diagnosis: Diagnosis) -> Path | None:
        """Its folder, where another lane or campaign has filed it since this one began."""
        folder = self._crashes / folder_of(diagnosis.signal, diagnosis.diagnostic, diagnosis.bucket)
        return folder if folder.is_dir() else None

    def _seen_before(self, sighting: Sighting) -> Seen:
        """What is known of a milder form of it in this campaign, or a new record."""
        diagnosis = sighting.diagnosis
        seen = self.seen.get(diagnosis.bucket) or self.unconfirmed.get(diagnosis.bucket)
        if seen is None:
            return Seen(diagnosis, sighting.execution, sighting.seconds)
        seen.diagnosis = diagnosis
        return seen

    def _file(self, sighting: Sighting, seen: Seen, milder: Path | None) -> None:
        diagnosis = sighting.diagnosis
        python = self._build.interpreter.text
        mended = regressed(diagnosis, self._build.spec, python, self._known)
        folder = self._filer.file(sighting, mended.title if mended else "")
        if folder is None and milder is None:
            self._keep_unconfirmed(sighting, seen)
            return
        if folder is None:
            seen.path = milder
            self.seen[diagnosis.bucket] = seen
            return
        self.unconfirmed.pop(diagnosis.bucket, None)
        self.seen[diagnosis.bucket] = seen
        seen.path, seen.new = folder, True
        self._filed[diagnosis.bucket] = folder
        if milder is not None:
            self._replace(milder, folder)
        self.put_off(folder)

    def _replace(self, milder: Path, folder: Path) -> None:
        """The same defect, filed where nothing had died of it yet: its counts go over."""
        before, finding = load(milder), load(folder)
        finding.sightings += before.sightings
        finding.signals = dict(Counter(finding.signals) + Counter(before.signals))
        for route in before.routes:
            routes.add(finding.routes, route)
        update(folder, finding)
        self._later = deque(put_off for put_off in self._later if put_off[0] != milder)
        shutil.rmtree(milder)

    def put_off(self, folder: Path) -> None:
        """Has ``work`` say whose defect a finding is, and what heavier instruments do."""
        spec, interpreter, limits = self._build.spec, self._build.interpreter, self._limits
        pieces = (attributed, escalated)
        for piece in pieces:
            self._later.append((folder, piece(folder, spec, interpreter, limits, self._announce)))

    def _keep_unconfirmed(self, sighting: Sighting, seen: Seen) -> None:
        diagnosis = sighting.diagnosis
        folder = self._crashes / "unconfirmed" / diagnosis.bucket
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "program.fin").write_text(sighting.text, encoding="utf-8")
        (folder / "stderr.txt").write_text(sighting.outcome.stderr, encoding="utf-8")
        (folder / "outcome.json").write_bytes(msgspec.json.encode(sighting.outcome))
        seen.path = folder
        self.unconfirmed[diagnosis.bucket] = seen
        self._announce(
            f"{diagnosis} {diagnosis.bucket}: never again in fresh processes, kept aside"
        )
