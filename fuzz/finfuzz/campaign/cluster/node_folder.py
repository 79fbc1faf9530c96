"""A campaign's folder on a node: laid out as the supervisor's, with what the node has met."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from finfuzz.campaign.folder import StatePaths, hash_program
from finfuzz.campaign.worker.job import Job, locate
from finfuzz.targets.interpreters import Interpreter


class NodeFolder(StatePaths):
    """The folder, and the names that the campaign has already: they are not sent again.

    ``have``: the number of the campaign's programs that were added, without a gap. The methods are
    called by one thread at a time.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.have = 0
        self._programs: set[str] = set()
        self._signatures: dict[int, set[str]] = {}

    def prepare(self, lane: int) -> None:
        """Make the folders of a lane. Raises OSError."""
        for folder in (self.corpus, self.live, self.scratch, self.signatures(lane)):
            folder.mkdir(parents=True, exist_ok=True)

    def place(self, job: Job, lane: int, python: Interpreter, target: str) -> Job:
        """Put this node's paths into a job. Other nodes add programs, so ``live`` is shared.

        ``target``: with the path of its recipe here.
        """
        return msgspec.structs.replace(
            job,
            target=target,
            python=str(python.path),
            paths=locate(self, lane),
            shared=True,
        )

    def add_programs(self, first: int, texts: tuple[str, ...]) -> None:
        """Put programs of the campaign where libFuzzer finds them. Raises OSError.

        ``first``: the number of the first; beyond what is here, some would be left out.
        """
        if first > self.have:
            return
        self.have = max(self.have, first + len(texts))
        for text in texts:
            name = hash_program(text)
            if name not in self._programs:
                self._programs.add(name)
                part = self.scratch / f"{name}.part"
                part.write_text(text, encoding="utf-8")
                os.replace(part, self.live / name)  # libFuzzer never sees half of it

    def add_known(self, lane: int, signatures: tuple[str, ...]) -> None:
        """Take note of signatures whose first program the campaign has."""
        self._signatures.setdefault(lane, set()).update(signatures)

    def take_programs(self) -> tuple[str, ...]:
        """Read the programs that were added to the corpus since the last call."""
        new = {path.stem: path for path in _list_whole(self.corpus)}
        fresh = [name for name in new if name not in self._programs]
        self._programs.update(fresh)
        return tuple(new[name].read_text(encoding="utf-8") for name in fresh)

    def take_signatures(self, lane: int) -> dict[str, bytes]:
        """Read the files of signatures that are new since the last call."""
        known = self._signatures.setdefault(lane, set())
        fresh = [path for path in _list_whole(self.signatures(lane)) if path.name not in known]
        known.update(path.name for path in fresh)
        return {path.name: path.read_bytes() for path in fresh}


def _list_whole(folder: Path) -> list[Path]:
    """List the files that are complete: a hidden one is being written."""
    return [Path(entry.path) for entry in os.scandir(folder) if not entry.name.startswith(".")]
