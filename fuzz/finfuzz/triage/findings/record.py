"""The record of a finding, as `finding.json` keeps it.

It is one msgspec Struct, so this module is the schema; `docs/finding.schema.json` is generated from
it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec

from finfuzz.program.vocabulary import OwnWords
from finfuzz.support.cpythons import Version, parse_version
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
    ``recipe``: the file next to `finding.json` with the recipe of its words, if there is one;
    ``spec`` does not name it.

    ``releases``: the wheels of the framework, as `name==version sha256:…`; empty for a checkout.
    ``compiler`` and ``system``: those of the machine that filed it; empty in findings of finfuzz
    0.6, and the compiler of a package's.
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
    compiler: str = ""
    system: str = ""

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
    def abiflags(self) -> str:
        """The flags of the CPython's ABI: `t` free-threaded, `d` a debug build."""
        return self.python[len(self.python.rstrip("td")) :]

    @property
    def python_command(self) -> str:
        """The CPython's command: `python3.13t`."""
        return "python{}.{}".format(*self.python_version) + self.abiflags

    @property
    def python_version(self) -> Version:
        """The CPython's numbers: (3, 13, 0)."""
        return parse_version(self.python)


class SeenOn(msgspec.Struct, frozen=True):
    """The node of a cluster that met a defect first; its ``build`` may have another id there."""

    node: str
    build: str
    processor: str
    system: str


class FirstSeen(msgspec.Struct, frozen=True):
    """The first sighting, by its place in the campaign. ``date`` is in UTC.

    ``on``: null where the campaign ran on one machine, which ``target`` describes.
    """

    execution: int
    seconds: float
    date: str
    engine: str
    seed: int
    on: SeenOn | None = None


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

    ``title``: for an issue; made anew whenever the finding is read or written.
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
    title: str = ""
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
    def rate(self) -> Rate:
        """How often it fails: the script's rate or, of what no script shows, the program's.

        All lists, logs and pages give this one.
        """
        return self.script if self.script.n else self.reproduced

    @property
    def flaky(self) -> bool:
        """Whether the program or the script fails only sometimes."""
        return self.reproduced.flaky or self.script.flaky


def locate(signal: str, diagnostic: str, bucket: str) -> Path:
    """Make the path ``SIGNAL/diagnostic/bucket``, relative to a crashes folder."""
    return Path(signal) / diagnostic / bucket
