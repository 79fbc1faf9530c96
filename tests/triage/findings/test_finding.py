"""Findings on disk: whole or not there, and read with care."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finfuzz.support.errors import UserError
from finfuzz.triage.findings.finding import (
    SCHEMA_VERSION,
    Finding,
    encode,
    find_filed,
    find_finding,
    index_buckets,
    load,
    load_all,
    update,
)
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.save import save
from helpers.finding_example import bare_finding as finding

SCRIPT = {"repro.py": "print('é')\n", "stderr.txt": ""}


def everything_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    folder = save(tmp_path / "crashes", finding(), SCRIPT)
    assert folder == tmp_path / "crashes" / "SIGABRT" / "internals-recreated" / "0123456789ab"
    assert load(folder) == finding()
    assert (folder / "repro.py").read_text(encoding="utf-8") == "print('é')\n"
    assert everything_in(folder) == {"finding.json", "repro.py", "stderr.txt"}
    assert everything_in(folder.parent) == {"0123456789ab"} | {
        f"0123456789ab/{name}" for name in everything_in(folder)
    }


def test_a_target_without_a_version_is_saved_too(tmp_path: Path) -> None:
    record = msgspec.structs.replace(finding().target, framework="plain-c", version=None)
    folder = save(tmp_path, finding(target=record), {})
    assert load(folder).target == record


@pytest.mark.parametrize(
    "files",
    [
        {"repro.py": "", "lone-surrogate.txt": "\ud800"},
        {"repro.py": "", "no/such/folder": ""},
    ],
)
def test_nothing_is_left_of_one_that_can_not_be_saved(
    tmp_path: Path, files: dict[str, str]
) -> None:
    with pytest.raises((UserError, UnicodeEncodeError)):
        save(tmp_path, finding(), files)
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []
    assert not (tmp_path / finding().folder).exists()
    assert not list((tmp_path / finding().folder).parent.iterdir())


def test_one_that_is_there_already_stays_as_it_is(tmp_path: Path) -> None:
    folder = save(tmp_path, finding(), SCRIPT)
    with contextlib.suppress(OSError):
        save(tmp_path, finding(sightings=99), {"other.txt": ""})
    assert load(folder) == finding()
    assert everything_in(folder) == {"finding.json", "repro.py", "stderr.txt"}
    assert list(folder.parent.iterdir()) == [folder]


def test_update_replaces_the_record_and_nothing_else(tmp_path: Path) -> None:
    folder = save(tmp_path, finding(), SCRIPT)
    update(folder, finding(sightings=4))
    assert load(folder).sightings == 4
    assert everything_in(folder) == {"finding.json", "repro.py", "stderr.txt"}


def test_finding_json_is_for_people_too(tmp_path: Path) -> None:
    text = (save(tmp_path, finding(), {}) / "finding.json").read_text(encoding="utf-8")
    assert text.startswith(f'{{\n  "schema_version": {SCHEMA_VERSION},\n')
    assert text.endswith("}\n")
    assert json.loads(text)["reproduced"] == {"k": 9, "n": 10}


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    raw = json.loads(encode(finding()))
    change(raw)
    return json.dumps(raw).encode()


WHOLE = encode(finding())


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "is not a finding: "),
        (b"\x00", "is not a finding: "),
        (b"[]", "is not a finding: Expected `object`, got `array`"),
        (b"{}", "is not a finding: Object missing required field `schema_version`"),
        (WHOLE[: len(WHOLE) // 2], "is not a finding: Input data was truncated"),
        (changed(lambda raw: raw.pop("bucket")), "missing required field `bucket`"),
        (changed(lambda raw: raw.update(signal=6)), "got `int` - at `$.signal`"),
        (changed(lambda raw: raw["reproduced"].pop("k")), "field `k` - at `$.reproduced`"),
        (changed(lambda raw: raw.update(schema_version="1")), "Expected `int`, got `str`"),
        (
            changed(lambda raw: raw.update(schema_version=SCHEMA_VERSION + 1)),
            f"has schema version {SCHEMA_VERSION + 1}, this finfuzz reads up to {SCHEMA_VERSION}: "
            "use a newer finfuzz",
        ),
        # a newer schema may lack what this one knows: its version is what is said
        (b'{"schema_version": 99, "what": "else"}', "has schema version 99"),
    ],
)
def test_what_is_wrong_with_a_record_is_one_line_that_names_it(
    tmp_path: Path, raw: bytes, says: str
) -> None:
    path = tmp_path / "finding.json"
    path.write_bytes(raw)
    with pytest.raises(UserError) as caught:
        load(tmp_path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_record_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"can't read .*finding\.json: No such file or directory"):
        load(tmp_path)


def test_a_folder_in_its_place_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "finding.json").mkdir()
    with pytest.raises(UserError, match=r"can't read .*finding\.json: Is a directory"):
        load(tmp_path)


def test_fields_of_the_same_schema_that_came_later_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "finding.json").write_bytes(
        changed(lambda raw: raw.update(weather={"over": "Mars"}))
    )
    assert load(tmp_path) == finding()


@example(at=WHOLE.index(b"SIGABRT"), to=b"\xff", length=len(WHOLE))
@given(
    at=st.integers(0, len(WHOLE) - 1), to=st.binary(max_size=3), length=st.integers(0, len(WHOLE))
)
def test_whatever_damage_gives_a_finding_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, at: int, to: bytes, length: int
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    (folder / "finding.json").write_bytes((WHOLE[:at] + to + WHOLE[at + 1 :])[:length])
    try:
        loaded: object = load(folder)
    except UserError as error:
        loaded = str(error).splitlines()
    assert isinstance(loaded, Finding) or (isinstance(loaded, list) and len(loaded) == 1)


def test_all_are_loaded_in_one_order_however_they_came(tmp_path: Path) -> None:
    keys = [
        ("SIGSEGV", "none", "b" * 12),
        ("NONE", "capsule-lost", "c" * 12),
        ("SIGABRT", "none", "a" * 12),
        ("SIGABRT", "cast-error", "d" * 12),
        ("SIGABRT", "none", "0" * 12),
    ]
    for signal, diagnostic, bucket in keys:
        save(tmp_path, finding(signal=signal, diagnostic=diagnostic, bucket=bucket), {})
    (tmp_path / "unconfirmed" / "eee").mkdir(parents=True)
    (tmp_path / "unconfirmed" / "eee" / "program.fin").write_text("")
    loaded = [(one.signal, one.diagnostic, one.bucket) for _, one in load_all(tmp_path)]
    assert loaded == sorted(keys)
    assert [folder for folder, _ in load_all(tmp_path)] == [
        tmp_path.joinpath(*key) for key in sorted(keys)
    ]


def test_there_may_be_none(tmp_path: Path) -> None:
    assert list(load_all(tmp_path)) == []
    assert list(load_all(tmp_path / "not-there")) == []


def test_a_rate_reads_as_people_say_it() -> None:
    assert str(Rate(9, 10)) == "9 of 10"


OLD = """{
  "schema_version": 1, "key_version": 1, "bucket": "522b712347a8", "signal": "SIGSEGV",
  "diagnostic": "none", "phase": "running", "detail": "", "frames": ["a", "b"],
  "reproduced": {"k": 10, "n": 10}, "script": {"k": 10, "n": 10},
  "target": {"spec": "pybind11==3.1.0+released", "framework": "pybind11", "version": "3.1.0",
             "policy": "released", "python": "3.13.0", "build": "1c2510119e7b9b28"},
  "program": "finfuzz 1\\n", "sightings": 1,
  "first_seen": {"execution": 4, "seconds": 0.3, "date": "2026-11-24", "engine": "atheris",
                 "seed": 5}
}"""


def test_a_finding_of_the_first_schema_is_read(tmp_path: Path) -> None:
    (tmp_path / "finding.json").write_text(OLD)
    found = load(tmp_path)
    assert (found.stack, found.routes, found.attribution) == ((), [], None)
    assert found.target.python_version == (3, 13, 0)


ONE, TWO = finding(bucket="abc123abc123"), finding(bucket="abd456abd456", signal="SIGSEGV")


@pytest.fixture
def crashes(tmp_path: Path) -> Path:
    save(tmp_path, ONE, {})
    save(tmp_path, TWO, {})
    return tmp_path


@pytest.mark.parametrize("text", ["abc123abc123", "abc1", "abc"])
def test_a_finding_is_found_by_its_bucket_or_its_beginning(crashes: Path, text: str) -> None:
    assert find_finding(text, crashes) == crashes / ONE.folder


def test_a_finding_is_found_by_its_folder(crashes: Path) -> None:
    folder = crashes / TWO.folder
    assert find_finding(str(folder), crashes / "elsewhere") == folder


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("ab", "may be any of abc123abc123, abd456abd456: give more digits"),
        ("fff", "no finding fff in "),
        ("no/such/folder", "neither a finding's folder nor a bucket"),
        ("*", "neither a finding's folder nor a bucket"),
        ("", "neither a finding's folder nor a bucket"),
    ],
)
def test_one_that_is_not_found_is_said(crashes: Path, text: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        find_finding(text, crashes)


def test_each_bucket_is_filed_in_one_folder(crashes: Path) -> None:
    assert index_buckets(crashes) == {
        ONE.bucket: crashes / ONE.folder,
        TWO.bucket: crashes / TWO.folder,
    }


def test_what_is_merged_is_filed_with_the_other(crashes: Path) -> None:
    update(crashes / ONE.folder, finding(bucket=ONE.bucket, merged_into=TWO.bucket))
    assert index_buckets(crashes)[ONE.bucket] == crashes / TWO.folder


def test_what_is_merged_into_one_that_is_gone_stands_for_itself(crashes: Path) -> None:
    update(crashes / ONE.folder, finding(bucket=ONE.bucket, merged_into="gone"))
    assert index_buckets(crashes)[ONE.bucket] == crashes / ONE.folder


def test_of_two_folders_of_one_bucket_the_one_that_dies_counts(crashes: Path) -> None:
    milder = finding(bucket=TWO.bucket, signal="NONE")
    save(crashes, milder, {})
    assert index_buckets(crashes)[TWO.bucket] == crashes / TWO.folder
    assert find_filed(crashes, TWO.bucket) == crashes / TWO.folder
    assert find_finding(TWO.bucket[:5], crashes) == crashes / TWO.folder  # it named both, the same
    assert find_filed(crashes, "f" * 12) is None


@pytest.mark.parametrize(
    ("python", "abiflags", "command"),
    [
        ("3.13.18", "", "python3.13"),
        ("3.14.10d", "d", "python3.14d"),
        ("3.15.2td", "td", "python3.15td"),
        ("3.16.0a3", "", "python3.16"),
        ("3.16.0a3t", "t", "python3.16t"),
    ],
)
def test_the_command_of_its_cpython(python: str, abiflags: str, command: str) -> None:
    target = msgspec.structs.replace(finding().target, python=python)
    assert (target.abiflags, target.python_command) == (abiflags, command)


@pytest.mark.parametrize(
    ("script", "reproduced", "rate"),
    [(Rate(3, 40), Rate(10, 10), Rate(3, 40)), (Rate(0, 0), Rate(9, 10), Rate(9, 10))],
)
def test_one_rate_for_all_that_show_it(script: Rate, reproduced: Rate, rate: Rate) -> None:
    assert finding(script=script, reproduced=reproduced).rate == rate
