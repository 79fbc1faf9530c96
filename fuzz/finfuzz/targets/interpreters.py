"""Find the CPythons of this machine and probe them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from finfuzz.support.cpythons import OLDEST, format_version, make_sort_key
from finfuzz.support.errors import UserError
from finfuzz.support.files import shorten_home
from finfuzz.support.reading import shorten
from finfuzz.targets.answers import find_place, keep_answer, read_answer
from finfuzz.targets.candidates import list_candidates, list_candidates_in

_OLDEST = format_version(OLDEST)
PROBE_SECONDS = 20

_PROBE = """
import json, sys, sysconfig
print(json.dumps({
    "implementation": sys.implementation.name,
    "version": sys.version_info[:3],
    "number": sys.version.split()[0],
    "abiflags": sys.abiflags,
    "commit": sys._git[2],
    "executable": sys.executable,
    "includes": [sysconfig.get_path("include"), sysconfig.get_config_var("INCLUDEPY")],
    "source_tree": sysconfig.get_config_var("srcdir") if sysconfig.is_python_build() else None,
    "pyconfig": sysconfig.get_config_h_filename(),
    "ext_suffix": sysconfig.get_config_var("EXT_SUFFIX"),
    "full_version": sys.version,
    "soabi": sysconfig.get_config_var("SOABI"),
}))
"""


class _Answer(msgspec.Struct):
    """``number``: the version with what a prerelease adds; ``source_tree``: not installed."""

    implementation: str
    version: tuple[int, int, int]
    number: str
    abiflags: str
    commit: str
    executable: str
    includes: list[str | None]
    source_tree: str | None
    pyconfig: str
    ext_suffix: str
    full_version: str
    soabi: str | None


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A CPython. ``includes`` is empty when its Python.h isn't installed.

    ``text``: its version with its ABI flags, d for a debug build, t for a free-threaded one:
    `3.13.0`, `3.14.10d`, `3.16.0a3t`. ``commit``: of CPython's repository, of a build from there.
    ``environment``: the Python of the virtual environment that it was named by.
    ``build_key`` is equal for two probes exactly when their builds may be shared.
    """

    executable: Path
    version: tuple[int, int, int]
    includes: tuple[Path, ...]
    ext_suffix: str
    build_key: str
    text: str
    abiflags: str = ""
    commit: str = ""
    environment: Path | None = field(default=None, compare=False)

    @property
    def path(self) -> Path:
        """The path that finds it again, with the packages of its virtual environment."""
        return self.environment or self.executable

    @property
    def is_debug(self) -> bool:
        """Whether it checks its own assertions."""
        return "d" in self.abiflags

    @property
    def is_free_threaded(self) -> bool:
        """Whether it can run without a GIL."""
        return "t" in self.abiflags

    def differs_in_version(self, other: Interpreter) -> bool:
        """Whether it is another release of the same kind of build."""
        return self.version != other.version and self.abiflags == other.abiflags

    @property
    def name(self) -> str:
        """What tells it from every other: version, commit and path."""
        commit = f" ({self.commit})" if self.commit else ""
        return f"{self.text}{commit} in {shorten_home(self.path)}"


def probe(path: Path) -> Interpreter:
    """Run the Python at ``path`` and describe it; the answer of an unchanged file is kept.

    Raise UserError if it doesn't run or isn't a CPython 3; any 3.x is described.
    """
    answer = _ask(path)
    if answer.implementation != "cpython":
        raise UserError(f"{path} is {answer.implementation}, not CPython: pick a CPython")
    named = Path(os.path.abspath(answer.executable or path))
    executable = named.resolve()
    return Interpreter(
        executable=executable,
        version=answer.version,
        includes=_find_headers(answer),
        ext_suffix=answer.ext_suffix,
        build_key=json.dumps([str(executable), answer.full_version, answer.soabi]),
        text=answer.number.rstrip("+") + answer.abiflags,
        abiflags=answer.abiflags,
        commit=answer.commit,
        environment=named if _is_virtual(named) else None,
    )


