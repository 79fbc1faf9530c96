"""Findings on disk: ``crashes/<SIGNAL>/<diagnostic>/<bucket>/``.

``finding.json`` is one msgspec Struct, so its schema is this module; `docs/finding.schema.json` is
generated from it. The folder also holds the program, the original standard error, the stack and the
script. A folder appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.support.files import folder_beside, write_whole
from finfuzz.triage.attribution.verdict import Wanted
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.attribution import Attribution
from finfuzz.triage.findings.escalation import Escalation
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.routes import Route

SCHEMA_VERSION = 2
_FILE = "finding.json"


class TargetRecord(msgspec.Struct, frozen=True):
    """The build it died on. ``build`` is the id in the build cache."""

    spec: str
    framework: str
    version: str | None
    policy: str
    python: str
    build: str


class FirstSeen(msgspec.Struct, frozen=True):
    """When its campaign met it first. ``date`` is in UTC."""

    execution: int
    seconds: float
    date: str
    engine: str
    seed: int


class StackFrame(msgspec.Struct, frozen=True, omit_defaults=True):
    """A frame of the death, so that a later list of telling frames can be applied to it.

    ``module``: the file's name. ``place``: source file and line, the file with its folder.
    """

    module: str
    offset: int
    function: str = ""
    place: str = ""
    inlined: bool = False


class Finding(msgspec.Struct, kw_only=True):
    """One defect. ``signal`` is NONE where nothing died, HANG where the deadline ended it.

    ``key_version``: of the list of telling frames that ``bucket`` was made with; ``former``: the
    buckets that older lists gave it. ``fault``: what the kernel said with the signal.
    ``reproduced``: in fresh processes with the fuzzer's driver; ``in_zygote``: in forked children;
    ``script``: by repro.py with the plain interpreter and an extension built without
    instrumentation. ``sightings``: deaths counted in all campaigns; ``signals``: what they died of;
    ``routes``: how they got there. ``regressed``: the known defect that it is, come back.
    ``merged_into``: the bucket that a person says it is the same as. ``attribution``: null until
    its controls have run.
    """

    schema_version: int = SCHEMA_VERSION
    key_version: int
    bucket: str
    former: tuple[str, ...] = ()
    signal: str
    diagnostic: str
    phase: str
    interpreter: str = ""
    fault: str = ""
    detail: str
    frames: tuple[str, ...]
    stack: tuple[StackFrame, ...] = ()
    reproduced: Rate
    in_zygote: Rate = Rate(0, 0)
    script: Rate
    target: TargetRecord
    program: str
    sightings: int
    signals: dict[str, int] = {}
    routes: list[Route] = []
    first_seen: FirstSeen
    regressed: str = ""
    merged_into: str = ""
    attribution: Attribution | None = None
    escalation: tuple[Escalation, ...] = ()

    @property
    def folder(self) -> Path:
        """Where it lies under a crashes folder."""
        return folder_of(self.signal, self.diagnostic, self.bucket)

    @property
    def diagnosis(self) -> Diagnosis:
        """What its bucket was made of."""
        facts = (self.signal, self.diagnostic, self.phase, self.detail, self.frames)
        return Diagnosis(*facts)

    @property
    def wanted(self) -> Wanted:
        """What other builds are judged by."""
        major, minor, *_ = map(int, self.target.python.split("."))
        return Wanted(self.diagnosis, parse(self.program), self.reproduced, (major, minor))

    @property
    def flaky(self) -> bool:
        return self.reproduced.flaky or self.script.flaky


def folder_of(signal: str, diagnostic: str, bucket: str) -> Path:
    """``SIGNAL/diagnostic/bucket``, relative to a crashes folder."""
    return Path(signal) / diagnostic / bucket


def load(folder: Path) -> Finding:
    """Reads a finding. Raises UserError for one that is damaged or from a newer finfuzz."""
    path = folder / _FILE
    try:
        raw = path.read_bytes()
        version = msgspec.json.decode(raw, type=_Versioned).schema_version
        if version > SCHEMA_VERSION:
            raise UserError(
                f"{path} has schema version {version}, this finfuzz reads up to {SCHEMA_VERSION}: "
                "use a newer finfuzz"
            )
        return msgspec.json.decode(raw, type=Finding)
    except OSError as error:
        raise UserError(f"can't read {path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} is not a finding: {error}: restore it, or delete its folder"
        ) from error


def paths(crashes: Path) -> list[Path]:
    """The folders of the findings below a crashes folder, in a stable order."""
    return [path.parent for path in sorted(crashes.glob(f"*/*/*/{_FILE}"))]


def load_all(crashes: Path) -> Iterator[tuple[Path, Finding]]:
    """Every finding below a crashes folder. Raises UserError as ``load`` does."""
    for folder in paths(crashes):
        yield folder, load(folder)


def filed(crashes: Path) -> dict[str, Path]:
    """The folder that each bucket is filed in: where two share it, the one that dies, and where a
    person said that it is the same as another, that one. A damaged finding is what its folder is
    called."""
    found: dict[str, Path] = {}
    merged: dict[str, str] = {}
    for folder in paths(crashes):
        bucket, into = folder.name, ""
        with contextlib.suppress(UserError):
            finding = load(folder)
            bucket, into = finding.bucket, finding.merged_into
        if bucket not in found or not dies(found[bucket]):
            found[bucket] = folder
            merged[bucket] = into
    return {bucket: found.get(merged[bucket], folder) for bucket, folder in found.items()}


def dies(folder: Path) -> bool:
    """Whether a process dies of the finding in that folder, or hangs: read off its place."""
    return folder.parent.parent.name != "NONE"


def find_finding(text: str, crashes: Path) -> Path:
    """The folder that a person means: a path, or a bucket (its beginning will do) in ``crashes``.

    Raises UserError where there is none, or more than one.
    """
    if (Path(text) / _FILE).is_file():
        return Path(text)
    if not re.fullmatch(r"[0-9a-f]{1,12}", text):
        raise UserError(f"{text} is neither a finding's folder nor a bucket: no {_FILE} in it")
    found = sorted(path.parent for path in crashes.glob(f"*/*/{text}*/{_FILE}"))
    if len(found) > 1:
        names = ", ".join(folder.name for folder in found)
        raise UserError(f"{text} may be any of {names}: write more of it")
    if not found:
        raise UserError(f"no finding {text} in {crashes}: `finfuzz triage` lists those there are")
    return found[0]


def save(crashes: Path, finding: Finding, files: Mapping[str, str]) -> Path:
    """Writes a new finding's folder. ``files``: contents by name.

    Raises FileExistsError where another campaign filed the same meanwhile.
    """
    final = crashes / finding.folder
    final.parent.mkdir(parents=True, exist_ok=True)
    with folder_beside(final) as beside:
        folder = beside / finding.bucket
        try:
            folder.mkdir()
            for name, content in files.items():
                (folder / name).write_text(content, encoding="utf-8")
            (folder / _FILE).write_bytes(encoded(finding))
        except OSError as error:
            raise UserError(f"can't write the finding {final}: {error.strerror}") from error
        try:
            os.rename(folder, final)
        except OSError as error:  # ENOTEMPTY or EEXIST
            if (final / _FILE).exists():
                raise FileExistsError(final) from error
            raise UserError(f"{final} is in the way and no finding: move it away") from error
    return final


def update(folder: Path, finding: Finding) -> None:
    """Replaces the finding.json of a folder that exists."""
    write_whole(folder / _FILE, encoded(finding))


def encoded(record: msgspec.Struct) -> bytes:
    """The bytes of finding.json, or of another record beside it."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


class _Versioned(msgspec.Struct):
    schema_version: int
