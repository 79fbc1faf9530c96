"""A campaign's folder: what lies where, and what a killed campaign left half-done is taken away.

    STATE/lock          held while a supervisor works here
    STATE/corpus/       programs that brought something, named by the SHA-1 of their text
    STATE/campaign/     the campaign that is under way, or was last
        plan.json       what it is to do
        journal.sqlite  what happened when
        sightings/      the first program of each look, by lane
        live/           libFuzzer's own folder, shared by the workers, made anew each time
        tmp/            where triage compiles and runs; what a kill leaves there goes with it
    STATE/campaign-*/   earlier ones

libFuzzer writes its files in place, so a kill may leave half a program in ``live``. What is kept is
``corpus``, which workers write whole.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import filelock
import msgspec

from finfuzz.campaign.journal import Journal, rebuilt
from finfuzz.campaign.plan import Plan
from finfuzz.program.text import ParseError, parse, to_text
from finfuzz.support.errors import UserError
from finfuzz.support.files import remove_leftovers, write_whole

#: Looks of which the first program is kept, of each lane; of further ones only the number is.
MOST_SIGNATURES = 1000


class State:
    """``STATE``, locked. Raises UserError where another supervisor works in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = filelock.FileLock(folder / "lock")
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            raise UserError(
                f"a campaign is under way in {folder}: wait for it, or give another --state"
            ) from None
        self.corpus = folder / "corpus"
        self.campaign = folder / "campaign"

    def close(self) -> None:
        self._lock.release()

    @property
    def live(self) -> Path:
        return self.campaign / "live"

    @property
    def journal(self) -> Path:
        return self.campaign / "journal.sqlite"

    def sightings(self, lane: int) -> Path:
        return self.campaign / "sightings" / str(lane)

    def begin(self, plan: Plan) -> Journal:
        """A new campaign; an earlier one's folder is moved aside."""
        if self.campaign.exists():
            self.campaign.rename(self._aside())
        self.campaign.mkdir(parents=True)
        write_whole(self.campaign / "plan.json", msgspec.json.format(msgspec.json.encode(plan)))
        self._prepare(plan)
        journal = Journal(self.journal)
        self._enter_lanes(journal, plan)
        return journal

    def resume(self) -> tuple[Plan, Journal]:
        """The campaign that lies here. Raises UserError where none does."""
        plan = load_plan(self.folder)
        self._prepare(plan)
        try:
            if not self.journal.exists() or not self.journal.stat().st_size:
                raise UserError(f"{self.journal} is empty")
            journal = Journal(self.journal)
        except UserError as error:
            if "schema version" in str(error):
                raise
            signatures = [
                (lane, path.stem)
                for lane in range(len(plan.lanes))
                for path in self.sightings(lane).iterdir()
            ]
            journal = rebuilt(self.journal, self.corpus.glob("*.fin"), signatures)
        self._enter_lanes(journal, plan)
        return plan, journal

    def fill_live(self, seeds: Path | None) -> int:
        """Puts every program of the corpus and of the seeds where libFuzzer reads them; returns
        their number."""
        self.live.mkdir(parents=True, exist_ok=True)
        found = set()
        for path in _programs(self.corpus, seeds):
            text = _text_of(path)
            if text is not None and (name := name_of(text)) not in found:
                found.add(name)
                (self.live / name).write_text(text, encoding="utf-8")
        return len(found)

    def tidy(self, plan: Plan) -> None:
        """Takes away what only processes under way need, and what killed ones had half-written."""
        for folder in (self.live, self.campaign / "tmp"):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in (self.folder, Path(plan.crashes)):
            remove_leftovers(folder)

    def _aside(self) -> Path:
        plan = self.campaign / "plan.json"  # not there where its beginning was killed
        began = time.gmtime((plan if plan.exists() else self.campaign).stat().st_mtime)
        base = self.folder / time.strftime("campaign-%Y%m%d-%H%M%S", began)
        number, aside = 1, base
        while aside.exists():
            number += 1
            aside = base.with_name(f"{base.name}-{number}")
        return aside

    def _prepare(self, plan: Plan) -> None:
        self.corpus.mkdir(parents=True, exist_ok=True)
        self.tidy(plan)
        (self.campaign / "tmp").mkdir()
        for lane in range(len(plan.lanes)):
            self.sightings(lane).mkdir(parents=True, exist_ok=True)

    def _enter_lanes(self, journal: Journal, plan: Plan) -> None:
        with journal.writing() as database:
            for number, lane in enumerate(plan.lanes):
                database.execute(
                    "INSERT OR IGNORE INTO lanes (id, target, python, share) VALUES (?, ?, ?, ?)",
                    [number, lane.target, lane.python, lane.share],
                )


def load_plan(folder: Path) -> Plan:
    """What the campaign in a state folder is to do. Raises UserError where there is none."""
    path = folder / "campaign" / "plan.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except OSError:
        raise UserError(
            f"no campaign in {folder}: `finfuzz run --state {folder}` begins one"
        ) from None
    except msgspec.DecodeError as error:
        raise UserError(f"{path} is damaged: {error}: begin a new campaign") from error


def name_of(text: str) -> str:
    """What libFuzzer calls an input."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _programs(*folders: Path | None) -> Iterator[Path]:
    for folder in folders:
        if folder is not None:
            yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _text_of(path: Path) -> str | None:
    """The program in a file, as an engine would print it; None for what is none."""
    try:
        return to_text(parse(path.read_text(encoding="utf-8")).without_comments())
    except (ParseError, UnicodeDecodeError):
        return None
