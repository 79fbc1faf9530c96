from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from truth import command
from truth.command import Always, always_shown, missed
from truth.report import page, plot
from truth.table import Bad, load
from truth.trial import Engine, Result, Trial, When

BAD = Bad("plain-c", "3.12")
DEFECTS = tuple(one for one in load() if one.bad == BAD)
FIRST, SECOND, THIRD = (one.name for one in DEFECTS)


def result(engine: Engine, corpus: str | None, seed: int, shown: dict[str, int]) -> Result:
    trial = Trial(*BAD, engine, corpus, seed, 10.0, 1000)
    when = {name: When(number, number / 100) for name, number in shown.items()}
    return Result(trial, when, when, 1000, 10.0)


RESULTS = [
    result("coverage", None, 1, {FIRST: 100}),
    result("coverage", None, 2, {FIRST: 300, SECOND: 900}),
    result("random", None, 1, {FIRST: 200}),
    result("random", None, 2, {}),
    result("coverage", "corpus", 1, {FIRST: 10, SECOND: 20}),
    result("coverage", "corpus", 2, {FIRST: 11, SECOND: 20}),
]


def test_a_page_says_how_often_and_how_soon() -> None:
    text = page(DEFECTS, RESULTS, "truth.svg", 2)
    (row,) = (line for line in text.splitlines() if DEFECTS[0].title in line)
    assert "| 2 of 2 (2), 300, 3.0 s | 1 of 2 (1) | 2 of 2 (2), 11, 0.1 s |" in row
    assert "| coverage, from nothing | 3 of 6 | 2 | 1 | 100 | | | |" in text
    assert "| random, from nothing | 1 of 6 | 1 | 0 | 100 | 0.33 | 0 | 0 |" in text


def test_its_picture_has_a_curve_for_each_way() -> None:
    svg = plot(DEFECTS, RESULTS).decode()
    for name in ("coverage, from nothing", "random, from nothing", "coverage, from the corpus"):
        assert re.search(rf">{name}<", svg)


def test_what_every_guided_trial_has_shown() -> None:
    assert always_shown(DEFECTS, RESULTS) == (
        Always(FIRST, "coverage", False, 300),
        Always(FIRST, "coverage", True, 11),
        Always(SECOND, "coverage", True, 20),
    )


def test_what_is_no_longer_shown_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    always = [Always(name, "coverage", True, 20) for name in (FIRST, SECOND)]
    (tmp_path / "always.json").write_bytes(msgspec.json.encode(always))
    monkeypatch.setattr(command, "ALWAYS", tmp_path / "always.json")
    monkeypatch.setattr(command, "_is_here", lambda bad: bad == BAD)
    monkeypatch.setattr(command, "build", lambda *_: None)
    monkeypatch.setattr(command, "pick_interpreter", lambda _: None)
    seen = result("coverage", "corpus", 1, {FIRST: 10})
    monkeypatch.setattr(command, "run_all", lambda *_: [seen])
    assert [line.partition(" on ")[0] for line in missed(DEFECTS, 1)] == [SECOND]
    said = capsys.readouterr()
    assert "it always was in 20" in said.err
    assert "1 shown, 1 missed" in said.out
