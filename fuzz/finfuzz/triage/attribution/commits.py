"""Read the commits of a user's repository without touching it: their order and their files."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from filelock import FileLock

from finfuzz.support.errors import UserError
from finfuzz.targets.cache import find_cache


class Repository:
    """Read a git repository. Raise UserError if there is none at the path.

    ``paths``: git's pathspecs of the files that are built. Only commits that change them count.
    """

    def __init__(self, path: Path, *paths: str) -> None:
        self._path, self._paths = path, paths
        self._git("rev-parse", "--git-dir")

    def find_commit(self, revision: str) -> str:
        """Return the full id of a commit. Raise UserError if there is none."""
        return self._git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")

    def read_subject(self, commit: str) -> str:
        """Return the first line of a commit's message."""
        return self._git("log", "-1", "--format=%s", commit)

    def list_between(self, one: str, other: str) -> list[str]:
        """List the commits that change what is built, from older to newer, by first parents.

        The last of these stands for the newer commit: the files are the same. Raise UserError if
        neither descends from the other, or if no commit between changes anything.
        """
        ends = self.find_commit(one), self.find_commit(other)
        older, newer = ends if self._descends(*ends) else ends[::-1]
        if not self._descends(older, newer):
            raise UserError(f"{one} and {other} are not in one line: give a commit and a later one")
        found = self._list_changing(older, newer)
        if not found:
            raise UserError(f"nothing between {one} and {other} changes what is built")
        return [older, *found]

    def list_merged(self, commit: str) -> list[str]:
        """List the commits that a merge brought in, after the commit where they branched off.

        Empty if the commit is no merge.
        """
        parents = self._git("rev-list", "--parents", "-1", commit).split()[1:]
        if len(parents) < 2:
            return []
        branched = self._git("merge-base", *parents[:2])
        found = self._list_changing(branched, parents[1])
        return [branched, *found] if found else []

    def extract(self, commit: str, folder: Path, *paths: str) -> None:
        """Extract a commit's files, or those below some paths, into a new folder.

        Raise UserError if the repository lacks some, or there is no room.
        """
        folder.mkdir(parents=True)
        with tempfile.NamedTemporaryFile(suffix=".tar", dir=folder.parent) as archive:
            self._git("archive", "--output", archive.name, commit, *paths)
            _run(["tar", "-x", "-f", archive.name, "-C", str(folder)], f"unpacking {commit}")

    def extract_files(self, commit: str, *paths: str) -> Path:
        """Extract a commit's files below some paths into a folder of the cache, which stays.

        The folder is named by what is in it. Raise UserError if the commit has none of the paths.
        """
        there = [path for path in paths if self._git("ls-tree", "--name-only", commit, "--", path)]
        if not there:
            raise UserError(f"{commit} in {self._path} has no {' and no '.join(paths)}")
        digest = hashlib.sha256(self._git("ls-tree", commit, "--", *there).encode())
        folder = find_cache() / "headers"
        folder.mkdir(exist_ok=True)
        final = folder / f"tree-{digest.hexdigest()[:40]}"
        with FileLock(f"{final}.lock"):
            if not final.is_dir():
                with tempfile.TemporaryDirectory(prefix=".tree-", dir=folder) as scratch:
                    self.extract(commit, Path(scratch, "tree"), *there)
                    os.rename(Path(scratch, "tree"), final)
        return final

    def _list_changing(self, older: str, newer: str) -> list[str]:
        """List the later commits up to the newer one that change what is built, oldest first."""
        line = ("--first-parent", "--reverse", f"{older}..{newer}", "--", *self._paths)
        return self._git("rev-list", *line).split()

    def _descends(self, older: str, newer: str) -> bool:
        return self._git("merge-base", older, newer) == older

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self._path), *arguments]
        return _run(command, f"git {arguments[0]} in {self._path}")


def _run(command: list[str], what: str) -> str:
    """Return what a command prints. Raise UserError if it fails or is not there."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except FileNotFoundError:
        name = command[0]
        raise UserError(f"{name} is not on PATH: install it (Debian: apt install {name})") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise UserError(f"{what} fails: {said or 'no reason given'}")
    return done.stdout.decode("utf-8", "replace").strip()
