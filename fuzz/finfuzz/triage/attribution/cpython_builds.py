"""Build CPython as of any of its commits, in the cache. The user's repository stays as it is."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from finfuzz.executor import process
from finfuzz.support.errors import UserError
from finfuzz.targets.cache import find_cache
from finfuzz.targets.compiler import read_version
from finfuzz.triage.attribution.commits import Repository
from finfuzz.triage.attribution.search import SHOWN

#: Pathspecs: all that a build may depend on. Of CPython 3.12's 4,376 commits to 3.13.0a5, 2,816.
BUILT = tuple(f":!{path}" for path in ("Doc", "Misc", "Lib/test", ".github", "PC", "PCbuild"))

#: Quick to compile, and more functions than with -O3 have a frame of their own.
_CFLAGS = "-O1 -g"
#: What no finding needs: pip, the tests' own extensions, a static library of 60 MB.
_OPTIONS = ("--without-ensurepip", "--disable-test-modules", "--without-static-libpython")
#: configure's option for each ABI flag.
_FLAGS = {"d": "--with-pydebug", "t": "--disable-gil"}


@dataclass(frozen=True)
class CpythonBuilds:
    """Make CPythons with the same ABI flags, each once. ``abiflags``: such as `d` for debug."""

    repository: Repository
    abiflags: str
    announce: Callable[[str], None]

    def make(self, commit: str) -> Path:
        """Return the executable of a commit's CPython. Raise UserError if it does not build."""
        folder = find_cache() / "cpythons"
        folder.mkdir(exist_ok=True)
        options = (*_OPTIONS, *(_FLAGS[flag] for flag in self.abiflags))
        facts = (options, _CFLAGS, read_version(Path(_find_c_compiler())))
        final = folder / f"{commit}-{hashlib.sha256(repr(facts).encode()).hexdigest()[:8]}"
        with FileLock(folder / ".lock"):  # a build uses all cores anyway
            if not final.is_dir():
                self._build(commit, final, options)
        return next(
            path
            for path in sorted(final.glob("bin/python3.*"))
            if re.fullmatch(r"python3\.\d+[a-z]*", path.name)
        )

    def _build(self, commit: str, final: Path, options: tuple[str, ...]) -> None:
        """Build in a scratch folder, and move the installation to its place when it is whole.

        The scratch folder has the same path each time: only then ccache recognizes the sources.
        """
        scratch = final.parent / ".scratch"
        shutil.rmtree(scratch, ignore_errors=True)  # of a process that was killed
        source, made, staged = (scratch / name for name in ("source", "build", "staged"))
        try:
            self.repository.extract(commit, source)
            made.mkdir()
            steps: dict[str, list[str | Path]] = {
                "configure": [source / "configure", f"--prefix={final}", *options],
                "make": ["make", f"-j{len(os.sched_getaffinity(0))}"],
                # The driver needs it, and make leaves it out where libffi's headers are missing.
                "import ctypes": [made / "python", "-c", "import ctypes"],
                "make altinstall": ["make", "altinstall", f"DESTDIR={staged}"],
            }
            for number, (name, command) in enumerate(steps.items(), start=1):
                what = f"building CPython {commit[:SHOWN]}: {name} ({number} of {len(steps)})"
                self.announce(what)
                _run(name, command, made, final.with_suffix(".log"))
            os.rename(f"{staged}{final}", final)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _run(name: str, command: list[str | Path], folder: Path, log: Path) -> None:
    """Run a step of a build in a folder.

    Raise UserError, with the first error that it printed, if it fails; ``log`` has all of that.
    """
    with tempfile.TemporaryFile(dir=folder) as output:
        running = subprocess.Popen(
            process.tie_to_us(sys.executable, command),
            cwd=folder,
            env=_make_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C reaches us alone, and we end the whole tree
        )
        try:
            code = running.wait()
        finally:
            process.end_tree(running.pid)
            running.wait()
        output.seek(0)
        printed = output.read() if code else b""
    if code:
        log.write_bytes(printed)
        lines = printed.decode("utf-8", "replace").splitlines()
        last = lines[-1] if lines else f"exit code {code}"
        first = next((line for line in lines if "error:" in line or "***" in line), last)
        raise UserError(f"does not build: {name} fails: {first} (see {log})")


def _make_environment() -> dict[str, str]:
    """Return our environment without what another Python or make of ours would change."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") and name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    ccache = shutil.which("ccache")
    compiler = _find_c_compiler()
    return {**kept, "CC": f"{ccache} {compiler}" if ccache else compiler, "CFLAGS": _CFLAGS}


def _find_c_compiler() -> str:
    """Find the C compiler: the first of ``$CC``, cc, gcc and clang on PATH. Raise UserError."""
    names = [*os.environ.get("CC", "").split()[:1], "cc", "gcc", "clang"]
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise UserError("no C compiler on PATH: install one (Debian: apt install gcc make)")
    return found
