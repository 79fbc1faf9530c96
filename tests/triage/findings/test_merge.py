"""A person says that two findings are one, and takes it back."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.triage.findings.finding import index_buckets, load
from finfuzz.triage.findings.merge import merge, unmerge
from finfuzz.triage.findings.save import save
from helpers.finding_example import bare_finding as finding


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    return [save(tmp_path, finding(bucket=letter * 12), {}) for letter in "abc"]


def test_a_merge_is_recorded_and_undone(three: list[Path], tmp_path: Path) -> None:
    one, other, _ = three
    before = load(one)
    merge(one, other)
    assert index_buckets(tmp_path)["a" * 12] == other
    assert load(one).merged_into == "b" * 12
    unmerge(one)
    assert load(one) == before
    assert index_buckets(tmp_path)["a" * 12] == one


def test_what_can_not_be_merged(three: list[Path]) -> None:
    one, other, third = three
    with pytest.raises(UserError, match="can't be merged into itself"):
        merge(one, one)
    with pytest.raises(UserError, match="aaaaaaaaaaaa is not merged into another"):
        unmerge(one)
    merge(other, third)
    with pytest.raises(UserError, match="bbbbbbbbbbbb is itself merged into cccccccccccc"):
        merge(one, other)
