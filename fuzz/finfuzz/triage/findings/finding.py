"""Findings on disk: ``crashes/<SIGNAL>/<diagnostic>/<bucket>/``.

``finding.json`` is one msgspec Struct, so this module is its schema; `docs/finding.schema.json` is
generated from it. The folder also holds the program, the original standard error, the stack and the
script. A folder appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec

from finfuzz.program.text import ParseError, parse
from finfuzz.program.vocabulary import OwnWords
from finfuzz.support.cpythons import Version, parse_version
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.support.reading import read_bounded
from finfuzz.targets.extension_words import list_offers
from finfuzz.targets.packages.offers import read_own_words
from finfuzz.targets.packages.recipe import read_recipe
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.attribution import Attribution
from finfuzz.triage.findings.escalation import Escalation
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.routes import Route

SCHEMA_VERSION = 2
RECIPE = "recipe.toml"
FILE = "finding.json"
#: The largest of the shipped findings has 37 KiB; its routes grow to some hundred.
_LARGEST = 4 << 20
_MEND = "restore it, or delete its folder"

# A finding may come from somebody else, and its names are made into paths. So no name leads out of
# the folder of findings, whatever the file contains.
SignalName = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9]{1,31}$(?!\n)")]
DiagnosticName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{1,63}$(?!\n)")]
Bucket = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{12}$(?!\n)")]
BucketOrNone = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{12})?$(?!\n)")]


class TargetRecord(msgspec.Struct, frozen=True):
    """The build on which the finding was made. ``build`` is its id in the build cache.

    ``python``: as `3.14.10d`; ``python_commit`` where the CPython names one; ``executable``: its
    path, `~` for the user's folder. Both are empty in findings of finfuzz 0.2.

    ``pins``: all that was installed for a package's target, as `name==version`, the package first.
    ``releases``: the wheels of the framework, as `name==version sha256:…`; empty for a checkout.
    ``recipe``: the file next to `finding.json` with the recipe of its words, if there is one;
    ``spec`` does not name it.
    """

    spec: str
    framework: str
    version: str | None
    policy: str
    python: str
    build: str
    python_commit: str = ""
    executable: str = ""
    pins: tuple[str, ...] = ()
    recipe: Annotated[str, msgspec.Meta(pattern=r"^(recipe\.toml)?$(?!\n)")] = ""
    releases: tuple[str, ...] = ()

    def find_spec(self, folder: Path) -> TargetSpec:
        """Return the target of the finding in that folder, with its recipe. Raise UserError."""
        spec = parse_target(self.spec)
        return replace(spec, recipe=folder.resolve() / self.recipe) if self.recipe else spec

    def read_own_words(self, folder: Path) -> OwnWords:
        """Read the words of the finding's recipe, or of its framework's own. Raise UserError."""
        spec = self.find_spec(folder)
        if not spec.package:
            return list_offers(spec).own
        return read_own_words(read_recipe(spec.recipe)) if spec.recipe else OwnWords()

    @property
    def python_name(self) -> str:
        """The CPython as `3.16.0a3 (0123abc) in ~/cpython/python`."""
        commit = f" ({self.python_commit})" if self.python_commit else ""
        return f"{self.python}{commit}" + (f" in {self.executable}" if self.executable else "")

    @property
    def python_version(self) -> Version:
        """The CPython's numbers: (3, 13, 0)."""
        return parse_version(self.python)


class FirstSeen(msgspec.Struct, frozen=True):
    """The first sighting, by its place in the campaign. ``date`` is in UTC."""

    execution: int
    seconds: float
    date: str
    engine: str
    seed: int


class StackFrame(msgspec.Struct, frozen=True, omit_defaults=True):
    """A frame of the crash, kept so that a later list of telling frames can be applied to it.

    ``module``: the file's name. ``place``: source file and line, the file with its folder.
    ``local_start``: the file offset at which its code begins, if a stripped copy of the file has no
    name for the function.
    """

    module: str
    offset: int
    function: str = ""
    place: str = ""
    inlined: bool = False
    local_start: int = 0


