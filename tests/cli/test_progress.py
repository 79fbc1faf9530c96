"""A bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import itertools

import pytest

from finfuzz.cli import builds, progress
from finfuzz.cli.builds import Wanted, make_builds
from finfuzz.cli.progress import show_progress
from finfuzz.support.terminal import DataConsole
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target


def test_lines_elsewhere_every_twenty_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0.0, 10.0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    file = io.StringIO()
    with show_progress("builds", DataConsole(file=file, width=200)) as (announce, advance):
        for done in range(1, 6):
            advance(done, 17)
        announce("[what] it is")
        advance(3, 0, title="controls")
    assert file.getvalue().splitlines() == [
        "builds: 2 of 17, some 150 s left".replace("150 s", "2 min"),
        "builds: 4 of 17, some 2 min left",
        "[what] it is",
        "controls: 3",
    ]


def test_each_title_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else minutes of minimizing count for the runs of the script: they would take an hour."""
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    file = io.StringIO()
    with show_progress("sorting", DataConsole(file=file)) as (_, advance):
        for done in range(1, 4):
            now = 600.0 + done * 30.0
            advance(done, 10, title="runs of the script")
    assert file.getvalue().splitlines()[-1] == "runs of the script: 3 of 10, some 2 min left"


def test_a_terminal_has_a_bar_with_the_time_left() -> None:
    file = io.StringIO()
    console = DataConsole(file=file, width=100, force_terminal=True)
    with show_progress("builds", console) as (_, advance):
        advance(3, 17, left=41.0)
    assert "3/17" in file.getvalue()
    assert "some 40 s left" in file.getvalue()


def test_builds_are_counted_without_those_of_the_cache(
    pythons: list[Interpreter], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = build(parse_target("no-extension"), pythons[0])

    def build_one(spec: object, *_: object, announce: progress.Announce, **__: object) -> Build:
        announce(f"building {spec}")
        return made

    there = parse_target("no-extension")
    monkeypatch.setattr(builds, "build", build_one)
    monkeypatch.setattr(builds, "is_built", lambda spec, *_: spec == there)
    monkeypatch.setattr(builds.BuildTimes, "estimate", lambda _self, specs: 20.0 * len(specs))
    names = ("no-extension", "plain-c", "pybind11==3.1.0")
    wanted = [Wanted(parse_target(name), made.interpreter) for name in names]
    assert make_builds(wanted) == [made] * 3
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == [
        "building plain-c (build 1 of 2, some 40 s left)",
        f"building {wanted[2].spec} (build 2 of 2, some 20 s left)",
    ]
