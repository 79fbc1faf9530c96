"""Commands of finfuzz in messages: a reader can copy each into the shell, and it works there."""

from __future__ import annotations

import shlex
from pathlib import Path

#: The values that `--crashes` and `--state` have where a command does not name them.
DEFAULT_CRASHES, DEFAULT_STATE = Path("crashes"), Path(".finfuzz")


def spell_command(*words: str | Path, crashes: Path | None = None) -> str:
    """Spell a command: `finfuzz attribute --crashes '/a b'`, quoted for the shell.

    ``crashes``: the folder of findings that it is about; left out where that is the default.
    """
    spelled = ["finfuzz", *(shorten_path(one) if isinstance(one, Path) else one for one in words)]
    if crashes is not None and crashes.absolute() != DEFAULT_CRASHES.absolute():
        spelled += ["--crashes", shorten_path(crashes)]
    return shlex.join(spelled)


def shorten_path(path: Path) -> str:
    """Write a path from the working folder on where it lies in that, else in full."""
    here, whole = Path.cwd(), path.absolute()
    short = whole.relative_to(here) if whole.is_relative_to(here) else whole
    text = str(short)
    return f"./{text}" if text.startswith("-") else text
