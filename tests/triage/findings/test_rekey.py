"""A new list of telling frames gives old findings their new key, and files nothing anew."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.support.errors import UserError
from finfuzz.triage.diagnosis import telling
from finfuzz.triage.findings.finding import Finding, StackFrame, index_buckets, load
from finfuzz.triage.findings.rekey import count_outdated, plan_rekey
from finfuzz.triage.rekeying import rekey
from helpers.finding_example import crashes_with, finding

STACK = (
    StackFrame("libpython3.13.so", 1, "PyObject_Free"),
    StackFrame("libpython3.13.so", 2, "some_new_plumbing"),
    StackFrame("libpython3.13.so", 3, "zoneinfo_free"),
)


def keyed(**changes: object) -> Finding:
    """A finding with the key that today's list makes."""
    made = finding(signal="SIGSEGV", diagnostic="none", frames=(), stack=STACK, **changes)
    frames = tuple(frame.function for frame in STACK)
    made = msgspec.structs.replace(made, frames=frames)
    return msgspec.structs.replace(made, bucket=made.diagnosis.bucket)


@pytest.fixture
def newer_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """One in which a function counts as plumbing that did not before."""
    before = telling.select_telling_frames

    def without(frames: object, **options: object) -> list[str]:
        return [name for name in before(frames, **options) if name != "some_new_plumbing"]

    monkeypatch.setattr(telling, "select_telling_frames", without)
    monkeypatch.setattr(telling, "VERSION", telling.VERSION + 1)


def test_a_finding_whose_telling_frames_stay_keeps_its_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(rekey(crashes_with(tmp_path, keyed(key_version=0))))
    (folder,) = index_buckets(tmp_path).values()
    old = load(folder)
    monkeypatch.setattr(telling, "VERSION", telling.VERSION + 1)
    assert list(rekey(tmp_path)) == [f"{old.bucket} keeps its bucket"]
    found = load(folder)
    assert (found.bucket, found.former) == (old.bucket, old.former)
    assert found.key_version == telling.VERSION
    assert count_outdated(tmp_path) == 0


@pytest.mark.usefixtures("newer_list")
def test_a_finding_gets_its_new_key(tmp_path: Path) -> None:
    old = keyed(key_version=telling.VERSION - 1)
    old_key = old.bucket
    crashes_with(tmp_path, old)
    (line,) = rekey(tmp_path)
    ((bucket, folder),) = index_buckets(tmp_path).items()
    found = load(folder)
    assert line == f"{old_key} is renamed to {bucket}"
    assert folder == tmp_path / found.folder
    assert (found.bucket, found.former, found.key_version) == (
        found.diagnosis.bucket,
        (old_key,),
        telling.VERSION,
    )
    assert "some_new_plumbing" not in found.frames
    assert found.sightings == old.sightings
    assert list(rekey(tmp_path)) == []


@pytest.mark.usefixtures("newer_list")
def test_two_that_come_together_are_merged_and_both_kept(tmp_path: Path) -> None:
    one = keyed(key_version=telling.VERSION - 1)
    other_stack = (STACK[0], STACK[2])
    other = msgspec.structs.replace(one, bucket="0" * 12, stack=other_stack)
    crashes_with(tmp_path, one, other)
    planned = [str(change) for change in plan_rekey(tmp_path)]
    lines = list(rekey(tmp_path))
    assert lines == planned
    new = index_buckets(tmp_path)[lines[0].rpartition(" ")[2]].name
    first, second = sorted((one.bucket, other.bucket))
    assert lines == [
        f"{first} is renamed to {new}",
        f"{second} is merged into {new}, which has the same key now",
    ]
    folders = set(index_buckets(tmp_path).values())
    assert len(folders) == 1  # whichever is seen, one of the two counts it
    assert len(list(tmp_path.glob("*/*/*/finding.json"))) == 2


def test_one_without_a_stack_keeps_its_frames(tmp_path: Path) -> None:
    crashes_with(tmp_path, finding(key_version=0, stack=(), bucket="0" * 12))
    list(rekey(tmp_path))
    (folder,) = index_buckets(tmp_path).values()
    assert load(folder).frames == finding().frames


def test_a_damaged_one_keeps_what_it_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "SIGABRT" / "none" / ("e" * 12)
    folder.mkdir(parents=True)
    (folder / "finding.json").write_text("{")
    assert list(rekey(tmp_path)) == []
    assert index_buckets(tmp_path) == {"e" * 12: folder}


def read_all(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("newer_list")
def test_counting_and_planning_write_nothing(tmp_path: Path) -> None:
    crashes_with(tmp_path, keyed(key_version=telling.VERSION - 1), keyed(phase="running"))
    before = read_all(tmp_path)
    assert count_outdated(tmp_path) == 1
    (change,) = plan_rekey(tmp_path)
    assert change.place != change.folder
    assert read_all(tmp_path) == before


@pytest.mark.usefixtures("newer_list")
@pytest.mark.parametrize("version", [-1, 0])
def test_what_is_merged_into_a_renamed_finding_follows_it(tmp_path: Path, version: int) -> None:
    old = keyed(key_version=telling.VERSION - 1)
    merged = finding(
        bucket="0" * 12, merged_into=old.bucket, stack=(), key_version=telling.VERSION + version
    )
    crashes_with(tmp_path, old, merged)
    list(rekey(tmp_path))
    buckets = {load(folder).bucket for folder in index_buckets(tmp_path).values()}
    assert len(buckets) == 1  # sightings of both are counted for the one that is not merged
    assert buckets != {old.bucket}


@pytest.mark.usefixtures("newer_list")
def test_interrupted_between_folder_and_record_it_goes_on_later(tmp_path: Path) -> None:
    crashes_with(tmp_path, keyed(key_version=telling.VERSION - 1))
    (change,) = plan_rekey(tmp_path)
    change.folder.rename(change.place)
    (line,) = rekey(tmp_path)
    assert line == str(change)
    assert load(change.place) == change.finding


@pytest.mark.usefixtures("newer_list")
def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    crashes_with(tmp_path, keyed(key_version=telling.VERSION - 1))
    (change,) = plan_rekey(tmp_path)
    (change.place / "mine").mkdir(parents=True)
    with pytest.raises(UserError, match=r"can't rename .*: move away what is there"):
        list(rekey(tmp_path))
    assert load(change.folder).key_version == telling.VERSION - 1
