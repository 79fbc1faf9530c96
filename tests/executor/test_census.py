"""Censuses, as the driver writes them on standard error."""

from __future__ import annotations

import pytest

from finfuzz.executor.census import find_censuses


@pytest.mark.parametrize(
    ("stderr", "expected"),
    [
        ("", {}),
        ("finfuzz: step 2 counts NativeColour 1\n", {2: {"NativeColour": 1}}),
        (
            "noise\nfinfuzz: step 2 counts Error 1, LocalError 3\nfinfuzz: step 9 counts Error 2\n",
            {2: {"Error": 1, "LocalError": 3}, 9: {"Error": 2}},
        ),
        ("finfuzz: step 2 counts Box 1, Box 2\n", {2: {"Box": 3}}),  # of two extensions
        ("finfuzz: step 2 counts \nfinfuzz: step 3 cou", {}),
        ("step 2 counts Box 1\n", {}),
        ("finfuzz: step 2 `node a list` raised E: step 1 counts Box 1\n", {}),
    ],
)
def test_a_line_is_a_census(stderr: str, expected: dict[int, dict[str, int]]) -> None:
    assert find_censuses(stderr) == expected
