"""Regular expressions of lists that others wrote: RE2 needs time linear in the text.

`re` tries `(a+)+$` on 40 letters for hours, and can't be interrupted in a thread.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import re2

from finfuzz.support.errors import UserError
from finfuzz.support.reading import shorten


class Pattern(Protocol):
    """What is used of RE2's patterns."""

    def match(self, text: str) -> object | None: ...
    def search(self, text: str) -> object | None: ...


_OPTIONS = re2.Options()
_OPTIONS.log_errors = False  # to standard error


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> Pattern:
    """Compile a pattern, without lookaround and backreferences. Raise UserError if it is wrong."""
    try:
        made: Pattern = re2.compile(text, _OPTIONS)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else "not UTF-8"
        raise UserError(
            f"{shorten(text)!r} is no regular expression of RE2, which has no lookaround and no "
            f"backreferences: {shorten(reason, 100)}"
        ) from None
    return made
