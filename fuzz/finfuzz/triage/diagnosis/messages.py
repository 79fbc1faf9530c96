"""Read crash messages off standard error, by one table of patterns and their meanings.

Every pattern takes time in proportion to the text, for any text: unbounded repetitions are never
tried again from many places. Each pattern begins with a fixed word, for a fast search.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from finfuzz.targets.frameworks import KNOWN
from finfuzz.targets.frameworks.framework import CrashMarks
from finfuzz.triage.diagnosis.telling import normalize_function

_DETAIL = 300


class Message(NamedTuple):
    """A message. ``diagnostic``: see diagnosis.DIAGNOSTICS. ``detail``: its text, in a line."""

    diagnostic: str
    detail: str


class _Row(NamedTuple):
    """A pattern; its groups, joined by `: `, are the detail.

    ``before``: matches the text before, on the same line; its groups go first, the last one (the
    function) in front.
    """

    diagnostic: str
    pattern: re.Pattern[str]
    before: re.Pattern[str] | None = None


def _make_row(diagnostic: str, pattern: str, before: str = "") -> _Row:
    return _Row(diagnostic, re.compile(pattern), re.compile(before) if before else None)


#: Characters of a line that may stand before a match.
_BEFORE = 500
_FUNCTION = r"(?:^|[/\s])([^/\s:]{1,100}:\d+): (.{1,400}): $"
_PLACE = r"([^/\s]+:\d+):\d+: $"

_THROWN = "terminate called after throwing an instance of '"
_WHAT = r"'\r?\n  what\(\):  "
#: Newer, older, and Apple's.
_LIBCXX = r"libc\+\+abi(?:\.dylib)?: terminating (?:due to|with) uncaught exception of type "


def _make_rows(marks: CrashMarks) -> Iterator[_Row]:
    """Make the rows of a framework's crash messages: its exceptions and its failures."""
    for name, diagnostic in marks.exceptions.items():
        yield _make_row(diagnostic, rf"{_THROWN}{name}{_WHAT}(.+)")
        yield _make_row(diagnostic, rf"{_THROWN}{name}'")
        yield _make_row(diagnostic, rf"{_LIBCXX}{name}(?:: (.+))?")
    if marks.failure:
        yield _make_row(
            "framework-failure", rf"{_THROWN}std::runtime_error{_WHAT}({marks.failure}.*)"
        )
        yield _make_row("framework-failure", rf"{_LIBCXX}std::runtime_error: ({marks.failure}.*)")
    yield from itertools.starmap(_make_row, marks.deaths)


_MARKS = [record.crashes for record in KNOWN.values()]

#: CPython's words for a signal, which faulthandler writes as it writes a fatal error.
_SIGNALS = (
    r"(?!(?:Segmentation fault|Aborted|Bus error|Illegal instruction|Floating.point exception)"
    r"(?:\n|$))"
)

#: Where CPython's collector is: 3.9 to 3.12, 3.13 and later, and of free-threaded builds.
_COLLECTOR = re.compile(r"(gcmodule|gc|gc_free_threading|pycore_gc)\.[ch]:")
#: CPython's checks of a whole object: `_PyUnicode_CheckConsistency`.
_OBJECT_CHECK = re.compile(r"_Py\w+_CheckConsistency")

_ASAN = _make_row(
    "address-sanitizer",
    r"ERROR: AddressSanitizer: (attempting free on address which was not malloc\(\)-ed"
    r"|.{1,100}?)"
    r"(?: on (?:unknown )?address\b| on 0x| \(0x|: 0x|\n|$)"
    r"(?:.*\n((?:READ|WRITE) of size \d+))?",
)
_TSAN = _make_row(
    "thread-sanitizer",
    r"WARNING: ThreadSanitizer: (.{1,100}?) \(pid=\d+\)(?:\n  (\w.{0,50} of size \d+))?",
)
_UBSAN = _make_row("undefined-behaviour", r"runtime error: (.+)", _PLACE)

#: Messages that explain a crash from anywhere in the text, as an exception long before, say.
_CAUSES = (
    *itertools.starmap(_make_row, (row for marks in _MARKS for row in marks.causes)),
    _make_row("memory-ceiling", r"(MemoryError(?<!\wMemoryError)\b(?:: .+)?)"),
    _make_row("memory-ceiling", r"(std::bad_alloc(?<!\wstd::bad_alloc)\b)"),
)

