"""The folder through which machines exchange what they find (`--sync DIR`).

    DIR/MACHINE/machine.json    who writes here, and a number that grows while the machine works
    DIR/MACHINE/corpus/         programs that it has found, named by the SHA-1 of their text
    DIR/MACHINE/crashes/        findings that it has filed
    DIR/MACHINE/sweep/          how much of the sweep of each lane was run

Only one machine writes to a subfolder, and all others read it, as in AFL++. Files appear whole, so
no lock is needed, which a network file system may not have. Whoever writes to DIR may be hostile:
links are not followed, sizes and numbers are bounded, and no name leads out of a folder.
"""

from __future__ import annotations

import errno
import os
import platform
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec

from finfuzz.campaign.sync.status import Number
from finfuzz.support.errors import UserError
from finfuzz.support.files import folder_beside, write_whole
from finfuzz.support.reading import shorten
from finfuzz.triage.findings.files import read_file

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
FILE = "machine.json"
#: Machines of one folder: each looks at all others, so a folder has n² looks.
_MOST_MACHINES = 1000
#: Names that are read of one folder.
MOST_NAMES = 100_000
_LARGEST = 1 << 16


def name_machine(given: str | None) -> str:
    """Check the name of this machine's subfolder; the host's name if none is given.

    Raises UserError for one that can't be a folder everywhere.
    """
    if given is None:
        host = re.sub(r"[^A-Za-z0-9._-]", "-", platform.node())[:64].lstrip("._-")
        return host or "machine"
    if not NAME.fullmatch(given):
        raise UserError(
            f"{shorten(given)!r} can't be a machine's name: write letters, digits, and . _ - "
            "between them, 64 at most"
        )
    return given


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a machine. ``owner``: a random text that its state folder keeps.

    ``session``: another for each run. ``beat``: grows with each write; nobody compares clocks.
    ``ended``: the run has ended in order.
    """

    owner: Annotated[str, msgspec.Meta(max_length=64)]
    session: Annotated[str, msgspec.Meta(max_length=64)]
    beat: Number
    executions: Number = 0
    ended: bool = False
    system: Annotated[str, msgspec.Meta(max_length=200)] = ""


class SharedFolder:
    """The shared folder, as one machine sees it. ``name``: that of the machine's subfolder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.own = folder / name

    def claim(self, machine: Machine) -> None:
        """Take the subfolder of this machine. Raises UserError if it is another campaign's.

        Raises OSError where the folder can't be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.own.exists():
            try:
                self._begin(machine)
            except OSError as error:  # another machine was faster
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
        if self.load(self.own).owner != machine.owner:
            raise UserError(
                f"{self.own} belongs to another campaign: give this one a name with --machine"
            )
        for part in ("corpus", "crashes", "sweep"):
            (self.own / part).mkdir(exist_ok=True)

    def write(self, machine: Machine) -> None:
        """Replace the record of this machine. Raises OSError."""
        write_whole(self.own / FILE, msgspec.json.encode(machine))

    def load(self, folder: Path) -> Machine:
        """Load the record of a machine. Raises UserError for none, or a damaged one."""
        try:
            raw = read_file(folder / FILE, _LARGEST, "the record of a machine")
            return msgspec.json.decode(raw, type=Machine)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UserError(f"{folder / FILE} is damaged: {error}") from error

    def list_others(self) -> list[Path]:
        """List the subfolders of other machines, in order; others are none. Raises OSError."""
        with os.scandir(self.folder) as entries:
            found = [
                entry.name
                for entry in islice(entries, MOST_NAMES)
                if NAME.fullmatch(entry.name)
                and entry.is_dir(follow_symlinks=False)
                and os.path.lexists(Path(entry.path, FILE))
            ]
        return [self.folder / name for name in sorted(found)[:_MOST_MACHINES] if name != self.name]

    def _begin(self, machine: Machine) -> None:
        """Make the subfolder with its record in one step; fail where there is one."""
        with folder_beside(self.own) as beside:
            made = beside / self.name
            made.mkdir()
            (made / FILE).write_bytes(msgspec.json.encode(machine))
            os.rename(made, self.own)


def list_names(folder: Path, pattern: re.Pattern[str]) -> Iterator[str]:
    """List the names in a machine's folder that fit the pattern; none if it is a link or gone."""
    if folder.is_symlink():
        return
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, MOST_NAMES):
                if pattern.fullmatch(entry.name):
                    yield entry.name
    except (FileNotFoundError, NotADirectoryError):
        return
