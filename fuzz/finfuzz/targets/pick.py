"""The CPython that a user means by `--python`, and the one that a finding was made on."""

from __future__ import annotations

import os
import re
from pathlib import Path

from finfuzz.support.cpythons import OLDEST, format_version
from finfuzz.support.errors import UserError
from finfuzz.targets.candidates import list_candidates_in
from finfuzz.targets.instrumentation import read_instrumentation
from finfuzz.targets.interpreters import (
    Interpreter,
    find_interpreters,
    probe,
    probe_all,
    require_headers,
)

_OLDEST = format_version(OLDEST)


def pick_interpreter(text: str | None) -> Interpreter:
    """Return the interpreter that ``--python`` names; it is supported and has headers.

    ``None`` picks the newest one found that has headers, ``3.13`` or ``3.13.0`` the newest patch
    release that matches, ``3.14d`` a debug and ``3.14t`` a free-threaded build. Anything with a
    slash is a path: of a Python, or of a folder, whose newest it is. Raise UserError.
    """
    if text is not None and "/" in text:
        return require_headers(_probe_named(text))
    found = find_interpreters()
    matches = _prefer_release(found) if text is None else _select_matching(text, found)
    if not matches:
        raise _find_none(text, found)
    return _pick_with_headers(matches)


def pick_own(text: str, executable: str = "") -> Interpreter:
    """Return the CPython of a finding, `3.14.10d`, at the path that the finding names or elsewhere.

    Without it, the newest build of its branch with the same ABI flags. Raise UserError if there is
    none.
    """
    own = Path(os.path.expanduser(executable))
    if executable and own.is_file() and _is_usable_as(found := probe(own), text):
        return found
    if same := [one for one in find_interpreters() if _is_usable_as(one, text)]:
        return same[0]
    numbers, flags = _read_word(text)
    return pick_interpreter(format_version(numbers[:2]) + flags)


def _is_usable_as(python: Interpreter, text: str) -> bool:
    return python.text == text and bool(python.includes)


def _probe_named(text: str) -> Interpreter:
    path = Path(os.path.expanduser(text))
    if not path.exists():
        raise UserError(f"--python {text}: there is no such file: give the path of a Python")
    if path.is_dir():
        return _probe_folder(text, path)
    if not os.access(path, os.X_OK):
        raise UserError(f"--python {text}: is not an executable file: give the path of a Python")
    python = probe(path)
    if python.version < OLDEST:
        raise _too_old(text, python.text)
    return python


def _probe_folder(text: str, folder: Path) -> Interpreter:
    for python in (folder / "bin" / "python", folder / "python"):
        if python.is_file() and (one := probe(python)).environment and one.version >= OLDEST:
            return require_headers(one)  # a virtual environment: its packages are meant
    found = probe_all(list_candidates_in(folder))
    if not found:
        raise UserError(
            f"--python {text}: no CPython {_OLDEST} or later in this folder: "
            "give the path of a Python, or of a folder that has one"
        )
    return _pick_with_headers(_prefer_release(found))


def _pick_with_headers(matches: list[Interpreter]) -> Interpreter:
    """Pick the first that can be built for; an instrumented one only where there is no other."""
    usable = [python for python in matches if python.includes]
    plain = (one for one in usable if not read_instrumentation(one.executable).text)
    return require_headers(next(plain, (usable or matches)[0]))


def _prefer_release(found: list[Interpreter]) -> list[Interpreter]:
    """Put debug and free-threaded builds last: a user who means one says so."""
    return sorted(found, key=lambda python: bool(python.abiflags))


def _select_matching(text: str, found: list[Interpreter]) -> list[Interpreter]:
    wanted, flags = _read_word(text)
    if wanted < OLDEST[: len(wanted)]:
        raise _too_old(text, text)
    if re.search("a|b|rc", text):  # of 3.15.0a3 and 3.15.0b1 that one
        return [python for python in found if python.text == text]
    return [
        python
        for python in found
        if python.version[: len(wanted)] == wanted and python.abiflags == flags
    ]


def _read_word(text: str) -> tuple[tuple[int, ...], str]:
    """Read `3.14`, `3.14.10` or `3.14d` as numbers and ABI flags."""
    match = re.fullmatch(r"(\d+(?:\.\d+){0,2})(?:(?:a|b|rc)\d+)?(t?d?)", text)
    if match is None:
        raise UserError(
            f"--python {text!r}: neither a version (3.12, 3.12.1, 3.14d for a debug build, 3.14t "
            "for a free-threaded one) nor a path (with a slash)"
        )
    return tuple(map(int, match[1].split("."))), match[2]


def _too_old(text: str, version: str) -> UserError:
    return UserError(f"--python {text}: Python {version} is too old: pick {_OLDEST} or later")


def _find_none(text: str | None, found: list[Interpreter]) -> UserError:
    listed = ", ".join(dict.fromkeys(python.text for python in found)) or "none"
    install = "install one, or give its path: --python PATH"
    if text is None:
        return UserError(f"no CPython {_OLDEST} or later was found: {install}")
    return UserError(f"--python {text}: no such CPython was found (there are: {listed}): {install}")
