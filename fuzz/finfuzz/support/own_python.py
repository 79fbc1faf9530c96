"""Starting finfuzz's own Python without the working folder on the module path.

A campaign runs in the user's folder. A `random.py` or a `finfuzz.py` there would otherwise be
imported in place of the module that finfuzz needs.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

_SAFE_PATH = "PYTHONSAFEPATH"


def module_command(module: str, *arguments: object) -> list[str]:
    """The command that runs a module; `PYTHONPATH` and editable installs still count."""
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]


@contextlib.contextmanager
def safe_path() -> Iterator[None]:
    """Set the environment so that Pythons started inside leave the working folder out.

    For `multiprocessing`, which writes its own command line.
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before
