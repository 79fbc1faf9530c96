"""The state folder of campaigns: its paths, its lock, and its tidying after a kill.

    STATE/lock          locked while a supervisor works here
    STATE/sync-owner    a random text that marks what `--sync` publishes
    STATE/corpus/       programs with new features, named by the SHA-1 of their text
    STATE/campaign/     the current campaign, or the last one
        plan.json       the plan
        journal.sqlite  counts and their history
        signatures/     the first program of each signature, by lane
        novelty-*       how often each static feature was run, by lane
        explored-*      which combinations of words were run, by lane
        sweep-*         how much of the sweep was run, by lane
        sync.json       what came from other machines
        cluster-name    what nodes know the campaign by
        live/           libFuzzer's own folder, shared by the workers, made again at each start
        tmp/            triage compiles and runs here; removed after a kill
    STATE/campaign-*/   earlier campaigns

libFuzzer writes its files in place, so a kill may leave half a program in ``live``. Workers write
``corpus`` whole, and only ``corpus`` is kept.
"""

from __future__ import annotations

import hashlib
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import filelock
import msgspec

from finfuzz.campaign.journal import Journal, rebuild
from finfuzz.campaign.journal_checks import SIGNATURE
from finfuzz.campaign.journal_schema import OtherVersionError
from finfuzz.campaign.plan import Plan
from finfuzz.program.file import read_program
from finfuzz.program.text import to_text
from finfuzz.support.errors import UserError
from finfuzz.support.files import remove_leftovers, require_utf8, write_whole
from finfuzz.support.reading import read_bounded
from finfuzz.targets.own_files import is_own, note_own
from finfuzz.targets.spec import parse_target

#: Signatures of each lane whose first program is kept; further ones are only counted.
MOST_SIGNATURES = 1000
#: A plan of a thousand lanes has 200 KiB.
_LARGEST_PLAN = 1 << 20
_CLUSTER_NAME, _LARGEST_NAME = "cluster-name", 64
_LARGEST_RECIPE = 16 << 20


class StatePaths:
    """The paths below a state folder. No other module spells them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.corpus = folder / "corpus"
        self.campaign = folder / "campaign"
        self.parcels = self.scratch / "parcels"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def plan(self) -> Path:
        return self.campaign / "plan.json"

    @property
    def journal(self) -> Path:
        return self.campaign / "journal.sqlite"

    @property
    def live(self) -> Path:
        return self.campaign / "live"

    @property
    def scratch(self) -> Path:
        return self.campaign / "tmp"

    def signatures(self, lane: int) -> Path:
        return self.campaign / "signatures" / str(lane)

    def list_signatures(self, lane: int) -> list[str]:
        """List the names of a lane's signatures, in order; other files are no signatures."""
        names = (path.name for path in self.signatures(lane).iterdir())
        return sorted(name for name in names if SIGNATURE.fullmatch(name))

    def novelty(self, lane: int) -> Path:
        return self.campaign / f"novelty-{lane}"

    def explored(self, lane: int) -> Path:
        return self.campaign / f"explored-{lane}"

    def sweep(self, lane: int) -> Path:
        return self.campaign / f"sweep-{lane}"

    @property
    def sync_owner(self) -> Path:
        return self.folder / "sync-owner"

    @property
    def sync_status(self) -> Path:
        return self.campaign / "sync.json"

    @property
    def was_on_cluster(self) -> bool:
        """Whether the campaign ran on a cluster: the plan then has as many workers as that had."""
        return (self.campaign / _CLUSTER_NAME).exists()

    def read_cluster_name(self) -> str:
        """Read the name by which nodes know the campaign, also after --resume; choose one first."""
        file = self.campaign / _CLUSTER_NAME
        if not file.exists():
            write_whole(file, uuid.uuid4().hex)
        return read_bounded(file, _LARGEST_NAME, "the campaign's name").decode("ascii", "replace")

    @property
    def signatures_before(self) -> Path:
        """The place of ``signatures`` before schema version 2 of the journal."""
        return self.campaign / "sightings"

    def earlier_campaign(self, name: str) -> Path:
        return self.folder / f"campaign-{name}"

    def load_plan(self) -> Plan:
        """Load the campaign's plan. Raises UserError if there is none."""
        try:
            if not self.plan.exists():
                raise UserError(
                    f"no campaign in {self.folder}: `finfuzz run --state {self.folder}` begins one"
                )
            raw = read_bounded(self.plan, _LARGEST_PLAN, "the campaign's plan")
            return msgspec.json.decode(raw, type=Plan)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise UserError(f"{self.plan} is damaged: {error}: begin a new campaign") from error

    def require_trust(self) -> None:
        """Raise UserError for a campaign that somebody else began."""
        plan = self.load_plan()
        if is_own(_digest_plan(plan)):
            return
        lanes = ", ".join(f"{lane.target} with {lane.python}" for lane in plan.lanes)
        raise UserError(
            f"{self.folder} was not begun by your finfuzz, or its plan or a recipe was changed "
            f"since: its plan runs {lanes}: "
            "read it, then give --trust"
        )

    def find_crashes(self, plan: Plan) -> Path:
        """Find the folder in which the campaign files its findings."""
        crashes = Path(plan.crashes)
        return crashes if crashes.is_absolute() else self.folder / crashes


