"""Find and run the C++ compiler."""

import functools
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from finfuzz.support.errors import UserError
from finfuzz.support.processes import end_descendants

T = TypeVar("T")

COMPILERS_AT_ONCE = 2
SHOWN_LINES = 40
#: The folders of a file that is named with a line.
_FOLDERS = re.compile(r"(?<!\S)/\S*/(?=[^/\s]+:\d+:)")
_HOW_TO_GET_ONE = "install one (Debian: apt install g++)"


class BuildError(UserError):
    """A failed compile: one line with the exit code and the command, then the output."""

    @property
    def first_error(self) -> str:
        """The first line of the compiler's output that names an error, or else the first line.

        Files are without their folders: findings are read on other machines.
        """
        lines = str(self).splitlines()
        line = next((line for line in lines if "error:" in line), lines[0])
        return _FOLDERS.sub("", line)


def find_compiler() -> Path:
    """Find the first word of ``$CXX``, or else c++, g++ or clang++ on PATH. Raise UserError."""
    words = os.environ.get("CXX", "").split()
    names = words[:1] or ["c++", "g++", "clang++"]
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None and words:
        raise UserError(f"$CXX names {words[0]!r}, which can't be run: unset it or correct it")
    if found is None:
        raise UserError(
            f"no C++ compiler on PATH (looked for {', '.join(names)}): "
            f"{_HOW_TO_GET_ONE}, or name it in $CXX"
        )
    return Path(found).absolute()  # not resolved: ccache and the like read the name of their link


@functools.cache
def read_version(compiler: Path) -> str:
    """Return the first line of ``compiler --version``. Raise UserError if that fails."""
    try:
        done = subprocess.run(
            [compiler, "--version"], capture_output=True, text=True, errors="replace", check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise UserError(f"{compiler} --version fails ({error}): {_HOW_TO_GET_ONE}") from None
    return next(iter(done.stdout.splitlines()), "")


def run_compiler(
    command: list[str], directory: Path, variables: Mapping[str, str] | None = None
) -> None:
    """Run one compiler command in ``directory``. Raise BuildError if it fails.

    ``variables``: in addition to the environment.
    """
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        head = f"the compiler failed with exit code {done.returncode}: {shlex.join(command)}"
        raise BuildError("\n".join([head, *_cut_before_first_error(done.stdout.splitlines())]))


def run_all(run: Callable[[T], None], commands: Sequence[T]) -> None:
    """Run commands, some at once; raise what the first one raises that fails.

    Ctrl-C and SIGTERM end them all.
    """
    with ThreadPoolExecutor(COMPILERS_AT_ONCE) as pool:
        futures = [pool.submit(run, one) for one in commands]
        try:
            for future in futures:
                future.result()
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if not isinstance(error, Exception):
                _end_running(futures)
            raise


def _end_running(futures: Sequence[Future[None]]) -> None:
    """End compilers until none is left: one may start after the others were ended."""
    while running := [one for one in futures if one.running()]:
        end_descendants(os.getpid())
        wait(running, timeout=0.05)


def _cut_before_first_error(lines: list[str]) -> list[str]:
    """Return at most SHOWN_LINES, from the first error on: earlier lines are warnings."""
    if len(lines) <= SHOWN_LINES:
        return lines
    first = next((number for number, line in enumerate(lines) if "error" in line), 0)
    shown = lines[first : first + SHOWN_LINES]
    return [*shown, f"… ({len(lines) - len(shown)} more lines)"]
