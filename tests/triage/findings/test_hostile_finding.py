"""Findings of people who mean ill: each is damaged, and nothing outside its folder is touched."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finfuzz.cli.group import cli
from finfuzz.support.errors import UserError
from finfuzz.triage.diagnosis import telling
from finfuzz.triage.findings.finding import Finding, encode, load
from finfuzz.triage.findings.listing import list_findings
from finfuzz.triage.rekeying import rekey
from helpers.finding_example import crashes_with, finding

Change = Callable[[dict[str, Any]], object]


def put(key: str, value: object) -> Change:
    return lambda raw: raw.update({key: value})


#: What is changed in a good finding.json, and what the damaged entry then says.
WRONG: dict[str, tuple[Change, str]] = {
    "a signal that leads out": (put("signal", "../../elsewhere"), "signal"),
    "an absolute diagnostic": (put("diagnostic", "/tmp/elsewhere"), "diagnostic"),
    "a bucket that leads out": (put("bucket", "../../../x"), "bucket"),
    "a bucket with a line feed": (put("bucket", "0123456789ab\n"), "bucket"),
    "a former bucket that leads out": (put("former", ["../x"]), "former"),
    "merged into a place": (put("merged_into", "../x"), "merged_into"),
    "a recipe elsewhere": (lambda raw: raw["target"].update(recipe="../../r.toml"), "recipe"),
    "more crashes than runs": (put("script", {"k": 3, "n": 2}), "3 of 2 is no rate"),
    "fewer than no crashes": (put("script", {"k": -1, "n": 2}), "-1 of 2 is no rate"),
    "no program": (put("program", "finfuzz 1\nfly away\n"), "its program: line 2"),
}


@pytest.fixture
def crashes(tmp_path: Path) -> Path:
    return crashes_with(tmp_path / "crashes", finding())


def damage(crashes: Path, change: Change) -> Path:
    """Change the finding's file; its key is of an older list, so that it would be rekeyed."""
    file = next(crashes.glob("*/*/*/finding.json"))
    raw = json.loads(file.read_bytes())
    raw["key_version"] = telling.VERSION - 1
    change(raw)
    file.write_text(json.dumps(raw))
    return file.parent


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG)
def test_it_is_damaged_and_moves_nothing(crashes: Path, change: Change, said: str) -> None:
    folder = damage(crashes, change)
    before = sorted(crashes.parent.rglob("*"))
    (entry,) = list_findings(crashes)
    assert entry.status == "damaged"
    assert said in entry.problem
    list(rekey(crashes))
    assert sorted(crashes.parent.rglob("*")) == before
    for command in (
        ["triage", "--crashes", str(crashes)],
        ["show", str(folder)],
        ["export", str(folder), "--pytest", str(crashes.parent / "test_it.py")],
        ["rekey", str(crashes)],
    ):
        result = CliRunner().invoke(cli, command)
        assert isinstance(result.exception, UserError | SystemExit)
    assert sorted(crashes.parent.rglob("*")) == before


def test_a_pipe_is_not_waited_for(crashes: Path) -> None:
    file = next(crashes.glob("*/*/*/finding.json"))
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(UserError, match="is no regular file"):
        load(file.parent)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[" * 200_000, "not a finding"),
        (b'{"schema_version": 1, "a": ' + b"[" * 200_000, "not a finding"),
        (b" " * (5 << 20), "has at most"),
        (b"\xff", "not a finding"),
        (b"", "not a finding"),
    ],
)
def test_any_content_is_one_line(crashes: Path, content: bytes, said: str) -> None:
    file = next(crashes.glob("*/*/*/finding.json"))
    file.write_bytes(content)
    with pytest.raises(UserError, match=said) as caught:
        load(file.parent)
    assert "\n" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = sorted(Finding.__struct_fields__)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(key=st.sampled_from(KEYS), value=JSON)
def test_any_value_is_read_or_refused_and_stays_below(
    tmp_path: Path, key: str, value: object
) -> None:
    raw = json.loads(encode(finding()))
    raw[key] = value
    (tmp_path / "finding.json").write_text(json.dumps(raw))
    try:
        found = load(tmp_path)
    except UserError:
        return
    assert len(found.folder.parts) == 3
    assert not {"..", "/"} & set(found.folder.parts)
