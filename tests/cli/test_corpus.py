"""`finfuzz corpus`, as its user runs it, on a real build."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from finfuzz.cli.group import cli
from finfuzz.corpus.distill import choose_programs
from finfuzz.corpus.folder import read_folder
from finfuzz.corpus.measure import FeatureBits, measure_programs
from finfuzz.corpus.stats import collect_stats
from finfuzz.executor.features import as_bits, as_numbers, find_differing
from finfuzz.executor.limits import Limits
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import find_interpreters
from finfuzz.targets.spec import parse_target
from helpers.places import CORPUS


def finfuzz(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["corpus", *arguments], catch_exceptions=True)


@pytest.fixture
def some(tmp_path: Path) -> Path:
    """Every eighth program of the corpus, and one of them again under another name."""
    folder = tmp_path / "some"
    folder.mkdir()
    for path in sorted(CORPUS.glob("*.fin"))[::8]:
        shutil.copy(path, folder)
    first = min(folder.iterdir())
    shutil.copy(first, folder / "zz-the-same.fin")
    return folder


def test_what_is_distilled_covers_the_same(some: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = finfuzz("distill", str(some), "-o", str(out), "--target", "plain-c")
    assert result.exit_code == 0, result.output
    kept = {path.name: path.read_text() for path in out.iterdir()}
    before = {path.name: path.read_text() for path in some.iterdir()}
    assert kept.items() < before.items()
    assert "zz-the-same.fin" not in kept or min(before) not in kept
    assert f"kept {len(kept)} of {len(before)} programs with all " in result.output

    python = next(found for found in find_interpreters() if found.includes)
    made = build(parse_target("plain-c"), python)
    numbers = [
        choose_programs(list(measure_programs(made, read_folder(folder)[0], 3, Limits()))).features
        for folder in (some, out)
    ]
    # The two measurements have each their own features that come and go.
    assert numbers[1] == pytest.approx(numbers[0], rel=0.01)


def test_a_program_that_dies_covers_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "dying"
    folder.mkdir()
    (folder / "dies.fin").write_text("finfuzz 1\nexit thread-exit\n")
    (folder / "lives.fin").write_text("finfuzz 1\nnode a list\n")
    python = next(found for found in find_interpreters() if found.includes)
    made = build(parse_target("plain-c"), python)
    found = list(measure_programs(made, read_folder(folder)[0], 2, Limits()))
    dead = [one for one in found if one.died]
    result = choose_programs(found)
    assert {entry.path.name for entry in result.died} == {one.entry.path.name for one in dead}
    assert "lives.fin" in {entry.path.name for entry in result.kept}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("distill", "nowhere", "-o", "new"), "there is no folder nowhere"),
        (("distill", ".", "-o", "."), ". already exists: give a new folder with -o"),
        (("import", "nowhere", "-o", "new"), "there is no folder nowhere"),
        (("stats", "nowhere"), "there is no folder nowhere"),
    ],
)
def test_mistakes(
    arguments: tuple[str, ...], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    result = finfuzz(*arguments)
    assert str(result.exception).startswith(complaint)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_import_writes_a_folder_of_programs(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "deep" / "out"
    source.mkdir()
    (source / "one.fin").write_text("finfuzz 1\nnode a list\nnonsense\n")
    (source / "none").write_text("nothing")
    result = finfuzz("import", str(source), "-o", str(out))
    assert result.exit_code == 0, result.output
    summary = (
        "imported 1 program, 0 duplicates left out; 1 line left out or changed, 1 file not imported"
    )
    assert summary in result.output
    assert (out / "one.fin").read_text() == "finfuzz 1\nnode a list\n"
    (source / "one.fin").unlink()
    nothing = finfuzz("import", str(source), "-o", str(tmp_path / "other"))
    assert "no program in" in str(nothing.exception)


def test_stats_say_what_is_used_and_what_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "two"
    folder.mkdir()
    (folder / "a.fin").write_text("finfuzz 1\nnode a list\nnode b list\nroot a sys\n")
    (folder / "b.fin").write_text("finfuzz 1\nstart i1 legacy\nstop i1\nagain\n")
    (folder / "c.fin").write_text("finfuzz 1\n# the same\nnode a list\nnode b list\nroot a sys\n")
    (folder / "d.fin").write_text("no")
    found = collect_stats(*read_folder(folder))
    assert (found.programs, found.steps) == (3, (3, 3, 3))
    assert (found.starts, found.lives, found.same, len(found.problems)) == (1, 1, 1, 1)
    uses = {use.sort: use for use in found.uses}
    assert uses["kind"].programs == {"list": 2}
    assert uses["operation"].programs["start"] == 1
    assert "edge" in uses["operation"].unused
    assert "codec" in uses["root"].unused
    result = finfuzz("stats", str(folder), "--json", str(tmp_path / "stats.json"))
    assert result.exit_code == 0, result.output
    assert "3 programs of 3 to 3 steps (median 3); 1 start interpreters" in result.output
    assert json.loads((tmp_path / "stats.json").read_text())["programs"] == 3


def test_the_corpus_of_the_project_uses_every_word() -> None:
    uses = {use.sort: use for use in collect_stats(*read_folder(CORPUS)).uses}
    for sort in ("operation", "kind", "edge", "root", "hook", "action", "interpreter kind"):
        assert uses[sort].unused == ()


def test_features_are_counters_that_are_not_zero() -> None:
    counters = bytes([0, 1, 255, 0, 7])
    assert as_numbers(counters) == {1, 2, 4}
    assert as_bits(counters).bit_count() == 3
    assert find_differing(counters, bytes([0, 2, 0, 0, 9])) == {2}
    assert find_differing(counters, counters) == frozenset()


def test_numbers_are_given_as_features_are_met() -> None:
    bits = FeatureBits()
    assert bits.pack(frozenset({1_000_000})) == 1
    assert bits.pack(frozenset()) == 0
    both = bits.pack(frozenset({1_000_000, 5}))
    assert both == 0b11
