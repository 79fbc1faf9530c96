"""Findings on disk: ``crashes/<SIGNAL>/<diagnostic>/<bucket>/``.

``finding.json`` is the record in ``record.py``. The folder also holds the program, the original
standard error, the stack and the script. A folder appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from finfuzz.program.text import ParseError
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.support.hints import DEFAULT_CRASHES, DEFAULT_STATE
from finfuzz.triage.findings.files import read_file, require_no_link
from finfuzz.triage.findings.record import (
    SCHEMA_VERSION,
    Finding,
    FirstSeen,
    StackFrame,
    TargetRecord,
    locate,
)
from finfuzz.triage.findings.title import make_title

__all__ = [
    "FILE",
    "RECIPE",
    "SCHEMA_VERSION",
    "Finding",
    "FirstSeen",
    "StackFrame",
    "TargetRecord",
    "encode",
    "find_filed",
    "find_finding",
    "find_milder",
    "index_buckets",
    "is_fatal",
    "list_folders",
    "load",
    "load_all",
    "load_readable",
    "locate",
    "update",
]

RECIPE = "recipe.toml"
FILE = "finding.json"
#: The largest of the shipped findings has 37 KiB; its routes grow to some hundred.
_LARGEST = 4 << 20
_MEND = "restore it, or delete its folder"


def load(folder: Path) -> Finding:
    """Read a finding. Raises UserError if it is damaged, a link, or from a newer finfuzz."""
    require_no_link(folder)
    path = folder / FILE
    try:
        raw = read_file(path, _LARGEST, "the finding")
        version = msgspec.json.decode(raw, type=_Versioned).schema_version
        if version > SCHEMA_VERSION:
            raise UserError(
                f"{path} has schema version {version}, this finfuzz reads up to {SCHEMA_VERSION}: "
                "use a newer finfuzz"
            )
        finding = msgspec.json.decode(raw, type=Finding)
        finding.title = make_title(finding)
        return finding
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{path} is not a finding: {error}: {_MEND}") from error
    except ParseError as error:
        raise UserError(f"{path}: its program: {error}: {_MEND}") from error


def list_folders(crashes: Path) -> list[Path]:
    """List the folders of the findings below a crashes folder, in a stable order.

    What lies below a linked folder is not of this crashes folder.
    """
    return _glob(crashes, "*")


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
    it is merged into, which may be merged itself. A damaged finding goes by the name of its folder.
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
    return {bucket: found[_find_counted(bucket, merged)] for bucket in found}


def _find_counted(bucket: str, merged: Mapping[str, str]) -> str:
    """Follow merges to the bucket that counts. One that is gone counts nothing."""
    passed = {bucket}
    while (into := merged[bucket]) in merged and into not in passed:
        passed.add(into)
        bucket = into
    return bucket


def is_fatal(folder: Path) -> bool:
    """Whether the finding in that folder crashes or hangs a process, judged by its place."""
    return folder.parent.parent.name != "NONE"


def find_milder(crashes: Path, bucket: str) -> Path | None:
    """Find the bucket's own finding that crashes nothing, if it has one; never a merged other's."""
    for path in sorted(crashes.glob(f"NONE/*/{bucket}/{FILE}")):
        with contextlib.suppress(UserError):
            if not path.parent.is_symlink() and load(path.parent).bucket == bucket:
                return path.parent
    return None


def find_finding(text: str, crashes: Path) -> Path:
    """Find the folder that a person names: by path, or by a bucket's first digits in ``crashes``.

    Raises UserError where there is none, or more than one.
    """
    if (Path(text) / FILE).is_file():
        return Path(text)
    if not re.fullmatch(r"[0-9a-f]{1,12}", text):
        raise UserError(f"{text} is neither a finding's folder nor a bucket: no {FILE} in it")
    found = _glob(crashes, f"{text}*")
    if len(names := sorted({folder.name for folder in found})) > 1:
        raise UserError(f"{text} may be any of {', '.join(names)}: give more digits")
    if not found:
        raise UserError(f"no finding {text} in {crashes}: {_tell_where(text)}")
    return _pick_counted(found)


def find_filed(crashes: Path, bucket: str) -> Path | None:
    """Find a bucket's folder: the fatal one, where its signal varied; None if it is not filed."""
    found = _glob(crashes, bucket)
    return _pick_counted(found) if found else None


def _pick_counted(folders: list[Path]) -> Path:
    return next(filter(is_fatal, folders), folders[0])


def _tell_where(bucket: str) -> str:
    """Tell where the working folder has such a finding: commands differ in where they look."""
    of_campaigns = (DEFAULT_STATE / "crashes", *sorted(DEFAULT_STATE.glob("*/crashes")))
    for place in (DEFAULT_CRASHES, *of_campaigns):
        if _glob(place, f"{bucket}*"):
            return f"{place} has it, add --crashes {shlex.quote(str(place))}"
    return "`finfuzz triage` lists those there are"


def _glob(crashes: Path, bucket: str) -> list[Path]:
    found = (path.parent for path in sorted(crashes.glob(f"*/*/{bucket}/{FILE}")))
    return [one for one in found if not any(above.is_symlink() for above in one.parents[:2])]


def update(folder: Path, finding: Finding) -> None:
    """Replace the finding.json of an existing folder. Raises UserError if that fails."""
    require_no_link(folder)
    finding.title = make_title(finding)  # an instrument may have told the cause meanwhile
    try:
        write_whole(folder / FILE, encode(finding))
    except OSError as error:
        raise UserError(f"can't write {folder / FILE}: {error.strerror}") from error


def encode(record: msgspec.Struct) -> bytes:
    """Encode a record as the bytes of finding.json, or of another file next to it."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


class _Versioned(msgspec.Struct):
    schema_version: int
