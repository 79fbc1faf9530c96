"""What standard error says, and what it means. Whole outcomes are in outcomes/."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.triage.diagnosis.diagnosis import DIAGNOSTICS
from finfuzz.triage.diagnosis.messages import Message, read_death, read_python_frame, read_report

THROWN = "terminate called after throwing an instance of"
ASAN = "==1==ERROR: AddressSanitizer:"


@pytest.mark.parametrize(
    ("text", "diagnostic", "detail"),
    [
        (f"{THROWN} 'a::B'\n  what():  no\n", "uncaught-cxx-exception", "no"),
        (f"{THROWN} 'a::B'\n", "uncaught-cxx-exception", "a::B"),
        (f"{THROWN} 'pybind11::cast_error'\n  what():  no\n", "cast-error", "no"),
        (f"{THROWN} 'pybind11::cast_error'\n", "cast-error", ""),
        (f"{THROWN} 'my::pybind11::cast_error'\n", "uncaught-cxx-exception", None),
        # what pybind11_fail throws is a std::runtime_error like any other
        (f"{THROWN} 'std::runtime_error'\n  what():  disk full\n", "uncaught-cxx-exception", None),
        (
            f"{THROWN} 'std::runtime_error'\n  what():  pybind11::a() FAILED: b\n",
            "framework-failure",
            "pybind11::a() FAILED: b",
        ),
        (
            f"{THROWN} 'std::logic_error'\n  what():  pybind11::a() FAILED: b\n",
            "uncaught-cxx-exception",
            None,
        ),
        ("Critical nanobind error: a::b(): no\n", "framework-failure", "a::b(): no"),
        ("python: a.c:5: f: Assertion `x > 0' failed.", "assertion-failure", None),
        (
            "a.h:5: void a::f(int) [with T = b::c]: Assertion 'x' failed.",
            "assertion-failure",
            "a::f: a.h:5: Assertion 'x' failed.",
        ),
        (
            'Objects/a.c:5: f: Assertion "x" failed: too small\n',
            "assertion-failure",
            'f: a.c:5: Assertion "x" failed: too small',
        ),
        # what CPython's debug build checks, by the file or the function that says so
        (
            "python3.14d: ../Python/gc.c:431: update_refs: Assertion `x != 0' failed.\n",
            "gc-invariant",
            "update_refs: gc.c:431: Assertion `x != 0' failed.",
        ),
        ('Modules/gcmodule.c:5: f: Assertion "x" failed\n', "gc-invariant", None),
        ('Modules/my_gc.c:5: f: Assertion "x" failed\n', "assertion-failure", None),
        (
            "a.c:5: _Py_NegativeRefcount: Assertion failed: object has negative ref count\n",
            "negative-refcount",
            None,
        ),
        (
            "Objects/a.c:5: _PyUnicode_CheckConsistency: Assertion failed: kind == 1\n",
            "inconsistent-object",
            "_PyUnicode_CheckConsistency: a.c:5: Assertion failed: kind == 1",
        ),
        # nobody knows where
        ("Assertion failed: x, file a.c, line 3.", "assertion-failure", None),
        ("malloc(): memory corruption (fast)\n", "heap-corruption", None),
        ("malloc(): smallbin double linked list corrupted\n", "heap-corruption", None),
        ("free(): too many chunks detected in tcache\n", "heap-corruption", None),
        ("corrupted size vs. prev_size while consolidating\n", "heap-corruption", None),
        ("malloc_consolidate(): unaligned fastbin chunk detected\n", "heap-corruption", None),
        ("*** stack smashing detected ***: <unknown> terminated\n", "stack-smashing", None),
        ("*** %n in writable segment detected ***\n", "buffer-overflow", None),
        (f"{ASAN} stack-overflow on address 0x7f (pc", "address-sanitizer", "stack-overflow"),
        (f"{ASAN} odr-violation (0x55):\n", "address-sanitizer", "odr-violation"),
        (
            f"{ASAN} global-buffer-overflow on address 0x5 at pc 0x6\nWRITE of size 8 at 0x5\n",
            "address-sanitizer",
            "global-buffer-overflow: WRITE of size 8",
        ),
        ("a.cpp:5:9: runtime error: x", "undefined-behaviour", "a.cpp:5: x"),
        ("/home/a b/c.cpp:5:9: runtime error: x", "undefined-behaviour", "c.cpp:5: x"),
        ("Fatal Python error: f: no\n", "fatal-python-error", "f: no"),
        ("Fatal Python error: Segmentation fault of mine\n", "fatal-python-error", None),
        ("Fatal Python error: _PyMem_DebugRawFree: bad ID\n", "pymalloc-check", "bad ID"),
        ("MemoryError: Unable to allocate 8 GiB\n", "memory-ceiling", None),
    ],
)
def test_a_death(text: str, diagnostic: str, detail: str | None) -> None:
    found = read_death(text)
    assert found
    assert found.diagnostic == diagnostic
    assert detail in (None, found.detail)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Fatal Python error: Segmentation fault\n\nCurrent thread",
        "Fatal Python error: Aborted",
        "Fatal Python error: \n",
        "AddressSanitizer:DEADLYSIGNAL\n",
        "SUMMARY: AddressSanitizer: 8 byte(s) leaked in 1 allocation(s).\n",
        "nanobind: leaked 1 instances!\n",
        "sqlite3_free(): done\n",
        "NotAMemoryError: 3",
        "my_std::bad_alloc",
        "AssertionError: no",
    ],
)
def test_what_explains_no_death(text: str) -> None:
    assert read_death(text) is None


@pytest.mark.parametrize(
    ("texts", "diagnostic"),
    [
        # said first, nearest to the cause
        (["free(): invalid pointer", "Fatal Python error: f: no"], "heap-corruption"),
        (["Fatal Python error: f: no", "free(): invalid pointer"], "fatal-python-error"),
        (["pure virtual method called", f"{THROWN} 'a'"], "terminate-without-exception"),
        # a signal in CPython's words is none of it
        (["Fatal Python error: Aborted", "Fatal Python error: f: no"], "fatal-python-error"),
        # the guard and want of memory may be reported long before
        (
            [
                "Fatal Python error: f: no",
                "reentrant call detected while fetching pybind11 internals",
            ],
            "internals-recreated",
        ),
        (["free(): invalid pointer", "MemoryError"], "memory-ceiling"),
        # what need not have been the end is asked last
        (["a.cpp:1:1: runtime error: x", "free(): invalid pointer"], "heap-corruption"),
        (
            ["Debug memory block at address p=0x1: API 'o'", "Fatal Python error: f: no"],
            "fatal-python-error",
        ),
    ],
)
def test_which_of_several(texts: list[str], diagnostic: str) -> None:
    found = read_death("\n".join(texts))
    assert found
    assert found.diagnostic == diagnostic


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{ASAN} odr-violation (0x55):\n", Message("address-sanitizer", "odr-violation")),
        ("a.cpp:1:1: runtime error: x", Message("undefined-behaviour", "a.cpp:1: x")),
        (
            "SUMMARY: LeakSanitizer: 8 byte(s) leaked in 1 allocation(s).",
            Message("leak-report", "8 byte(s) leaked in 1 allocation(s)"),
        ),
        (
            "nanobind: leaked 2 keep_alive records!\nnanobind: leaked 1 types!",
            Message("leak-report", "nanobind: leaked 2 keep_alive records"),
        ),
        ("Fatal Python error: f: quoted by one that goes on", None),
        ("", None),
    ],
)
def test_a_report(text: str, found: Message | None) -> None:
    assert read_report(text) == found


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        (
            "Current thread 0x00007fb0 (most recent call first):\n"
            '  File "/a/b.py", line 7 in f\n  File "/a/c.py", line 8 in <module>\n',
            "/a/b.py:7 in f",
        ),
        # CPython 3.14 has names
        ('Thread 0x00007fb0 [main] (most recent call first):\n  File "a", line 7 in f', "a:7 in f"),
        ("Current thread 0x00007fb0 (most recent call first):\n  <no Python frame>\n", ""),
        ("Traceback (most recent call last):\n", ""),
    ],
)
def test_where_python_was(text: str, frame: str) -> None:
    assert read_python_frame(text) == frame


PIECES = (
    *(f"{THROWN} '", "'\n  what():  ", "libc++abi: terminating with uncaught exception of type "),
    *("Fatal Python error: ", "_PyMem_DebugRawFree: ", "Assertion `", ":1: ", "f: ", "' failed"),
    *(f"{ASAN} ", " on address 0x", "runtime error: ", "malloc.c:1: ", "free(): invalid", "\n"),
    *("pybind11::", "() FAILED: ", "reentrant call detected while fetching pybind11 internals"),
    *("Current thread ", "(most recent call first):\n", '  File "', "\0", "\r", "\ud800"),
)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=40).map("".join))
def test_any_text_is_read(text: str) -> None:
    for found in (read_death(text), read_report(text)):
        assert found is None or found.diagnostic in DIAGNOSTICS
        assert found is None or (len(found.detail) <= 300 and "\n" not in found.detail)
    assert "\n" not in read_python_frame(text)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("piece", [*PIECES, "x", " ", "Assertion `x\n"])
def test_a_hostile_text_is_read_in_time(piece: str) -> None:
    """64 KiB of one piece over and over: what is not linear takes minutes."""
    text = piece * (65536 // len(piece))
    read_death(text)
    read_report(text)
    read_python_frame(text)
