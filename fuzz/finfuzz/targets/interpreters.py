"""Find the CPythons of this machine, probe them, and pick one."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec
from findpython import Finder
from findpython.providers.base import BaseProvider
from findpython.providers.pyenv import PyenvProvider

from finfuzz.support.cpythons import OLDEST, format_version
from finfuzz.support.errors import UserError

_OLDEST = format_version(OLDEST)
PROBE_SECONDS = 20

_PROBE = """
import json, sys, sysconfig
print(json.dumps({
    "implementation": sys.implementation.name,
    "version": sys.version_info[:3],
    "executable": sys.executable,
    "includes": [sysconfig.get_path("include"), sysconfig.get_config_var("INCLUDEPY")],
    "ext_suffix": sysconfig.get_config_var("EXT_SUFFIX"),
    "full_version": sys.version,
    "soabi": sysconfig.get_config_var("SOABI"),
    "debug": sysconfig.get_config_var("Py_DEBUG"),
}))
"""


class _Answer(msgspec.Struct):
    implementation: str
    version: tuple[int, int, int]
    executable: str
    includes: list[str | None]
    ext_suffix: str
    full_version: str
    soabi: str | None
    debug: int | str | None


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A CPython. ``include`` is None when its Python.h isn't installed.

    ``build_key`` is equal for two probes exactly when their builds may be shared.
    """

    executable: Path
    version: tuple[int, int, int]
    include: Path | None
    ext_suffix: str
    build_key: str

    @property
    def text(self) -> str:
        """The version as ``3.13.0``."""
        return ".".join(map(str, self.version))


def probe(path: Path) -> Interpreter:
    """Run the Python at ``path`` once and describe it.

    Raise UserError if it doesn't run or isn't a CPython 3; any 3.x is described.
    """
    answer = _ask(path)
    if answer.implementation != "cpython":
        raise UserError(f"{path} is {answer.implementation}, not CPython: pick a CPython")
    executable = Path(answer.executable or path).resolve()
    return Interpreter(
        executable=executable,
        version=answer.version,
        include=_find_python_h(answer.includes),
        ext_suffix=answer.ext_suffix,
        build_key=json.dumps(
            [str(executable), answer.full_version, answer.soabi, bool(answer.debug)]
        ),
    )


def find_interpreters() -> list[Interpreter]:
    """Find every supported CPython of this machine, newest first, one per real executable."""
    with ThreadPoolExecutor() as pool:
        probed = pool.map(_probe_or_none, sorted(_find_candidates()))
    found = {
        python.executable: python
        for python in probed
        if python is not None and python.version >= OLDEST
    }
    by_path = sorted(found.values(), key=lambda python: python.executable)
    return sorted(by_path, key=lambda python: python.version, reverse=True)


def pick_interpreter(text: str | None) -> Interpreter:
    """Return the interpreter that ``--python`` names; it is supported and has headers.

    ``None`` picks the newest one found that has headers, ``3.13`` or ``3.13.0`` the newest patch
    release that matches, anything with a slash the Python at that path. Raise UserError.
    """
    if text is not None and "/" in text:
        return require_headers(_probe_named(text))
    found = find_interpreters()
    matches = found if text is None else _select_matching(text, found)
    if not matches:
        wanted = "at all" if text is None else f"for --python {text}"
        raise UserError(
            f"no CPython {_OLDEST} or later found {wanted} ({_list_found(found)}): "
            "install one, or give its path with --python"
        )
    return require_headers(next((python for python in matches if python.include), matches[0]))


def require_headers(interpreter: Interpreter) -> Interpreter:
    """Return the interpreter. Raise UserError if it has no Python.h to build against."""
    if interpreter.include is None:
        major, minor, _ = interpreter.version
        raise UserError(
            f"CPython {interpreter.text} has no Python.h in {_guess_include(interpreter)}: "
            f"install its development package (Debian: python{major}.{minor}-dev) "
            "or pick another with --python"
        )
    return interpreter


def _ask(path: Path) -> _Answer:
    command = [str(path.resolve()), "-I", "-S", "-c", _PROBE]
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
        reason = f" (it printed: {said[0]})" if said else ""
        raise UserError(
            f"{path} is not a Python 3{reason}: give a CPython {_OLDEST} or later"
        ) from None


def _find_python_h(includes: list[str | None]) -> Path | None:
    folders = [Path(include) for include in includes if include]
    return next((folder for folder in folders if (folder / "Python.h").is_file()), None)


def _probe_or_none(path: Path) -> Interpreter | None:
    try:
        return probe(path)
    except UserError:  # one broken Python on PATH must not hide the others
        return None


def _find_candidates() -> set[Path]:
    """Find real paths worth running, without duplicates, since each run is expensive."""
    named = {
        python.executable for provider in _list_providers() for python in provider.find_pythons()
    }
    real = {path.resolve() for path in [*named, Path(sys.executable)]}
    return {path for path in real if _may_be_new_enough(path.name) and not _is_script(path)}


def _list_providers() -> Iterator[BaseProvider]:
    yield from Finder().setup_providers()
    # findpython's own pyenv provider knows $PYENV_ROOT and ~/.pyenv only.
    on_path = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    yield from (PyenvProvider(folder.parent) for folder in on_path if folder.name == "shims")


def _may_be_new_enough(name: str) -> bool:
    parts = re.fullmatch(r"python(?:3(?:\.(\d+)[a-z]*)?)?", name)
    return parts is not None and (parts[1] is None or (3, int(parts[1])) >= OLDEST)


def _is_script(path: Path) -> bool:
    """Whether a path is a script, such as pyenv's shims.

    These are slow to run, and lead to Pythons that are found anyway.
    """
    try:
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return True


def _probe_named(text: str) -> Interpreter:
    path = Path(os.path.expanduser(text))
    if not path.exists():
        raise UserError(f"--python {text}: there is no such file: give the path of a Python")
    if not path.is_file() or not os.access(path, os.X_OK):
        raise UserError(f"--python {text}: is not an executable file: give the path of a Python")
    python = probe(path)
    if python.version < OLDEST:
        raise _too_old(text, python.text)
    return python


def _select_matching(text: str, found: list[Interpreter]) -> list[Interpreter]:
    if not re.fullmatch(r"\d+(\.\d+){0,2}", text):
        raise UserError(
            f"--python {text!r}: neither a version (3.12, 3.12.1) nor a path (with a slash)"
        )
    wanted = tuple(map(int, text.split(".")))
    if wanted < OLDEST[: len(wanted)]:
        raise _too_old(text, text)
    return [python for python in found if python.version[: len(wanted)] == wanted]


def _too_old(text: str, version: str) -> UserError:
    return UserError(f"--python {text}: Python {version} is too old: pick {_OLDEST} or later")


def _list_found(found: list[Interpreter]) -> str:
    listed = ", ".join(f"{python.text} in {python.executable}" for python in found)
    return f"found: {listed}" if found else "found: none"


def _guess_include(interpreter: Interpreter) -> Path:
    prefix = interpreter.executable.parent.parent
    return prefix / "include" / "python{}.{}".format(*interpreter.version)
