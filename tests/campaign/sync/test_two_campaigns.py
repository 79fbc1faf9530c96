"""Two real campaigns that share a folder; one is killed in the middle, and comes back."""

from __future__ import annotations

import json
from pathlib import Path

from finfuzz.targets.build import Build
from helpers.campaigns import Campaign, Start, nothing_is_left_of, part, parts, wait_until

HOUR = ("--time", "3600")


def programs(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.fin")}


def test_a_kill_costs_the_other_nothing(start: Start, plain_c: Build, tmp_path: Path) -> None:
    shared, empty = tmp_path / "shared", tmp_path / "empty"
    empty.mkdir()
    options = (*HOUR, "--sync", str(shared), "--corpus", str(empty))
    a = start(plain_c, *options, "--machine", "a")
    b = start(plain_c, *options, "--machine", "b")
    of_a, of_b = (shared / name / "corpus" for name in "ab")
    corpus_of_b = b.folder / "state" / "corpus"
    wait_until(lambda: programs(of_a) & programs(corpus_of_b), "a program of a in b's corpus")
    a.process.kill()
    a.end()
    wait_until(lambda: not a.processes(), "the last process to go")
    part(b, "sync.process").kill()
    wait_until(lambda: parts(b, "sync.process"), "another process for the exchange")
    corpus_of_a = a.folder / "state" / "corpus"
    left = programs(of_b) | programs(corpus_of_a)  # both may have found the same program
    wait_until(lambda: programs(of_b) - left, "b to go on")

    again = Campaign(a.folder, None, "--resume", "state", *HOUR, "--json", "summary.json")
    try:
        news = "what b has found meanwhile"
        wait_until(lambda: (programs(of_b) - left) & programs(corpus_of_a), news)
        again.process.terminate()
        assert again.end() == 0
    finally:
        again.close()
    b.process.terminate()
    assert b.end() == 0

    summary = json.loads((b.folder / "summary.json").read_text())
    (machine,) = summary["machines"]
    assert machine["name"] == "a"
    assert 0 < machine["programs"] <= len(programs(corpus_of_b))
    assert f"from other machines: {machine['programs']} program" in b.output()
    for campaign in (a, b):
        nothing_is_left_of(campaign)
    assert not [path.name for path in shared.rglob(".*")]  # nothing half-written


def test_a_name_that_is_taken_is_refused_before_anything_is_built(
    start: Start, plain_c: Build, tmp_path: Path
) -> None:
    options = ("--time", "1", "--sync", str(tmp_path / "shared"), "--machine", "a")
    assert start(plain_c, *options).end() == 0
    second = start(plain_c, *options)
    assert second.end() == 2
    assert "belongs to another campaign: give this one a name with --machine" in second.lines[-1]
