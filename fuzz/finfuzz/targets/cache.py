"""Find the cache, the folder of headers and builds."""

from __future__ import annotations

import os
import re
from pathlib import Path

import platformdirs

from finfuzz.support.errors import UserError


def find_cache() -> Path:
    """Return ``$FINFUZZ_CACHE``, or a folder of finfuzz's own in the user's cache folder.

    Create it if it isn't there. Raise UserError if it can't be created or written to, or if no
    library can be preloaded from there: a space or a colon in LD_PRELOAD ends a path.
    """
    named = os.environ.get("FINFUZZ_CACHE")
    root = Path(named) if named else platformdirs.user_cache_path("finfuzz")
    try:
        root = root.expanduser().absolute()
        if re.search("[ :]", str(root)):
            raise _unusable(root, "a space or a colon in its path")
        root.mkdir(parents=True, exist_ok=True)
    except RuntimeError as error:  # ~ of a user who doesn't exist
        raise _unusable(root, str(error)) from None
    except OSError as error:
        raise _unusable(root, error.strerror) from None
    if not os.access(root, os.W_OK | os.X_OK):
        raise _unusable(root, "not writable")
    return root


def _unusable(root: Path, reason: str | None) -> UserError:
    return UserError(f"the cache {root} can't be used ({reason}): set $FINFUZZ_CACHE to another")