def find_interpreters(folders: Sequence[Path] = ()) -> list[Interpreter]:
    """Find every supported CPython of this machine and of these folders.

    Newest first, of one version the release build first; one per real executable.
    """
    more = [path for folder in folders for path in list_candidates_in(folder)]
    return probe_all({*list_candidates(), *more})


def probe_all(paths: Iterable[Path]) -> list[Interpreter]:
    """Probe them at once; what is no supported CPython is left out. In the order of a search."""
    with ThreadPoolExecutor() as pool:
        probed = pool.map(_probe_or_none, sorted(paths))
    found = {python.executable: python for python in probed if python and python.version >= OLDEST}
    by_build = sorted(found.values(), key=lambda one: (one.abiflags, one.executable))
    return sorted(by_build, key=lambda one: make_sort_key(one.text)[0], reverse=True)


def require_headers(interpreter: Interpreter) -> Interpreter:
    """Return the interpreter. Raise UserError if it has no Python.h to build against."""
    if not interpreter.includes:
        major, minor, _ = interpreter.version
        raise UserError(
            f"CPython {interpreter.text} has no Python.h in {_guess_include(interpreter)}: "
            f"install its development package (Debian: python{major}.{minor}-dev) "
            "or pick another with --python"
        )
    return interpreter


def _is_virtual(executable: Path) -> bool:
    """Whether it is the Python of a virtual environment."""
    return (executable.parent.parent / "pyvenv.cfg").is_file()


def _ask(path: Path) -> _Answer:
    place = find_place(path, _PROBE)
    with contextlib.suppress(msgspec.DecodeError):  # nothing is kept, or it is damaged
        return msgspec.json.decode(read_answer(place), type=_Answer)
    answer = _run_probe(path)
    keep_answer(place, msgspec.json.encode(answer))
    return answer


def _run_probe(path: Path) -> _Answer:
    command = [os.path.abspath(path), "-I", "-S", "-c", _PROBE]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"{path} gave no answer in {PROBE_SECONDS} s: give a CPython {_OLDEST} or later"
        ) from None
    except OSError as error:
        raise UserError(
            f"{path} can't be run: {error.strerror}: give a CPython {_OLDEST} or later"
        ) from None
    try:
        return msgspec.json.decode(done.stdout, type=_Answer)
    except msgspec.DecodeError:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        # A program that is no Python may print what it was given, the source above.
        is_ours = _PROBE.strip().partition("\n")[0][:8] in "".join(said)
        reason = f" (it printed: {shorten(said[0])})" if said and not is_ours else ""
        raise UserError(
            f"{path} is not a Python 3{reason}: give a CPython {_OLDEST} or later"
        ) from None


def _find_headers(answer: _Answer) -> tuple[Path, ...]:
    """Find the folders of Python.h and pyconfig.h: one, or two of a build in its source tree."""
    if answer.source_tree:
        folders = (Path(answer.source_tree, "Include"), Path(answer.pyconfig).parent)
        return tuple(folder.resolve() for folder in folders)
    installed = [Path(include) for include in answer.includes if include]
    return tuple([one for one in installed if _are_headers_of(one, answer.number)][:1])


def _are_headers_of(folder: Path, number: str) -> bool:
    """Whether they are of this very release: INCLUDEPY may be where another one was installed."""
    try:
        text = (folder / "patchlevel.h").read_text(errors="replace")
    except OSError:
        return False
    return (folder / "Python.h").is_file() and f'"{number}"' in text


def _probe_or_none(path: Path) -> Interpreter | None:
    try:
        return probe(path)
    except UserError:  # one broken Python on PATH must not hide the others
        return None


def _guess_include(interpreter: Interpreter) -> Path:
    prefix = interpreter.executable.parent.parent
    return prefix / "include" / "python{}.{}".format(*interpreter.version)