class Finding(msgspec.Struct, kw_only=True):
    """One defect. ``signal`` is NONE where nothing crashed, HANG where the deadline ended the run.

    ``key_version``: the version of the list of telling frames that made ``bucket``. ``former``: the
    buckets that older lists made. ``fault``: the kernel's report with the signal.

    ``reproduced``: the rate in fresh processes with the fuzzer's driver; ``in_zygote``: in forked
    children; ``script``: by repro.py with the plain interpreter and an extension built without
    instrumentation. ``sightings``: counted in all campaigns; ``signals``: the same by signal;
    ``routes``: the paths to the defect.

    ``regressed``: the title of the known defect that has come back. ``merged_into``: the bucket
    that a person says is the same defect. ``attribution``: null until the controls have run.
    """

    schema_version: int = SCHEMA_VERSION
    key_version: int
    bucket: Bucket
    former: tuple[Bucket, ...] = ()
    signal: SignalName
    diagnostic: DiagnosticName
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
    merged_into: BucketOrNone = ""
    attribution: Attribution | None = None
    escalation: tuple[Escalation, ...] = ()

    @property
    def folder(self) -> Path:
        """The finding's place below a crashes folder."""
        return locate(self.signal, self.diagnostic, self.bucket)

    @property
    def diagnosis(self) -> Diagnosis:
        """The facts that the bucket was made of."""
        facts = (self.signal, self.diagnostic, self.phase, self.detail, self.frames)
        return Diagnosis(*facts)

    @property
    def flaky(self) -> bool:
        """Whether the program or the script fails only sometimes."""
        return self.reproduced.flaky or self.script.flaky


def locate(signal: str, diagnostic: str, bucket: str) -> Path:
    """Make the path ``SIGNAL/diagnostic/bucket``, relative to a crashes folder."""
    return Path(signal) / diagnostic / bucket


def load(folder: Path) -> Finding:
    """Read a finding. Raises UserError if it is damaged or from a newer finfuzz."""
    path = folder / FILE
    try:
        raw = read_bounded(path, _LARGEST, "the finding")
        version = msgspec.json.decode(raw, type=_Versioned).schema_version
        if version > SCHEMA_VERSION:
            raise UserError(
                f"{path} has schema version {version}, this finfuzz reads up to {SCHEMA_VERSION}: "
                "use a newer finfuzz"
            )
        finding = msgspec.json.decode(raw, type=Finding)
        parse(finding.program)
        return finding
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(
            f"{path} is not a finding: {error}: restore it, or delete its folder"
        ) from error
    except ParseError as error:
        raise UserError(
            f"{path}: its program: {error}: restore it, or delete its folder"
        ) from error


def list_folders(crashes: Path) -> list[Path]:
    """List the folders of the findings below a crashes folder, in a stable order."""
    return [path.parent for path in sorted(crashes.glob(f"*/*/*/{FILE}"))]


def load_all(crashes: Path) -> Iterator[tuple[Path, Finding]]:
    """Read every finding below a crashes folder. Raises UserError as ``load`` does."""
    for folder in list_folders(crashes):
        yield folder, load(folder)


def load_readable(crashes: Path) -> Iterator[tuple[Path, Finding]]:
    """Read the findings below a crashes folder, without the damaged ones."""
    for folder in list_folders(crashes):
        try:
            finding = load(folder)
        except UserError:
            continue
        yield folder, finding


def index_buckets(crashes: Path) -> dict[str, Path]:
    """Map each bucket to the folder in which its sightings are counted.

    Where two folders share a bucket, the fatal one counts. A merged finding counts for the finding
    it is merged into. A damaged finding goes by the name of its folder.
    """
    found: dict[str, Path] = {}
    merged: dict[str, str] = {}
    for folder in list_folders(crashes):
        bucket, into = folder.name, ""
        with contextlib.suppress(UserError):
            finding = load(folder)
            bucket, into = finding.bucket, finding.merged_into
        if bucket not in found or not is_fatal(found[bucket]):
            found[bucket] = folder
            merged[bucket] = into
    return {bucket: found.get(merged[bucket], folder) for bucket, folder in found.items()}


def is_fatal(folder: Path) -> bool:
    """Whether the finding in that folder crashes or hangs a process, judged by its place."""
    return folder.parent.parent.name != "NONE"


def find_finding(text: str, crashes: Path) -> Path:
    """Find the folder that a person names: by path, or by a bucket's first digits in ``crashes``.

    Raises UserError where there is none, or more than one.
    """
    if (Path(text) / FILE).is_file():
        return Path(text)
    if not re.fullmatch(r"[0-9a-f]{1,12}", text):
        raise UserError(f"{text} is neither a finding's folder nor a bucket: no {FILE} in it")
    found = sorted(path.parent for path in crashes.glob(f"*/*/{text}*/{FILE}"))
    if len(found) > 1:
        names = ", ".join(folder.name for folder in found)
        raise UserError(f"{text} may be any of {names}: give more digits")
    if not found:
        raise UserError(f"no finding {text} in {crashes}: `finfuzz triage` lists those there are")
    return found[0]


def update(folder: Path, finding: Finding) -> None:
    """Replace the finding.json of an existing folder. Raises UserError if that fails."""
    try:
        write_whole(folder / FILE, encode(finding))
    except OSError as error:
        raise UserError(f"can't write {folder / FILE}: {error.strerror}") from error


def encode(record: msgspec.Struct) -> bytes:
    """Encode a record as the bytes of finding.json, or of another file next to it."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


class _Versioned(msgspec.Struct):
    schema_version: int
