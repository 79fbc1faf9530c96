"""Lines read off the instruments' texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.triage.instruments import sanitizers, valgrind
from finfuzz.triage.instruments.reading import find_place, read_frames, read_message, shorten

SOURCES = re.compile(r"(?:\S*/)?extension\.cpp:|/headers/")

ADDRESS = """\
/usr/include/vector.h:11:3: runtime error: reference binding to null pointer of type 'int'
AddressSanitizer:DEADLYSIGNAL
=================================================================
==12==ERROR: AddressSanitizer: SEGV on unknown address 0x0000000000b0 (pc 0x7f1 bp 0x7f2 T0)
==12==The signal is caused by a READ memory access.
==12==Hint: address points to the zero page.
    #0 0x7f1 in Py_INCREF(_object*) /python/object.h:824
    #1 0x7f2 in lib::cast<int>(lib::handle const&) /headers/lib/cast.h:17:4
    #2 0x7f3  (/lib/libc.so.6+0x12)
"""
USED_AFTER = """\
==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x603 at pc 0x7f bp 0x7f sp 0x7f
READ of size 8 at 0x603 thread T0
    #0 0x7f1 in static_answer /tmp/a/extension.cpp:498
0x603 is located 0 bytes inside of 32-byte region [0x603,0x605)
freed by thread T0 here:
    #0 0x7f2 in operator delete(void*) ../../libsanitizer/asan.cpp:164
    #1 0x7f3 in lib::release() /headers/lib/lib.h:9
previously allocated by thread T0 here:
    #0 0x7f4 in lib::get() /headers/lib/lib.h:3
"""
MEMCHECK = """\
==1== Command: python repro.py
==1==
self-check: something of the script's own
==1== Invalid read of size 8
==1==    at 0x5BB66BA: Py_TYPE (/python/object.h:391)
==1==    by 0x5BB66BB: (anonymous namespace)::answer() (/tmp/extension.cpp:498)
==1==  Address 0x5cb is 0 bytes inside a block of size 32 free'd
==1==    at 0x4844: operator delete(void*, unsigned long) (in /usr/lib/memcheck.so)
==1==    by 0x5BC1: lib::release() (/headers/lib/lib.h:9)
==1==  Block was alloc'd at
==1==    at 0x4842: operator new(unsigned long) (in /usr/lib/memcheck.so)
==1==    by 0x5BC2: lib::get() (/headers/lib/lib.h:3)
==1==
==1== Process terminating with default action of signal 11 (SIGSEGV)
"""
#: Where a CPython brings a C library of its own (the CPythons of other distributions).
NOT_STARTED = """\
==1== Command: python repro.py
==1==

valgrind:  Fatal error at startup: a function redirection
valgrind:  which is mandatory for this platform-tool combination
valgrind:  cannot be set up.  Details of the redirection are:
valgrind:
valgrind:  A must-be-redirected function
valgrind:  whose name matches the pattern:      strlen
valgrind:  in an object with soname matching:   ld-linux-x86-64.so.2
valgrind:  was not found whilst processing
valgrind:  symbols from the object with soname: ld-linux-x86-64.so.2
valgrind:
valgrind:  Cannot continue -- exiting now.  Sorry.
"""


@pytest.mark.parametrize(
    ("line", "function", "place"),
    [
        ("    #0 0x7f in f(int, g<h>) /a.cpp:12:7", "f(int, g<h>)", "/a.cpp:12"),
        ("    #10 0x7f in f /a.cpp:12", "f", "/a.cpp:12"),
        ("    #1 0x7f  (/lib/libc.so.6+0x12)", None, None),
        ("#0  f (a=1, b=...) at a.cpp:3", "f", "a.cpp:3"),
        ("#12 0x00007f in f(int) (a=1) at /x/a.cpp:3", "f(int)", "/x/a.cpp:3"),
        ("#1  0x00007f in abort () from /lib/libc.so.6", None, None),
        ("==7==    at 0x5B: f(int) (a.h:391)", "f(int)", "a.h:391"),
        ("==7==    by 0x5B: operator new(unsigned long) (in /usr/lib/m.so)", None, None),
    ],
)
def test_frames_of_all_of_them(line: str, function: str | None, place: str | None) -> None:
    assert list(read_frames(f"before\n{line}\nafter")) == ([(function, place)] if place else [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ADDRESS, "in lib::cast (/headers/lib/cast.h:17)"),
        (
            "    #0 0x7f in pybind11::pybind11_fail(char const*) /headers/a.h:1\n"
            "    #1 0x7f in f extension.cpp:2\n",
            "in f (extension.cpp:2)",
        ),
        ("    #0 0x7f in f a.c:1\n    #1 0x7f in g b.c:2\n", "in f (a.c:1)"),  # none of ours
        ("no stack", ""),
    ],
)
def test_the_place_is_the_extensions_first(text: str, expected: str) -> None:
    assert find_place(text, SOURCES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            ADDRESS,
            "SEGV at 0xb0 (READ) in lib::cast (/headers/lib/cast.h:17); before it: reference "
            "binding to null pointer of type 'int' (/usr/include/vector.h:11:3)",
        ),
        (
            USED_AFTER,
            "heap-use-after-free (READ) in static_answer (/tmp/a/extension.cpp:498), "
            "freed in lib::release (/headers/lib/lib.h:9)",
        ),
        (ADDRESS.replace("0x0000000000b0 ", "0x7fffdeadbeef "), "SEGV (READ) in lib::cast"),
        (ADDRESS.splitlines()[0], "reference binding to null pointer of type 'int' (/usr/"),
        ("==12==ERROR: AddressSanitizer: ", ""),
        ("", ""),
    ],
)
def test_a_report_of_the_sanitizers(text: str, expected: str) -> None:
    said = sanitizers.read_report(text, SOURCES)
    assert said.startswith(expected)
    assert bool(said) == bool(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            MEMCHECK,
            "Invalid read of size 8 in answer (/tmp/extension.cpp:498), "
            "freed in lib::release (/headers/lib/lib.h:9)",
        ),
        ("==1== Command: python\nInvalid read of the script's own\n", ""),
    ],
)
def test_a_report_of_valgrind(text: str, expected: str) -> None:
    assert valgrind.read_report(text, SOURCES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MEMCHECK, ""),
        (
            NOT_STARTED,
            "its ld-linux-x86-64.so.2 is stripped (no strlen), and no debug symbols are installed",
        ),
        (
            "==7== valgrind: Unrecognised instruction at address 0x4a0e5d.\n==7== Your program\n",
            "Unrecognised instruction at address 0x4a0e5d.",
        ),
        ("a script's line about valgrind: nothing\n", ""),
    ],
)
def test_why_valgrind_gave_up(text: str, expected: str) -> None:
    assert valgrind.read_own_failure(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fatal Python error: Segmentation fault\n", ""),
        ("free(): double free detected in tcache 2\n", "heap-corruption: free(): double free"),
        ("terminate called after throwing an instance of 'E'\n  what():  no\n", "uncaught-cxx"),
        (ADDRESS, ""),  # said at more length by the sanitizers' own report
        ("finfuzz: internals created again in the same interpreter\n", ""),
    ],
)
def test_what_a_process_says_of_its_death(text: str, expected: str) -> None:
    said = read_message(text)
    assert said.startswith(expected)
    assert bool(said) == bool(expected)


@given(st.text())
def test_a_line_is_one_and_not_too_long(text: str) -> None:
    line = shorten(text)
    assert len(line.splitlines()) <= 1
    assert len(line) <= 300
