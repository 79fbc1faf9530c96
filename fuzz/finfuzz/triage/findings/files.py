"""The files of a finding's script, and links, which lead out of the folder of findings.

A finding may come from somebody else: no command reads or writes through a link in it.
"""

from __future__ import annotations

import re
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.support.reading import read_bounded

#: All files that scripts are made of. No command takes along another file of a finding.
SCRIPT = (
    "repro.py",
    "finfuzz_target.py",
    "finfuzz_several.py",
    "extension.cpp",
    "extension.pyx",
    "capi.cpp",
    "after_main.cpp",
)
#: A finding's place below a crashes folder: the signal, the diagnostic, the bucket.
_PLACE = re.compile(r"[A-Z][A-Z0-9]*/[a-z][a-z0-9-]*/[0-9a-f]{12}")


def require_no_link(folder: Path) -> None:
    """Raise UserError where a finding's folder is a link, or is below one in its crashes folder.

    A person may have put a folder elsewhere, and reach it by any way.
    """
    below = _PLACE.fullmatch("/".join(folder.parts[-3:]))
    for path in (folder, *folder.parents)[: 3 if below else 1]:
        if path.is_symlink():
            raise UserError(f"{path} is a link, and findings have none: name what it leads to")


def read_file(path: Path, most: int, name: str) -> bytes:
    """Read a file of a finding, of ``most`` bytes, never through a link. Raise UserError."""
    if path.is_symlink():
        raise UserError(f"{path} is a link, and a finding has none: restore the file")
    return read_bounded(path, most, name)


def list_script(folder: Path) -> list[Path]:
    """List the files of a finding's script that are there, repro.py first."""
    paths = (folder / name for name in SCRIPT)
    return [path for path in paths if path.is_symlink() or path.exists()]
