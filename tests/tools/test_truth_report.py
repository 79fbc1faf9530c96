from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from helpers.places import ROOT
from truth import command
from truth.command import AlwaysShown, collect_always_shown, find_missed
from truth.report import plot, render_page
from truth.table import FOLDER, BadBuild, load
from truth.trial import Engine, Moment, Result, Trial

BAD = BadBuild("plain-c", "3.12")
DEFECTS = tuple(one for one in load() if one.bad == BAD)
FIRST, SECOND, THIRD = (one.name for one in DEFECTS)


def make_result(
    engine: Engine,
    corpus: str | None,
    seed: int,
    shown: dict[str, int],
    watched: tuple[str, ...] = (),
) -> Result:
    trial = Trial(*BAD, engine, corpus, seed, 10.0, 1000, watched)
    moments = {name: Moment(number, number / 100) for name, number in shown.items()}
    return Result(trial, moments, moments, 1000, 10.0)


RESULTS = [
    make_result("coverage", None, 1, {FIRST: 100}),
    make_result("coverage", None, 2, {FIRST: 300, SECOND: 900}),
    make_result("random", None, 1, {FIRST: 200}),
    make_result("random", None, 2, {}),
    make_result("coverage", "corpus", 1, {FIRST: 10, SECOND: 20}),
    make_result("coverage", "corpus", 2, {FIRST: 11, SECOND: 20}),
]


def test_a_page_says_how_often_and_how_soon() -> None:
    text = render_page(DEFECTS, RESULTS, "truth.svg", 2)
    (row,) = (line for line in text.splitlines() if DEFECTS[0].title in line)
    assert "| 2 of 2 (2), 300, 3.0 s | 1 of 2 (1) | 2 of 2 (2), 11, 0.1 s |" in row
    assert "| coverage, from nothing | 3 of 6 | 2 | 1 | 9.0 | 100 | | | |" in text
    assert "| random, from nothing | 1 of 6 | 1 | 0 | 3.0 | 100 | 0.33 | 0 | 0 |" in text


def test_the_page_in_docs_has_the_notes_and_every_title() -> None:
    """The figures of docs/truth.md are measured; its texts must be those of the generator."""
    text = (ROOT / "docs" / "truth.md").read_text(encoding="utf-8")
    assert (FOLDER / "notes.md").read_text(encoding="utf-8").strip() in text
    assert [one.title for one in load() if f"[{one.title}](" not in text] == []
    rendered = render_page(DEFECTS, RESULTS, "truth.svg", 2)
    texts = ("*Reached*", "![", "| | shown", "Shown in")
    lines = [line for line in rendered.splitlines() if line.startswith(texts)]
    assert len(lines) == len(texts)
    assert [line for line in lines if line not in text] == []


def test_its_plot_has_a_curve_for_each_arm() -> None:
    svg = plot(DEFECTS, RESULTS).decode()
    for name in ("coverage, from nothing", "random, from nothing", "coverage, from the corpus"):
        assert re.search(rf">{name}<", svg)


def test_a_page_compares_with_an_earlier_version_by_the_defects_that_both_watched() -> None:
    many = [make_result("random", None, seed, {FIRST: 100}) for seed in range(1, 6)]
    slow = [
        make_result("random", None, seed, {FIRST: 900 + seed}, (FIRST,)) for seed in range(1, 6)
    ]
    lines = render_page(DEFECTS, many, "truth.svg", 2, slow).splitlines()
    assert "## Against an earlier version" in lines
    assert "| random, from nothing | 1 | 5 of 5 | 5 of 5 | 9.0 s | 1.0 s | 1 | 0 | 1 | 0 |" in lines
    title = DEFECTS[0].title
    assert f"| random, from nothing | {title} | 5 of 5, 9.0 s | 5 of 5, 1.0 s |" in lines
    assert ">then: random, from nothing<" in plot(DEFECTS, many, slow).decode()


def test_what_every_guided_trial_has_shown() -> None:
    assert collect_always_shown(DEFECTS, RESULTS) == (
        AlwaysShown(FIRST, "coverage", False, 300),
        AlwaysShown(FIRST, "coverage", True, 11),
        AlwaysShown(SECOND, "coverage", True, 20),
    )


def test_what_is_no_longer_shown_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    always = [AlwaysShown(name, "coverage", True, 20) for name in (FIRST, SECOND)]
    (tmp_path / "always.json").write_bytes(msgspec.json.encode(always))
    monkeypatch.setattr(command, "ALWAYS", tmp_path / "always.json")
    monkeypatch.setattr(command, "_is_available", lambda bad: bad == BAD)
    monkeypatch.setattr(command, "build", lambda *_: None)
    monkeypatch.setattr(command, "pick_interpreter", lambda _: None)
    seen = make_result("coverage", "corpus", 1, {FIRST: 10})
    monkeypatch.setattr(command, "run_all", lambda *_: [seen])
    assert [line.partition(" on ")[0] for line in find_missed(DEFECTS, 1)] == [SECOND]
    printed = capsys.readouterr()
    assert "it was always shown within 20" in printed.err
    assert "1 shown, 1 missed" in printed.out