class State(StatePaths):
    """A locked state folder. Raises UserError if another supervisor works in it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        require_utf8(folder.absolute(), "the campaign's state")
        self._lock = filelock.FileLock(self.lock)
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            raise UserError(
                f"a campaign is under way in {folder}: wait for it, or give another --state"
            ) from None

    def close(self) -> None:
        self._lock.release()

    def begin(self, plan: Plan) -> Journal:
        """Begin a new campaign; move the folder of an earlier one aside."""
        if self.campaign.exists():
            self.campaign.rename(self._choose_aside())
        self.campaign.mkdir(parents=True)
        write_whole(self.plan, msgspec.json.format(msgspec.json.encode(plan)))
        note_own(_digest_plan(plan))
        self._prepare(plan)
        journal = Journal(self.journal)
        with journal.writing():
            journal.add_lanes(plan.lanes)
        return journal

    def resume(self) -> tuple[Plan, Journal]:
        """Open the campaign in this folder. Raises UserError if there is none, or an older one."""
        plan = self.load_plan()
        journal = self._open_journal(len(plan.lanes))
        self._prepare(plan)
        if journal is None:
            signatures = [
                (lane, name)
                for lane in range(len(plan.lanes))
                for name in self.list_signatures(lane)
            ]
            journal = rebuild(self.journal, self.corpus.glob("*.fin"), signatures)
        with journal.writing():
            journal.add_lanes(plan.lanes)
        return plan, journal

    def fill_live(self, seeds: Path | None) -> int:
        """Copy each program of the corpus and the seeds to libFuzzer's folder; return their number.

        A program that is there twice is copied once.
        """
        self.live.mkdir(parents=True, exist_ok=True)
        found = set()
        for path in _walk_files(self.corpus, seeds):
            text = _read_program(path)
            if text is not None and (name := hash_program(text)) not in found:
                found.add(name)
                (self.live / name).write_text(text, encoding="utf-8")
        return len(found)

    def tidy(self, plan: Plan) -> None:
        """Remove what only running processes need, and what killed ones left half-written."""
        for folder in (self.live, self.scratch):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in (self.folder, Path(plan.crashes)):
            remove_leftovers(folder)

    def _open_journal(self, lanes: int) -> Journal | None:
        """Open the journal; None if it is damaged, empty or gone."""
        try:
            if self.journal.exists() and self.journal.stat().st_size:
                return self._check_journal(Journal(self.journal), lanes)
        except OtherVersionError:
            raise
        except UserError:
            pass
        if self.signatures_before.exists():
            raise UserError(
                f"{self.campaign} was written by an earlier finfuzz, and its journal is lost: "
                "begin a new campaign, which starts from the same corpus"
            )
        return None

    def _check_journal(self, journal: Journal, lanes: int) -> Journal:
        try:
            journal.check(lanes)
        except UserError:
            journal.close()
            raise
        return journal

    def _choose_aside(self) -> Path:
        # There is no plan if the beginning of that campaign was killed.
        began = (self.plan if self.plan.exists() else self.campaign).stat().st_mtime
        name = time.strftime("%Y%m%d-%H%M%S", time.gmtime(began))
        number, aside = 1, self.earlier_campaign(name)
        while aside.exists():
            number += 1
            aside = self.earlier_campaign(f"{name}-{number}")
        return aside

    def _prepare(self, plan: Plan) -> None:
        self.corpus.mkdir(parents=True, exist_ok=True)
        self.tidy(plan)
        self.scratch.mkdir()
        for lane in range(len(plan.lanes)):
            self.signatures(lane).mkdir(parents=True, exist_ok=True)


def _digest_plan(plan: Plan) -> str:
    """Compute a digest of the plan and of the recipes that it names. Raise UserError."""
    digest = hashlib.sha256(msgspec.json.encode(plan))
    for lane in plan.lanes:
        recipe = parse_target(lane.target).recipe
        if recipe is not None:
            content = (
                read_bounded(recipe, _LARGEST_RECIPE, "the recipe") if recipe.exists() else b""
            )
            digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def hash_program(text: str) -> str:
    """Compute the name that libFuzzer gives an input."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _walk_files(*folders: Path | None) -> Iterator[Path]:
    for folder in folders:
        if folder is not None:
            yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _read_program(path: Path) -> str | None:
    """Read a program, and print it as an engine does; None if the file is no program."""
    try:
        return to_text(read_program(path).without_comments())
    except UserError:
        return None
