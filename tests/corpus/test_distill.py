"""Distilling on real builds: what is kept covers the same, whatever else lies in the folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from finfuzz.corpus.distill import choose_programs, require_new, write_folder
from finfuzz.corpus.folder import CorpusFile, read_folder
from finfuzz.corpus.measure import Measurement, measure_programs
from finfuzz.corpus.stats import sum_coverage
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.targets.spec import parse_target
from helpers.patience import wait_until, wait_until_gone
from helpers.places import CORPUS

DESTROY = "pybind11==3.1.0+destroy"
CYCLE = "finfuzz 1\nnode a container\nedge a a append\nroot a {}\n"


@pytest.fixture(scope="module")
def python() -> Interpreter:
    return next(found for found in find_interpreters() if found.includes)


@pytest.fixture(scope="module")
def destroy(python: Interpreter) -> Build:
    return build(parse_target(DESTROY), python)


def entry(name: str, steps: int = 1) -> CorpusFile:
    text = "finfuzz 1\n" + "collect\n" * steps
    return CorpusFile(Path(name), text, parse(text))


def read(folder: Path, **files: str) -> list[CorpusFile]:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.fin").write_text(text)
    return read_folder(folder)[0]


# ---- choosing ---------------------------------------------------------------------------------


def test_of_two_that_are_worth_the_same_the_shorter_is_kept_then_the_first_by_name() -> None:
    long, short, same = entry("a", 3), entry("c"), entry("b")
    every = [Measurement(one, features=0b11, seconds=0.01) for one in (long, short, same)]
    assert choose_programs(every).kept == (same,)
    assert choose_programs(every[:2]).kept == (short,)
    assert choose_programs(every[::-1]) == choose_programs(every)


def test_what_is_unstable_in_one_program_counts_where_it_is_stable() -> None:
    flickers = Measurement(entry("a"), features=0b01, unstable=0b10, counters=frozenset({7}))
    steady = Measurement(entry("b"), features=0b10)
    result = choose_programs([flickers, steady])
    assert [one.path.name for one in result.kept] == ["a", "b"]
    assert (result.features, result.unstable) == (2, 1)


def test_the_dead_and_what_can_not_run_count_for_nothing() -> None:
    lives = Measurement(entry("lives"), features=0b1, seconds=0.5)
    dies = Measurement(entry("dies"), died=True, seconds=0.25)
    result = choose_programs([lives, dies, Measurement(entry("long"), problem="longer than that")])
    assert (result.kept, result.died) == ((lives.entry,), (dies.entry,))
    assert (result.programs, result.seconds_before, result.seconds_after) == (3, 0.75, 0.5)


# ---- measuring --------------------------------------------------------------------------------


def test_a_death_has_no_features_and_a_long_program_ends_nothing(
    tmp_path: Path, destroy: Build
) -> None:
    files = {
        "dies": CYCLE.format("codec"),
        "lives": CYCLE.format("module"),
        "long": "finfuzz 1\n" + "collect\n" * 9000,
    }
    found = list(measure_programs(destroy, read(tmp_path / "in", **files), 2, Limits()))
    dies, lives, long = found
    assert (dies.died, dies.features, dies.problem) == (True, 0, "")
    assert not lives.died
    assert lives.features
    assert "longer than 65536 bytes" in long.problem
    on = sum_coverage(DESTROY, "3", found)
    assert (on.survived, on.died, len(on.programs)) == (1, 1, 3)
    assert on.features >= on.stable == lives.features.bit_count()
    assert [one.entry for one in found if not one.died and not one.problem] == list(
        choose_programs(found).kept
    )


def test_the_repository_distilled_covers_the_same_with_fewer(
    tmp_path: Path, python: Interpreter
) -> None:
    """Both measured in one pass: what is kept, of the features that all of them have."""
    made = build(parse_target("plain-c"), python)
    entries = read_folder(CORPUS)[0]
    every = list(measure_programs(made, entries, 2, Limits()))
    result = choose_programs(every)
    assert 0 < len(result.kept) < len(entries)
    assert result.seconds_after < result.seconds_before
    kept = [one for one in every if one.entry in result.kept]
    again = choose_programs(kept)
    assert (again.features, again.kept) == (result.features, result.kept)
    write_folder([(one.path.name, one.text) for one in result.kept], tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        assert path.read_bytes() == (CORPUS / path.name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["plain-c", "pybind11==3.1.0", DESTROY])
def test_run_anew_what_is_kept_still_covers_it(
    target: str, tmp_path: Path, python: Interpreter
) -> None:
    made = build(parse_target(target), python)
    before = choose_programs(list(measure_programs(made, read_folder(CORPUS)[0], 3, Limits())))
    write_folder([(one.path.name, one.text) for one in before.kept], tmp_path / "out")
    after = choose_programs(
        list(measure_programs(made, read_folder(tmp_path / "out")[0], 3, Limits()))
    )
    assert after.features == pytest.approx(before.features, rel=0.002)


# ---- writing ----------------------------------------------------------------------------------


def test_line_ends_and_comments_are_copied_as_they_are(tmp_path: Path) -> None:
    data = "\ufefffinfuzz 1\r\n# é\r\ncollect\r\n".encode()
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "one.fin").write_bytes(data)
    (tmp_path / "in" / ".half.fin.1-x.part").write_bytes(data)
    (one,), problems = read_folder(tmp_path / "in")
    write_folder([(str(one.path.relative_to(tmp_path / "in")), one.text)], tmp_path / "out")
    assert (tmp_path / "out" / "deep" / "one.fin").read_bytes() == data
    assert problems == []


def test_what_is_no_program_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"finfuzz 1\n\xe9")
    (tmp_path / "b").write_text("fly")
    (tmp_path / "c").write_bytes(b" " * ((1 << 20) + 1))
    found, problems = read_folder(tmp_path)
    assert found == []
    assert [line.removeprefix(f"{tmp_path}/")[:24] for line in problems] == [
        "a: byte 10 is not UTF-8",
        "b: line 1, column 1: fou",
        "c has 1048577 bytes: the",
    ]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("out", "says"),
    [
        ("full", "full already exists"),
        ("file", "file already exists"),
        (".", r"\. already exists"),
        ("file/below", "Not a directory"),
    ],
)
def test_where_nothing_can_be_written(here: Path, out: str, says: str) -> None:
    (here / "full").mkdir()
    (here / "full" / "x").touch()
    (here / "file").touch()
    with pytest.raises(UserError, match=says):
        require_new(Path(out))


def test_an_empty_folder_is_filled_unless_one_is_in_it(here: Path) -> None:
    with pytest.raises(UserError, match=r"\. is the current folder"):
        require_new(Path("."))
    (here / "empty").mkdir()
    (here / "link").symlink_to("empty")
    write_folder([("a.fin", "finfuzz 1\n")], Path("link"))
    assert (here / "empty" / "a.fin").read_text() == "finfuzz 1\n"
    assert sorted(path.name for path in here.iterdir()) == ["empty", "link"]


def test_interrupted_nothing_is_written_and_nothing_runs_on(
    tmp_path: Path, python: Interpreter
) -> None:
    build(parse_target("plain-c"), python)
    command = [sys.executable, "-m", "finfuzz", "corpus", "distill", str(CORPUS), "-o", "out"]
    process = subprocess.Popen(
        [*command, "--target", "plain-c", "--python", str(python.executable), "--runs", "100"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "100"},
        stderr=subprocess.PIPE,
        text=True,
    )
    children: list[psutil.Process] = []

    def runs_programs() -> bool:
        children[:] = psutil.Process(process.pid).children(recursive=True)
        return any("zygote.py" in " ".join(_command(one)) for one in children)

    wait_until(lambda: process.poll() is not None or runs_programs(), "a zygote")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "finfuzz: error: interrupted"
    assert list(tmp_path.iterdir()) == []
    wait_until_gone(one.pid for one in children)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
