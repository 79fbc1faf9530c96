"""Which findings this user's finfuzz wrote: their scripts may be run without a question.

A finding that somebody sent looks like one's own, and some commands run its script. So the digest
of each finding that finfuzz writes stays in the cache. A finding that was changed has another.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.targets import own_files
from finfuzz.triage.findings.files import read_file
from finfuzz.triage.findings.finding import FILE, encode, load

#: Outputs that no command runs or takes along, like the modules that a script has built.
_OUTPUTS = frozenset(("stack.txt", "stderr.txt", "outcome.json", "escalation", "__pycache__", FILE))
_LARGEST = 16 << 20
_ASKS = (
    "{folder} was not written by your finfuzz, or was changed since: `finfuzz {command}` runs "
    "{what}: read them, then give --trust"
)


def note_finding(folder: Path) -> None:
    """Take note that this finfuzz wrote a finding."""
    with contextlib.suppress(UserError):
        own_files.note_own(_digest(folder))


def is_own(folder: Path) -> bool:
    """Whether this finfuzz wrote what a command would run of a finding. Raises UserError."""
    return own_files.is_own(_digest(folder))


def require_trust(folder: Path, command: str) -> None:
    """Raise UserError for a finding that somebody else wrote, or changed."""
    if is_own(folder):
        return
    target = load(folder).target
    python = f" with {target.executable}" if target.executable else ""
    what = f"its script and its target {target.spec}{python}"
    raise UserError(_ASKS.format(folder=folder, command=command, what=what))


def require_target_trust(folder: Path, command: str) -> None:
    """Raise UserError where a command would take the target or the recipe of such a finding."""
    if is_own(folder):
        return
    target = load(folder).target
    what = f"its target {target.spec}" + (f" with its {target.recipe}" if target.recipe else "")
    raise UserError(_ASKS.format(folder=folder, command=command, what=what))


def _digest(folder: Path) -> str:
    """Compute a digest of all that a command may run: the files, the program and the target.

    It covers more than commands take along: a file beside `repro.py` may hide a module of Python's.
    """
    finding = load(folder)
    digest = hashlib.sha256(encode(finding.target))
    _add(digest, "", finding.program.encode())
    for path in sorted(folder.iterdir()):
        if path.name not in _OUTPUTS and path.suffix != ".so":
            data = read_file(path, _LARGEST, "a file of the finding")
            _add(digest, path.name, data)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, name: str, data: bytes) -> None:
    """Add a file with its lengths, so that no two lists of files have one text."""
    digest.update(f"{name!r} {len(data)}\n".encode())
    digest.update(data)
