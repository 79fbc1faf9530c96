"""Programs between machines: each publishes what it has found, and takes over what others have."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from finfuzz.campaign.folder import StatePaths, hash_program
from finfuzz.campaign.sync.shared_folder import list_names
from finfuzz.executor.shared_memory import PROGRAM_BYTES
from finfuzz.program.text import ParseError, parse, to_text
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.triage.findings.files import read_file

_NAME = re.compile(r"[0-9a-f]{40}\.fin")
#: Programs of one turn: a second on a local disk, so that the machine's record stays fresh.
_MOST_A_TURN = 1000
#: What a folder may add to ours: a campaign of a week keeps some 10,000 programs of 1 KB each.
_MOST_BYTES = 256 << 20


class Programs:
    """The programs of a campaign, those of the other machines, and those published in ``own``."""

    def __init__(self, paths: StatePaths, own: Path) -> None:
        self._paths, self._own = paths, own / "corpus"
        self._foreign: set[str] = set()
        self._refused: set[str] = set()
        self._bytes = 0

    def take(self, machine: Path) -> int:
        """Take over the programs of another machine that are not here. Returns their number.

        Raises OSError where ours can't be written, and UserError where these are too many.
        """
        if self._bytes > _MOST_BYTES:
            raise UserError(f"more than {_MOST_BYTES >> 20} MiB of programs: no more are taken")
        names = set(list_names(machine / "corpus", _NAME))
        self._foreign |= names
        here = set(list_names(self._paths.corpus, _NAME))
        taken = 0
        for name in sorted(names - here - self._refused)[:_MOST_A_TURN]:
            with contextlib.suppress(UserError):  # one that can't be read now
                text = _read(machine / "corpus" / name)
                if text is None:
                    self._refused.add(name)
                else:
                    self._add(name, text)
                    taken += 1
        return taken

    def publish(self) -> None:
        """Write what no machine has published yet. Raises OSError where that can't be written."""
        here = set(list_names(self._paths.corpus, _NAME))
        there = set(list_names(self._own, _NAME)) | self._foreign
        for name in sorted(here - there)[:_MOST_A_TURN]:
            with contextlib.suppress(UserError):
                if (text := _read(self._paths.corpus / name)) is not None:
                    write_whole(self._own / name, text)

    def _add(self, name: str, text: str) -> None:
        self._bytes += len(text)
        write_whole(self._paths.corpus / name, text)
        # libFuzzer must not read half a program, and reads every file in its folder
        whole = self._paths.scratch / name
        whole.write_text(text, encoding="utf-8")
        os.replace(whole, self._paths.live / name.removesuffix(".fin"))


def _read(path: Path) -> str | None:
    """Read a program as its engine printed it; None if it is another, or none at all.

    Raises UserError if it can't be read.
    """
    data = read_file(path, PROGRAM_BYTES, "the program")
    try:
        text = data.decode()
        same = to_text(parse(text).without_comments()) == text
    except (ParseError, UnicodeDecodeError):
        return None
    return text if same and f"{hash_program(text)}.fin" == path.name else None
