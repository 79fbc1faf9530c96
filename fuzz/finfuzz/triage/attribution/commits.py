"""Read the commits of a user's checkout without touching it: their order and their headers."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from filelock import FileLock

from finfuzz.support.errors import UserError
from finfuzz.targets.cache import find_cache


class Repository:
    """Read a git repository of a framework. Raise UserError if there is none at the path.

    ``include``: the folder of its headers, whose changes count.
    """

    def __init__(self, path: Path, include: str) -> None:
        self._path, self._include = path, include
        self._git("rev-parse", "--git-dir")

    def find_commit(self, revision: str) -> str:
        """Return the full id of a commit. Raise UserError if there is none."""
        return self._git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")

    def read_subject(self, commit: str) -> str:
        """Return the first line of a commit's message."""
        return self._git("log", "-1", "--format=%s", commit)

    def list_between(self, one: str, other: str) -> list[str]:
        """List the commits that change the headers, from older to newer, by first parents.

        The last of these stands for the newer commit: its headers are the same. Raise UserError if
        neither descends from the other, or if no commit between changes the headers.
        """
        ends = self.find_commit(one), self.find_commit(other)
        older, newer = ends if self._descends(*ends) else ends[::-1]
        if not self._descends(older, newer):
            raise UserError(f"{one} and {other} are not in one line: give a commit and a later one")
        line = ("--first-parent", "--reverse", f"{older}..{newer}", "--", self._include)
        found = self._git("rev-list", *line).split()
        if not found:
            raise UserError(f"nothing between {one} and {other} changes {self._include}/")
        return [older, *found]

    def extract_headers(self, commit: str) -> Path:
        """Extract a commit's headers into a folder of the cache, which stays.

        Raise UserError if the commit has none.
        """
        tree = self._git("rev-parse", "--verify", "--end-of-options", f"{commit}:{self._include}")
        folder = find_cache() / "headers"
        folder.mkdir(exist_ok=True)
        final = folder / f"tree-{tree}"
        with FileLock(f"{final}.lock"):
            if not final.is_dir():
                self._extract(commit, final)
        return final

    def _extract(self, commit: str, final: Path) -> None:
        with tempfile.TemporaryDirectory(prefix=".tree-", dir=final.parent) as scratch:
            place = Path(scratch, "tree")
            place.mkdir()
            archive = self._run("archive", "--format=tar", commit, self._include)
            subprocess.run(["tar", "-x", "-C", str(place)], input=archive, check=True)
            os.rename(place, final)

    def _descends(self, older: str, newer: str) -> bool:
        return self._git("merge-base", older, newer) == older

    def _git(self, *arguments: str) -> str:
        return self._run(*arguments).decode("utf-8", "replace").strip()

    def _run(self, *arguments: str) -> bytes:
        try:
            done = subprocess.run(
                ["git", "-C", str(self._path), *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise UserError("git is not on PATH: install it (Debian: apt install git)") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
            raise UserError(
                f"git {arguments[0]} in {self._path} fails: {said or 'no reason given'}"
            )
        return done.stdout
