"""Findings on disk: ``crashes/<SIGNAL>/<diagnostic>/<bucket>/``.

``finding.json`` is one msgspec Struct, so its schema is this module; `docs/finding.schema.json` is
generated from it. The folder also holds the program, the original standard error, the stack and the
script. A folder appears whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from fuzz.errors import UserError
from fuzz.files import write_whole

SCHEMA_VERSION = 1
_FILE = "finding.json"


class Rate(msgspec.Struct, frozen=True):
    """Died with this key ``k`` times of ``n``."""

    k: int
    n: int

    def __str__(self) -> str:
        return f"{self.k} of {self.n}"


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


class Finding(msgspec.Struct, kw_only=True):
    """One defect. ``signal`` is NONE where nothing died, HANG where the deadline ended it.

    ``key_version``: of the list of telling frames that ``bucket`` was made with. ``reproduced``: in
    fresh processes with the fuzzer's driver. ``script``: by repro.py with the plain interpreter and
    an extension built without instrumentation. ``sightings``: deaths counted in all campaigns.
    """

    schema_version: int = SCHEMA_VERSION
    key_version: int
    bucket: str
    signal: str
    diagnostic: str
    phase: str
    detail: str
    frames: tuple[str, ...]
    reproduced: Rate
    script: Rate
    target: TargetRecord
    program: str
    sightings: int
    first_seen: FirstSeen

    @property
    def folder(self) -> Path:
        """Where it lies under a crashes folder."""
        return folder_of(self.signal, self.diagnostic, self.bucket)


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


def load_all(crashes: Path) -> Iterator[tuple[Path, Finding]]:
    """Every finding below a crashes folder, in a stable order."""
    for path in sorted(crashes.glob(f"*/*/*/{_FILE}")):
        yield path.parent, load(path.parent)


def save(
    crashes: Path, finding: Finding, files: Mapping[str, str], copies: Mapping[str, Path]
) -> Path:
    """Writes a new finding's folder. ``files``: contents by name; ``copies``: files to copy in.

    Raises FileExistsError where another campaign filed the same meanwhile.
    """
    final = crashes / finding.folder
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=f".{finding.bucket}.") as temporary:
        folder = Path(temporary) / finding.bucket
        try:
            folder.mkdir()
            for name, content in files.items():
                (folder / name).write_text(content, encoding="utf-8")
            for name, source in copies.items():
                shutil.copy(source, folder / name)
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


def encoded(finding: Finding) -> bytes:
    """The bytes of finding.json."""
    return msgspec.json.format(msgspec.json.encode(finding), indent=2) + b"\n"


class _Versioned(msgspec.Struct):
    schema_version: int