#: Messages of what ended the process. Of several in a text, the first one is nearest to the cause;
#: of two that begin at the same place, the first of this table counts.
_DEATHS = (
    *(row for marks in _MARKS for row in _make_rows(marks)),
    _make_row("uncaught-cxx-exception", rf"{_THROWN}[^'\n]+{_WHAT}(.+)"),
    _make_row("uncaught-cxx-exception", rf"{_THROWN}([^'\n]+)"),
    _make_row("uncaught-cxx-exception", rf"{_LIBCXX}(?:\w+::){{1,9}}\w+: (.+)"),
    _make_row("uncaught-cxx-exception", rf"{_LIBCXX}(.+)"),
    _make_row(
        "terminate-without-exception",
        r"(terminate called (?:without an active exception|recursively))",
    ),
    _make_row("terminate-without-exception", r"(pure virtual method called)"),
    _make_row("terminate-without-exception", r"(Pure virtual function called)"),
    _make_row("terminate-without-exception", r"(FATAL: exception not rethrown)"),
    _make_row("terminate-without-exception", r"libc\+\+abi(?:\.dylib)?: (terminating)(?:\n|$)"),
    _make_row("heap-corruption", r"(double free or corruption(?: \([^)\n]{1,20}\))?)"),
    _make_row(
        "heap-corruption",
        r"((?:free|malloc|realloc|malloc_consolidate|munmap_chunk|mremap_chunk|tcache_thread_shutdown)"
        r"\(\): (?:invalid|double|corrupted|memory|mismatching|smallbin|largebin|unsorted|unaligned"
        r"|too many).*)",
    ),
    _make_row("heap-corruption", r"(corrupted (?:size vs\.|double-linked list|unsorted chunks).*)"),
    _make_row("heap-corruption", r"(break adjusted to free malloc space|invalid fastbin entry.*)"),
    _make_row("heap-corruption", r"malloc\.c:\d+: (\w+): (Assertion .+)"),
    _make_row("heap-corruption", r"Fatal glibc error: malloc\.c:\d+ \((\w+)\): (assertion .+)"),
    _make_row("assertion-failure", r"Fatal glibc error: \S+ \((\w+)\): (assertion .+)"),
    _make_row("assertion-failure", r"(Assertion [`'\"].+)", _FUNCTION),
    _make_row("assertion-failure", r"(Assertion failed\b.*)", _FUNCTION),
    _make_row("stack-smashing", r"\*\*\* (stack smashing detected) \*\*\*"),
    _make_row(
        "buffer-overflow",
        r"\*\*\* (buffer overflow detected|%n in writable segments? detected) \*\*\*",
    ),
    _make_row("pymalloc-check", r"Fatal Python error: _PyMem_Debug\w+: (.+)"),
    _make_row("fatal-python-error", rf"Fatal Python error: {_SIGNALS}(.+)"),
    _ASAN,
    _TSAN,
)

#: Messages that may not have ended the process: they count only without any of the above.
_ODDITIES = (
    _make_row("pymalloc-check", r"Debug memory (block) at address p=0x[0-9a-f]+: (.+)"),
    _UBSAN,
)

_REPORTS = (
    _ASAN,
    _TSAN,
    _UBSAN,
    _make_row(
        "leak-report", r"SUMMARY: \w+Sanitizer: (\d+ byte\(s\) leaked in \d+ allocation\(s\))"
    ),
)
_OF_FRAMEWORKS = tuple(
    itertools.starmap(_make_row, (row for marks in _MARKS for row in marks.reports))
)

_LEAKED = tuple(re.compile(marks.leaked) for marks in _MARKS if marks.leaked)

_PYTHON_FRAME = re.compile(
    r"(?:Current thread|Thread) .{1,100}\(most recent call first\):\n"
    r"  File \"(.{1,1000})\", line (\d+) in (.+)"
)


def read_death(stderr: str) -> Message | None:
    """Return the message that explains a crash; None if there is no known one."""
    for rows in (*zip(_CAUSES), _DEATHS, _ODDITIES):
        if found := _find_first(rows, stderr):
            return found
    return None


def read_report(stderr: str, *, leaks: bool = True) -> Message | None:
    """Return a checker's report on a process that went on, or ended with its own exit code.

    ``leaks``: read the frameworks' reports of objects that are left, too.
    """
    return _find_first((*_REPORTS, *_OF_FRAMEWORKS) if leaks else _REPORTS, stderr)


def list_leak_patterns() -> list[str]:
    """List the patterns of the frameworks' leak reports."""
    rows = (row for row in _OF_FRAMEWORKS if row.diagnostic == "leak-report")
    return [row.pattern.pattern for row in rows]


def list_leaked_types(stderr: str) -> list[str]:
    """List the types of the objects in frameworks' leak reports, each once, by name."""
    return sorted({name for pattern in _LEAKED for name in pattern.findall(stderr)})


def read_python_frame(stderr: str) -> str:
    """Return `FILE:LINE in FUNCTION`, off faulthandler's traceback; empty without one."""
    found = _PYTHON_FRAME.search(stderr)
    return f"{found[1]}:{found[2]} in {found[3]}"[:_DETAIL] if found else ""


def _find_first(rows: Sequence[_Row], text: str) -> Message | None:
    found = [
        (match.start(), n, match)
        for n, row in enumerate(rows)
        if (match := row.pattern.search(text))
    ]
    if not found:
        return None
    _, n, match = min(found)  # no two have the same n
    return _make_message(rows[n], match)


def _make_message(row: _Row, match: re.Match[str]) -> Message:
    text, start = match.string, match.start()
    line = text[max(text.rfind("\n", 0, start) + 1, start - _BEFORE) : start]
    before = row.before.search(line) if row.before else None
    *place, function = before.groups() if before else [""]
    function = normalize_function(function)
    words = filter(None, [function, *place, *match.groups()])
    diagnostic = row.diagnostic
    if diagnostic == "assertion-failure":
        diagnostic = _classify_assertion(function, *place)
    return Message(diagnostic, ": ".join(words).strip()[:_DETAIL])


def _classify_assertion(function: str, place: str = "") -> str:
    """Name the debug build's check that an assertion belongs to, if it is one of CPython's."""
    if function == "_Py_NegativeRefcount":
        return "negative-refcount"
    if _OBJECT_CHECK.fullmatch(function):
        return "inconsistent-object"
    return "gc-invariant" if _COLLECTOR.match(place) else "assertion-failure"
