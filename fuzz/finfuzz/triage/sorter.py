"""Sorting the failures of a campaign: known and filed ones are counted, new ones are filed."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.program.text import parse
from finfuzz.support.counting import count
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.triage.attribution.nodes import Nodes
from finfuzz.triage.deferred import Deferred, Progress
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.filer import Filer, Origin, Sighting
from finfuzz.triage.findings import routes
from finfuzz.triage.findings.finding import (
    find_filed,
    find_milder,
    index_buckets,
    is_fatal,
    load,
    update,
)
from finfuzz.triage.findings.known import (
    KnownDefect,
    find_known,
    find_regressed,
    load_known,
)
from finfuzz.triage.findings.record import SeenOn
from finfuzz.triage.findings.routes import RouteStart
from finfuzz.triage.findings.sightings import SeenBucket
from finfuzz.triage.oracles.compare import compare
from finfuzz.triage.rekeying import rekey
from finfuzz.triage.reproduction import Advance, advance_nothing
from finfuzz.triage.unconfirmed import keep_unconfirmed
from finfuzz.triage.unwritten import Unwritten


class Sorter:
    """The sorting of one build's failures in a campaign, with findings below ``crashes``.

    ``announce`` receives a line before each thing that takes time, ``advance`` how far it is in
    filing. Controls and instruments are
    deferred, and ``work`` runs them piece by piece: first the owner of every finding, then the
    rest, which ``owner_only`` leaves to `finfuzz attribute`. ``nodes``: of a cluster, which take a
    part of it. Close it when done: it then writes the
    counts of sightings.
    """

    def __init__(
        self,
        campaign: Build,
        crashes: Path,
        limits: Limits,
        origin: Origin,
        announce: Callable[[str], None],
        advance: Advance = advance_nothing,
        *,
        owner_only: bool = False,
        nodes: Nodes | None = None,
    ) -> None:
        self._build, self._crashes, self._limits = campaign, crashes, limits
        self._announce = announce
        self._known = load_known(crashes)
        for line in rekey(crashes):
            announce(line)
        self._filed = index_buckets(crashes)
        self._filer = Filer(campaign, crashes, limits, origin, announce, advance, nodes)
        self._deferred = Deferred(campaign, limits, announce, owner_only=owner_only, nodes=nodes)
        # As many diagnoses as differ in a day; each costs a search for every pattern of the list.
        self._explanation = lru_cache(maxsize=4096)(self._explain)
        self.seen: dict[str, SeenBucket] = {}
        self._uncounted: set[str] = set()  # buckets whose counts can't be written, as announced
        self.known: Counter[KnownDefect] = Counter()
        self._unwritten = Unwritten()
        self.unconfirmed: dict[str, SeenBucket] = {}
        self._others: Counter[str] = Counter()  # programs of unconfirmed buckets after the first

    def sight(
        self,
        text: str,
        outcome: Outcome,
        execution: int,
        seconds: float,
        times: int = 1,
        *,
        thorough: bool = False,
        on: SeenOn | None = None,
    ) -> tuple[Diagnosis, ...]:
        """Sort one program's outcome; ``execution`` and ``seconds`` are its place in the campaign.

        ``on``: the node of a cluster that met it.

        ``times`` is 0 where the caller will pass the sightings to ``count``. ``thorough``: as of
        ``compare``. Raise UserError where the control can't be built.
        """
        outcome = compare(
            self._build, parse(text), outcome, self._limits, self._announce, thorough=thorough
        )
        found = diagnose(outcome, self._limits.memory_mib)
        start = routes.read_start(text) if found else None
        for diagnosis in found:
            if self._tries_again(diagnosis) or not self.count(diagnosis, start, times):
                sighting = Sighting(text, outcome, diagnosis, execution, seconds, on)
                self._sort_first(sighting, start, times)
        return found

    def _tries_again(self, diagnosis: Diagnosis) -> bool:
        """Whether to try to file what did not come again, by another program of its bucket.

        By the second, third, fifth, ninth … of its programs: one that is rare must not hide those
        that fail each time.
        """
        bucket = diagnosis.bucket
        if bucket not in self.unconfirmed or self._explanation(diagnosis):
            return False
        self._others[bucket] += 1
        return self._others[bucket].bit_count() == 1

    @property
    def foresees(self) -> bool:
        """Whether nodes may begin with a program that ``sight`` will sort soon."""
        return self._filer.foresees

    def foresee(self, text: str, outcome: Outcome) -> None:
        """Have nodes begin with a program, where it is new."""
        for diagnosis in diagnose(outcome, self._limits.memory_mib):
            if self._is_new(diagnosis):
                self._filer.foresee(text, diagnosis)

    def count(self, diagnosis: Diagnosis, start: RouteStart | None = None, times: int = 1) -> bool:
        """Count sightings of a known, filed or unconfirmed bucket. False if there is none such."""
        explained = self._explanation(diagnosis)
        if explained:
            self.known[explained] += times
            return True
        bucket = diagnosis.bucket
        seen = self.seen.get(bucket) or self.unconfirmed.get(bucket)
        if seen is None or (diagnosis.signal != "NONE" and seen.diagnosis.signal == "NONE"):
            return False  # so far nothing had crashed there
        seen.add(diagnosis, start, times)
        return True

    def work(self) -> bool:
        """Run a piece of the deferred work, the oldest finding first. False if there is none.

        Afterwards ``progress`` tells what was run.
        """
        return self._deferred.work()

    @property
    def lacks_owner(self) -> bool:
        """Whether deferred work will tell the owner of a finding."""
        return self._deferred.lacks_owner

    @property
    def progress(self) -> Progress | None:
        """How far the deferred work is; None where none is left."""
        return self._deferred.progress

    @property
    def unfiled(self) -> dict[str, str]:
        """Why failures are not filed, by bucket."""
        return self._unwritten.reasons

    @property
    def waiting(self) -> list[Path]:
        """Findings with deferred work."""
        return self._deferred.waiting

    def save(self) -> None:
        """Write the counts of sightings into the findings."""
        for bucket, seen in self.seen.items():
            if seen.path is None or not seen.unsaved:
                continue
            if not seen.path.is_dir():  # replaced by another lane's, which is fatal
                seen.path = find_filed(self._crashes, bucket) or seen.path
            try:
                seen.save(seen.path)
                self._uncounted.discard(bucket)
            except UserError as error:  # a damaged finding must not cost the counts of others
                if bucket not in self._uncounted:  # it is tried again every ten seconds
                    self._announce(f"{count(seen.unsaved, 'sighting')} not counted: {error}")
                self._uncounted.add(bucket)

    def close(self) -> None:
        """End the executor and save."""
        self._filer.close()
        self.save()

    def _explain(self, diagnosis: Diagnosis) -> KnownDefect | None:
        return find_known(diagnosis, self._build.spec, self._build.interpreter.text, self._known)

    def _is_new(self, diagnosis: Diagnosis) -> bool:
        bucket = diagnosis.bucket
        known = (self.seen, self.unconfirmed, self._filed)
        if any(bucket in one for one in known) or self._explanation(diagnosis):
            return False
        return self._find_filed(bucket) is None

    def _sort_first(self, sighting: Sighting, start: RouteStart | None, times: int) -> None:
        diagnosis = sighting.diagnosis
        seen = self._get_seen(sighting)
        seen.add(diagnosis, start, times)
        filed = self._find_filed(diagnosis.bucket)
        if filed is not None and (is_fatal(filed) or diagnosis.signal == "NONE"):
            seen.path = filed
            self.seen[diagnosis.bucket] = seen
            return
        try:
            self._file(sighting, seen, filed)
        except FileExistsError as error:  # filed by another campaign while this one confirmed
            seen.path = self._filed[diagnosis.bucket] = Path(str(error))
            self.seen[diagnosis.bucket] = seen
        except (UserError, OSError) as error:  # a full disk, say: counting goes on
            why = self._unwritten.add(diagnosis.bucket, error)
            self._announce(f"{diagnosis} {diagnosis.bucket}: not filed: {why}")
            self.seen[diagnosis.bucket] = seen

    def retry(self) -> None:
        """Write the findings that could not be written before, if there is room now."""
        for written in self._unwritten.write(self._crashes):
            seen = self.seen[written.bucket]
            if written.new:
                self._take_filed(written.folder, seen)
            seen.path = self._filed[written.bucket] = written.folder
            self._announce(f"{seen.diagnosis} {written.bucket}: filed now: {written.folder}")

    def _find_filed(self, bucket: str) -> Path | None:
        """Find a bucket's folder, which another campaign, or another lane, may have filed since.

        Whatever its signal: the same damage ends by SIGSEGV there and by SIGABRT here.
        """
        filed = self._filed.get(bucket)
        return filed if filed is not None and filed.is_dir() else find_filed(self._crashes, bucket)

    def _get_seen(self, sighting: Sighting) -> SeenBucket:
        """Get the campaign's record of the bucket (a milder form, perhaps) or a new one."""
        diagnosis = sighting.diagnosis
        seen = self.seen.get(diagnosis.bucket) or self.unconfirmed.get(diagnosis.bucket)
        if seen is None:
            return SeenBucket(diagnosis, sighting.execution, sighting.seconds)
        seen.diagnosis = diagnosis
        return seen

    def _file(self, sighting: Sighting, seen: SeenBucket, filed: Path | None) -> None:
        diagnosis = sighting.diagnosis
        python = self._build.interpreter.text
        regressed = find_regressed(diagnosis, self._build.spec, python, self._known)
        doubt = self._filer.find_doubt(sighting)
        title = regressed.title if regressed else ""
        folder = None if doubt else self._filer.file(sighting, title)
        if folder is None and filed is None:
            self._keep_unconfirmed(sighting, seen, doubt or "not reproduced in fresh processes")
            return
        if folder is None:
            seen.path = filed
            self.seen[diagnosis.bucket] = seen
            return
        self.unconfirmed.pop(diagnosis.bucket, None)
        self.seen[diagnosis.bucket] = seen
        self._take_filed(folder, seen)

    def _take_filed(self, folder: Path, seen: SeenBucket) -> None:
        seen.path, seen.new = folder, True
        bucket = seen.diagnosis.bucket
        self._filed[bucket] = folder
        milder = find_milder(self._crashes, bucket)
        if milder is not None and is_fatal(folder):
            self._replace(milder, folder)
        self.defer(folder)

    def _replace(self, milder: Path, folder: Path) -> None:
        """Replace a milder finding, where nothing had crashed, and take over its counts."""
        before, finding = load(milder), load(folder)
        finding.sightings += before.sightings
        finding.signals = dict(Counter(finding.signals) + Counter(before.signals))
        for route in before.routes:
            routes.add(finding.routes, route)
        update(folder, finding)
        if before.merged_into:
            into = f"was merged into {before.merged_into}"
            self._announce(f"{before.bucket} {into}, where nothing crashes: it is its own now")
        for bucket, path in self._filed.items():  # what was merged into the milder one, too
            if path == milder:
                self._filed[bucket] = folder
        for seen in self.seen.values():
            if seen.path == milder:
                seen.path = folder
        self._deferred.drop(milder)
        shutil.rmtree(milder)

    def defer(self, folder: Path) -> None:
        """Leave a finding's controls and instruments to ``work``."""
        self._deferred.add(folder)

    def _keep_unconfirmed(self, sighting: Sighting, seen: SeenBucket, why: str) -> None:
        diagnosis = sighting.diagnosis
        seen.path = keep_unconfirmed(
            self._crashes, diagnosis.bucket, sighting.text, sighting.outcome
        )
        self.unconfirmed[diagnosis.bucket] = seen
        name = f"{diagnosis} {diagnosis.bucket}"
        self._announce(f"{name}: {why}, kept as unconfirmed")
