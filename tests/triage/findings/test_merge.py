"""A person says that two findings are one, and takes it back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.triage.findings.finding import index_buckets, load
from finfuzz.triage.findings.merge import merge, unmerge
from finfuzz.triage.findings.save import save
from finfuzz.triage.rekeying import rekey
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


def test_sightings_of_what_is_merged_twice_over_count_for_the_last(
    three: list[Path], tmp_path: Path
) -> None:
    one, other, third = three
    merge(one, other)
    merge(other, third)
    assert set(index_buckets(tmp_path).values()) == {third}
    unmerge(other)
    assert index_buckets(tmp_path) == {"a" * 12: other, "b" * 12: other, "c" * 12: third}


def test_what_can_not_be_merged(three: list[Path]) -> None:
    one, other, third = three
    with pytest.raises(UserError, match="can't be merged into itself"):
        merge(one, one)
    with pytest.raises(UserError, match="aaaaaaaaaaaa is not merged into another"):
        unmerge(one)
    merge(other, third)
    with pytest.raises(UserError, match="bbbbbbbbbbbb is itself merged into cccccccccccc"):
        merge(one, other)


@pytest.mark.parametrize("depth", [1, 2, 3], ids=["signal", "diagnostic", "bucket"])
def test_nothing_is_written_through_a_link(tmp_path: Path, depth: int) -> None:
    elsewhere = save(tmp_path / "elsewhere", finding(bucket="b" * 12, key_version=0), {})
    one = save(tmp_path / "sent", finding(), {})
    place = tmp_path / "sent" / elsewhere.relative_to(tmp_path / "elsewhere")
    if depth < 3:
        shutil.rmtree(tmp_path / "sent")
        one = elsewhere
    link = Path(*place.parts[: len(place.parts) - 3 + depth])
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(Path(*elsewhere.parts[: len(elsewhere.parts) - 3 + depth]))
    before = (elsewhere / "finding.json").read_bytes()
    with pytest.raises(UserError, match="is a link, and findings have none"):
        merge(place, one)
    list(rekey(tmp_path / "sent"))
    assert elsewhere.exists()
    assert (elsewhere / "finding.json").read_bytes() == before
