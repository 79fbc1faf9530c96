"""Texts that are a framework's report of objects that are left, and texts that are not."""

import pytest

from finfuzz.executor.leaks import has_leak_report


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ('nanobind: leaked 1 instances!\n - leaked instance 0x7f of type "m.C"\n', True),
        ("a warning\nnanobind: leaked 12 keep_alive records!\n", True),
        ("nanobind: this is likely caused by a reference counting issue", False),
        ("SUMMARY: LeakSanitizer: 8 byte(s) leaked in 1 allocation(s).", False),
    ],
)
def test_reports(text: str, expected: bool) -> None:
    assert has_leak_report(text) is expected
