"""The part of a stack that a finding keeps and a reader gets."""

from __future__ import annotations

import pytest

from finfuzz.triage.diagnosis.symbols import Frame
from finfuzz.triage.stack import drop_handler

RECORDED = [
    Frame("/b/finfuzz_runtime.so", 1, "finfuzz::record_frames(unsigned long*)"),
    Frame("/b/finfuzz_runtime.so", 2, "finfuzz::on_signal(int, siginfo_t*, void*)"),
]
TRAMPOLINE = Frame("/lib/libc.so.6", 3, "")
#: A package's file with such a name (pysam's) was taken for the C library, and the caller dropped.
LIKE_LIBC = Frame("/site-packages/libcalignedsegment.cpython-313-x86_64-linux-gnu.so", 3, "call")
#: A stripped file's local function.
NAMELESS = Frame("/usr/bin/python3.13", 4, "", local_start=1)
MAIN = Frame("/usr/bin/python3.13", 5, "Py_BytesMain")


@pytest.mark.parametrize(
    ("stack", "kept"),
    [
        ([*RECORDED, TRAMPOLINE, NAMELESS, MAIN], [NAMELESS, MAIN]),
        ([*RECORDED, TRAMPOLINE, *RECORDED[:1], MAIN], [*RECORDED[:1], MAIN]),  # our own crash
        ([*RECORDED, LIKE_LIBC, MAIN], [LIKE_LIBC, MAIN]),  # of a call that broke a rule
        ([*RECORDED, NAMELESS, MAIN], [NAMELESS, MAIN]),  # where internals were recreated
        ([NAMELESS, MAIN], [NAMELESS, MAIN]),
        ([], []),
    ],
)
def test_the_stack_of_a_finding_begins_where_the_crash_is(
    stack: list[Frame], kept: list[Frame]
) -> None:
    assert drop_handler(stack) == kept
