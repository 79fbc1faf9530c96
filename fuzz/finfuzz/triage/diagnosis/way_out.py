"""Find the function of a framework by which an exception left C++.

Such a crash has this one telling frame. Where the exception was thrown is on the stack by chance:
C++ unwinds the frames up to a `noexcept` function, and none if nothing further out stops it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from finfuzz.targets.frameworks import KNOWN
from finfuzz.triage.diagnosis.symbols import Frame
from finfuzz.triage.diagnosis.telling import is_cpython, normalize_function

_PATTERNS = [
    re.compile(record.crashes.ways_out) for record in KNOWN.values() if record.crashes.ways_out
]


def find_way_out(frames: Sequence[Frame]) -> str:
    """Return the function that let an exception out into CPython; empty if none did.

    Functions outside the innermost of CPython's do not count: the exception never came there.
    """
    for frame in takewhile(lambda one: not is_cpython(one), frames):
        name = normalize_function(frame.function)
        if match := next(filter(None, (one.fullmatch(name) for one in _PATTERNS)), None):
            return match[1]
    return ""
