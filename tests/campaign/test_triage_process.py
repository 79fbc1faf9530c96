"""The triage process: whose cores it takes."""

from __future__ import annotations

import pytest

from finfuzz.campaign.triage_process import count_free_cores


@pytest.mark.parametrize(
    ("workers", "cores", "load", "free"),
    [
        (1, 2, 0.0, 1),
        (1, 2, 0.4, 1),  # what the build of a minute ago leaves
        (2, 2, 0.0, 0),
        (1, 2, 4.0, 0),  # four busy loops
        (8, 16, 4.0, 4),
    ],
)
def test_a_core_that_something_else_wants_is_not_free(
    workers: int, cores: int, load: float, free: int
) -> None:
    """Triage at nice 19 beside busy loops came to no end in half an hour (issue 21)."""
    assert count_free_cores(workers, cores, load) == free
