"""Files that may be CPythons: of the whole machine, or below a folder.

Nothing is run here, but each candidate will be, which is expensive; so none is listed twice.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from findpython import Finder
from findpython.providers.base import BaseProvider
from findpython.providers.pyenv import PyenvProvider

from finfuzz.support.cpythons import OLDEST

#: How far below a folder an executable is looked for: `versions/3.14.0/bin/python3.14` and
#: `3.14/usr/bin/python3.14` are three folders down.
_DEPTH = 3


def list_candidates() -> list[Path]:
    """List what is on PATH, in the usual places of version managers, and this very Python."""
    named = (python.executable for one in _list_providers() for python in one.find_pythons())
    # findpython takes `python3.14d`, a debug build, for no Python.
    on_path = (path for folder in _list_path() for path in folder.glob("python3.*"))
    return _keep_likely([*named, *on_path, Path(sys.executable)])


def list_candidates_in(folder: Path) -> list[Path]:
    """List what lies in a folder: a prefix, a folder of prefixes, or CPython's own source tree."""
    patterns = ("*/" * depth + "python*" for depth in range(_DEPTH + 1))
    return _keep_likely(path for pattern in patterns for path in folder.glob(pattern))


def _keep_likely(paths: Iterable[Path]) -> list[Path]:
    real = {path.resolve() for path in paths}
    return sorted(path for path in real if _may_be_new_enough(path.name) and _is_program(path))


def _list_providers() -> Iterator[BaseProvider]:
    yield from Finder().setup_providers()
    # findpython's own pyenv provider knows $PYENV_ROOT and ~/.pyenv only.
    yield from (PyenvProvider(one.parent) for one in _list_path() if one.name == "shims")


def _list_path() -> list[Path]:
    return [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]


def _may_be_new_enough(name: str) -> bool:
    parts = re.fullmatch(r"python(?:3(?:\.(\d+)[a-z]*)?)?", name)
    return parts is not None and (parts[1] is None or (3, int(parts[1])) >= OLDEST)


def _is_program(path: Path) -> bool:
    """Whether it can be run and is no script.

    Scripts such as pyenv's shims are slow, and lead to Pythons that are found anyway.
    """
    try:
        with path.open("rb") as file:
            return file.read(2) != b"#!" and os.access(path, os.X_OK)
    except OSError:
        return False
