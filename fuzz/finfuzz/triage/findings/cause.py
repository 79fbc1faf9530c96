"""Read what the instruments found out about the cause of a crash, off their summaries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from finfuzz.triage.findings.escalation import Escalation

#: AddressSanitizer's: `heap-use-after-free (READ) in f (file.h:1), freed in g (file.h:2)`. Its SEGV
#: and ABRT name no more than the signal.
_MISUSE = re.compile(
    r"(?:only if freed memory is reused: )?(?:attempting )?"
    r"(?P<kind>[a-z]+(?:-[a-z]+)+|free on address which was not malloc\(\)-ed)\b(?: \([^()]*\))*"
    r"(?: in (?P<function>.+?) \([^()]*:\d+\))?"
)
_SEGV = re.compile(
    r"(?:only if freed memory is reused: )?SEGV\b[^:;]*? in (?P<function>.+?) \([^()]*:\d+\)"
)
#: Valgrind's, where the block's history is known.
_INVALID = re.compile(
    r"Invalid (?P<access>read|write) of size \d+ in (?P<function>.+?) \([^()]*:\d+\)"
    r", (?P<history>freed|allocated) "
)
_BROKEN = {
    "negative-refcount": "negative reference count",
    "gc-invariant": "broken invariant of the garbage collector",
    "inconsistent-object": "inconsistent object",
    "pymalloc-check": "damaged memory block",
}
#: Characters of a summary, as the instruments write it.
_LONGEST = 300
_CHECK = re.compile(rf": ({'|'.join(_BROKEN)})\b")


class Cause(NamedTuple):
    """What the instruments know. ``kind``: of a misuse of memory, as `heap-use-after-free`.

    ``function``: its place, or that of a SEGV. ``broken``: a check of CPython that failed, which a
    crash of a plain run may follow from. Each is empty where no instrument knows.
    """

    kind: str = ""
    function: str = ""
    broken: str = ""


def read_cause(reports: Sequence[Escalation]) -> Cause:
    """Read the cause of a crash off the reports of all instruments, the most exact one first."""
    done = {one.name: one.summary[:_LONGEST] for one in reports if one.status == "done"}
    sanitized = done.get("asan-ubsan", "")
    if found := _MISUSE.match(sanitized):
        return Cause(found["kind"], found["function"] or "")
    if found := _INVALID.match(done.get("valgrind", "")):
        kind = "heap-use-after-free" if found["history"] == "freed" else "heap-buffer-overflow"
        return Cause(kind, found["function"])
    crash = _SEGV.match(sanitized)
    checks = (_CHECK.search(done.get(name, "")) for name in ("debug-python", "pymalloc-debug"))
    broken = next((_BROKEN[check[1]] for check in checks if check), "")
    return Cause("", crash["function"] if crash else "", broken)
