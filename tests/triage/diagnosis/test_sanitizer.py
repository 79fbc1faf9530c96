"""The stack of a sanitizer's report."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.triage.diagnosis.sanitizer import read_report_stack
from finfuzz.triage.diagnosis.symbols import Frame
from helpers.outcome_files import read
from helpers.places import OUTCOMES


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        (
            "#0 0x55d6 in culprit(int) /home/user/a.cpp:35:7",
            Frame("/home/user/a.cpp", 0, "culprit(int)", "/home/user/a.cpp:35:7"),
        ),
        (
            "#0 0x7f1c in take_gil (/usr/lib/libpython3.13.so.1.0+0x1c0de) (BuildId: a5ae)",
            Frame("/usr/lib/libpython3.13.so.1.0", 0x1C0DE, "take_gil"),
        ),
        (
            "#0 0x7f1c  (/usr/lib/libother.so+0x10)",
            Frame("/usr/lib/libother.so", 0x10, ""),
        ),
        (
            "#0 0x7f1c in operator()(int, char (*)[3]) const a.cpp:1",
            Frame("a.cpp", 0, "operator()(int, char (*)[3]) const", "a.cpp:1"),
        ),
        ("#0 0x7f1c in culprit (<unknown module>)", Frame("", 0, "culprit (<unknown module>)")),
        # as ThreadSanitizer writes it
        (
            "#0 culprit(int) /home/user/a.cpp:35:7 (a.out+0x123c) (BuildId: a5ae)",
            Frame("a.out", 0x123C, "culprit(int)", "/home/user/a.cpp:35:7"),
        ),
        ("#0 <null> <null> (libother.so.6+0x10)", Frame("libother.so.6", 0x10, "")),
        (
            "#0 pthread_create ../src/libsanitizer/tsan/a.cpp:1 (libtsan.so.2+0x5e)",
            None,
        ),
        # the sanitizer's own
        ("#0 0x7f03 in operator delete[](void*) ../src/libsanitizer/asan/asan_new.cpp:155", None),
        ("#0 0x7f03 in free (/lib/x86_64-linux-gnu/libasan.so.8+0xb76a8)", None),
    ],
)
def test_a_line(line: str, frame: Frame | None) -> None:
    assert read_report_stack(f"ERROR: …\n    {line}\n\nfreed by") == ([frame] if frame else [])


def test_the_first_stack_of_a_report_is_the_one() -> None:
    functions = [frame.function for frame in read_report_stack(stderr("asan-use-after-free"))]
    assert functions[:2] == ["culprit(int, char**)", "main"]
    assert len(functions) == 5


@pytest.mark.parametrize("text", ["", "\n", "    #0 0x", "    #0 0x1 in\n", "#0 0x1 in a b.c:1"])
def test_what_is_no_stack(text: str) -> None:
    assert read_report_stack(text) == []


@given(st.text(), st.text())
def test_any_text_is_read(before: str, inside: str) -> None:
    assert len(read_report_stack(f"{before}\n    #0 0x1 in {inside}\n")) <= 1


def stderr(name: str) -> str:
    return read(OUTCOMES / f"{name}.txt").outcome.stderr
