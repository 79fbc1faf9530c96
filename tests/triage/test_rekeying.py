"""What a finding's new key changes beside its record."""

from __future__ import annotations

from pathlib import Path

from finfuzz.triage.diagnosis import telling
from finfuzz.triage.findings.finding import index_buckets, load
from finfuzz.triage.rekeying import rekey
from finfuzz.triage.repro.story import TOP, replace_story, write_story
from helpers.finding_example import crashes_with, finding


def test_the_script_of_a_rekeyed_finding_has_its_new_title(tmp_path: Path) -> None:
    crashes_with(tmp_path, finding(key_version=telling.VERSION - 1))
    (folder,) = index_buckets(tmp_path).values()
    end = '\n\nRun it with CPython 3.13."""\nprint()\n'
    (folder / "repro.py").write_text(f"{TOP}a title of an older key{end}")
    list(rekey(tmp_path))
    (folder,) = index_buckets(tmp_path).values()
    found, script = load(folder), (folder / "repro.py").read_text()
    assert script == replace_story(f"{TOP}{end}", write_story(found))
