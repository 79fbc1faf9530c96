"""What a dying process says on standard error, and what it means: one table.

Every pattern takes time in proportion to the text, whatever the text: no repetition is tried anew
from many places unless it is bounded. Each begins with a word of its own, which is found fast.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from finfuzz.targets.frameworks import KNOWN
from finfuzz.targets.frameworks.framework import CrashMarks
from finfuzz.triage.diagnosis.telling import normalized

_DETAIL = 300


class Message(NamedTuple):
    """``diagnostic``: see diagnosis.DIAGNOSTICS. ``detail``: what it says, in a line."""

    diagnostic: str
    detail: str


class _Row(NamedTuple):
    """The groups of ``pattern``, with `: ` between them, are the detail.

    ``before``: for what stands before the match, on the same line; its group goes first.
    """

    diagnostic: str
    pattern: re.Pattern[str]
    before: re.Pattern[str] | None = None


def _row(diagnostic: str, pattern: str, before: str = "") -> _Row:
    return _Row(diagnostic, re.compile(pattern), re.compile(before) if before else None)


#: How much of a line may stand before a match.
_BEFORE = 500
_FUNCTION = r":\d+: (.{1,400}): $"
_PLACE = r"([^/\s]+:\d+):\d+: $"

_THROWN = "terminate called after throwing an instance of '"
_WHAT = r"'\r?\n  what\(\):  "
#: Newer, older, and Apple's.
_LIBCXX = r"libc\+\+abi(?:\.dylib)?: terminating (?:due to|with) uncaught exception of type "


def _rows_of(marks: CrashMarks) -> Iterator[_Row]:
    """What a framework says when it dies: exceptions of its own, and its failures."""
    for name, diagnostic in marks.exceptions.items():
        yield _row(diagnostic, rf"{_THROWN}{name}{_WHAT}(.+)")
        yield _row(diagnostic, rf"{_THROWN}{name}'")
        yield _row(diagnostic, rf"{_LIBCXX}{name}(?:: (.+))?")
    if marks.failure:
        yield _row("framework-failure", rf"{_THROWN}std::runtime_error{_WHAT}({marks.failure}.*)")
        yield _row("framework-failure", rf"{_LIBCXX}std::runtime_error: ({marks.failure}.*)")
    yield from itertools.starmap(_row, marks.deaths)


_MARKS = [record.crashes for record in KNOWN.values()]

#: CPython's words for a signal, which faulthandler writes as it writes a fatal error.
_SIGNALS = (
    r"(?!(?:Segmentation fault|Aborted|Bus error|Illegal instruction|Floating.point exception)"
    r"(?:\n|$))"
)

_ASAN = _row(
    "address-sanitizer",
    r"ERROR: AddressSanitizer: (attempting free on address which was not malloc\(\)-ed"
    r"|.{1,100}?)"
    r"(?: on (?:unknown )?address\b| on 0x| \(0x|: 0x|\n|$)"
    r"(?:.*\n((?:READ|WRITE) of size \d+))?",
)
_UBSAN = _row("undefined-behaviour", r"runtime error: (.+)", _PLACE)

#: What explains a death wherever it stands: it may have been said as an exception long before.
_CAUSES = (
    *itertools.starmap(_row, (row for marks in _MARKS for row in marks.causes)),
    _row("memory-ceiling", r"(MemoryError(?<!\wMemoryError)\b(?:: .+)?)"),
    _row("memory-ceiling", r"(std::bad_alloc(?<!\wstd::bad_alloc)\b)"),
)

#: What ended the process. In a text with several, the one that comes first is nearest to the cause;
#: of two that begin at the same place, the first of this table is meant.
_DEATHS = (
    *(row for marks in _MARKS for row in _rows_of(marks)),
    _row("uncaught-cxx-exception", rf"{_THROWN}[^'\n]+{_WHAT}(.+)"),
    _row("uncaught-cxx-exception", rf"{_THROWN}([^'\n]+)"),
    _row("uncaught-cxx-exception", rf"{_LIBCXX}(?:\w+::){{1,9}}\w+: (.+)"),
    _row("uncaught-cxx-exception", rf"{_LIBCXX}(.+)"),
    _row(
        "terminate-without-exception",
        r"(terminate called (?:without an active exception|recursively))",
    ),
    _row("terminate-without-exception", r"(pure virtual method called)"),
    _row("terminate-without-exception", r"(Pure virtual function called)"),
    _row("terminate-without-exception", r"(FATAL: exception not rethrown)"),
    _row("terminate-without-exception", r"libc\+\+abi(?:\.dylib)?: (terminating)(?:\n|$)"),
    _row("heap-corruption", r"(double free or corruption(?: \([^)\n]{1,20}\))?)"),
    _row(
        "heap-corruption",
        r"((?:free|malloc|realloc|malloc_consolidate|munmap_chunk|mremap_chunk|tcache_thread_shutdown)"
        r"\(\): (?:invalid|double|corrupted|memory|mismatching|smallbin|largebin|unsorted|unaligned"
        r"|too many).*)",
    ),
    _row("heap-corruption", r"(corrupted (?:size vs\.|double-linked list|unsorted chunks).*)"),
    _row("heap-corruption", r"(break adjusted to free malloc space|invalid fastbin entry.*)"),
    _row("heap-corruption", r"malloc\.c:\d+: (\w+): (Assertion .+)"),
    _row("heap-corruption", r"Fatal glibc error: malloc\.c:\d+ \((\w+)\): (assertion .+)"),
    _row("assertion-failed", r"Fatal glibc error: \S+ \((\w+)\): (assertion .+)"),
    _row("assertion-failed", r"(Assertion [`'\"].+)", _FUNCTION),
    _row("assertion-failed", r"(Assertion failed\b.*)", _FUNCTION),
    _row("stack-smashing", r"\*\*\* (stack smashing detected) \*\*\*"),
    _row(
        "buffer-overflow",
        r"\*\*\* (buffer overflow detected|%n in writable segments? detected) \*\*\*",
    ),
    _row("pymalloc-check", r"Fatal Python error: _PyMem_Debug\w+: (.+)"),
    _row("fatal-python-error", rf"Fatal Python error: {_SIGNALS}(.+)"),
    _ASAN,
)

#: What may or may not have ended it: it counts where nothing above is there.
_ODDITIES = (
    _row("pymalloc-check", r"Debug memory (block) at address p=0x[0-9a-f]+: (.+)"),
    _UBSAN,
)

_REPORTS = (
    _ASAN,
    _UBSAN,
    _row("leak-report", r"SUMMARY: \w+Sanitizer: (\d+ byte\(s\) leaked in \d+ allocation\(s\))"),
    *itertools.starmap(_row, (row for marks in _MARKS for row in marks.reports)),
)

_PYTHON_FRAME = re.compile(
    r"(?:Current thread|Thread) .{1,100}\(most recent call first\):\n"
    r"  File \"(.{1,1000})\", line (\d+) in (.+)"
)


def death(stderr: str) -> Message | None:
    """What a process that died says of it; None where it says nothing known."""
    for rows in (*zip(_CAUSES), _DEATHS, _ODDITIES):
        if found := _first(rows, stderr):
            return found
    return None


def report(stderr: str) -> Message | None:
    """What a checker says of a process that went on, or ended with an exit code of its own."""
    return _first(_REPORTS, stderr)


def python_frame(stderr: str) -> str:
    """`FILE:LINE in FUNCTION`: what Python ran, out of faulthandler's traceback; empty without."""
    found = _PYTHON_FRAME.search(stderr)
    return f"{found[1]}:{found[2]} in {found[3]}"[:_DETAIL] if found else ""


def _first(rows: Sequence[_Row], text: str) -> Message | None:
    found = [
        (match.start(), n, match)
        for n, row in enumerate(rows)
        if (match := row.pattern.search(text))
    ]
    if not found:
        return None
    _, n, match = min(found)  # no two have the same n
    return _message(rows[n], match)


def _message(row: _Row, match: re.Match[str]) -> Message:
    text, start = match.string, match.start()
    line = text[max(text.rfind("\n", 0, start) + 1, start - _BEFORE) : start]
    before = row.before.search(line) if row.before else None
    words = [*([normalized(before[1])] if before else []), *filter(None, match.groups())]
    return Message(row.diagnostic, ": ".join(words).strip()[:_DETAIL])
