"""Campaign files, and what they and the command line come to together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from finfuzz.campaign.config_file import read
from finfuzz.campaign.plan import Plan
from finfuzz.cli.plan import RunOptions, make_plan
from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter

WHOLE = """
time = 3600
workers = 3
engine = "random"
seed = 9
total-memory = 1000
cores = "0"
attribute = false

[[targets]]
target = "pybind11==3.1.0"
policies = ["released", "destroy"]
share = 2

[[targets]]
target = "plain-c"
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Plans in an empty folder, from a file's text and what the options say."""
    monkeypatch.chdir(tmp_path)

    def make(text: str | None = None, **options: object) -> Plan:
        path = tmp_path / "campaign.toml" if text is not None else None
        if path is not None:
            path.write_text(text or "")
        made, state = make_plan(RunOptions(**options), path)  # type: ignore[arg-type]
        state.close()
        return made

    return make


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("timee = 3", "unknown field `timee`: did you mean time?"),
        ("[[targets]]\ntarget = 'plain-c'\npolicy = ['leak']", "did you mean policies?"),
        ("total_memory = 3", "did you mean total-memory?"),
        ("time = 'long'", "Expected `float | null`, got `str` - at `$.time`"),
        ("engine = 'afl'", "Invalid enum value 'afl'"),
        ("time = ", "is no campaign: "),
        ("time = nan", "Expected `float` >= 0.1 - at `$.time`"),
        ("time = -1", "Expected `float` >= 0.1 - at `$.time`"),
        ("workers = 0", "Expected `int` >= 1 - at `$.workers`"),
        ("nice = 20", "Expected `int` <= 19 - at `$.nice`"),
        ("[[targets]]\ntarget = 'plain-c'\nshare = 0", "Expected `float` > 0.0"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "campaign.toml"
    path.write_text(text)
    with pytest.raises(UserError) as raised:
        read(path)
    assert str(raised.value).startswith(str(path))
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_says_what_the_options_say(plan, pythons: list[Interpreter]) -> None:  # type: ignore[no-untyped-def]
    made = plan(WHOLE)
    assert [(lane.target, lane.share) for lane in made.lanes] == [
        ("pybind11==3.1.0+released", 2.0),
        ("pybind11==3.1.0+destroy", 2.0),
        ("plain-c", 1.0),
    ]
    assert {lane.python for lane in made.lanes} == {str(pythons[0].executable)}
    assert (made.seconds, made.workers, made.engine, made.seed) == (3600.0, 3, "random", 9)
    assert (made.bounds.total_memory_mib, made.bounds.cores) == (1000, (0,))
    assert (made.attribute, made.abuse) == (False, False)
    assert made.bounds.processes == 64 + 16 * 3 + 2 * 3


def test_the_command_line_goes_before_it(plan) -> None:  # type: ignore[no-untyped-def]
    made = plan(WHOLE, seconds=5.0, targets=("plain-c",), attribute=True)
    assert (made.seconds, made.seed, made.attribute) == (5.0, 9, True)
    assert [lane.target for lane in made.lanes] == ["plain-c"]


def test_without_a_file_there_is_a_worker_per_core_and_a_minute(plan) -> None:  # type: ignore[no-untyped-def]
    made = plan(targets=("plain-c",))
    assert made.workers == len(os.sched_getaffinity(0))
    assert (made.seconds, made.engine, made.seeds) == (60.0, "atheris", None)
    assert (Path(made.crashes).name, Path(".finfuzz").is_dir()) == ("crashes", True)


def test_a_folder_of_programs_beside_it_is_where_it_starts(plan, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "corpus").mkdir()
    assert plan(targets=("plain-c",)).seeds == str(tmp_path / "corpus")


@pytest.mark.parametrize("text", ["", "targets = []", "time = 5"])
def test_a_file_names_a_target(plan, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match="names no target: write a"):
        plan(text)
    assert plan(text, targets=("plain-c",)).lanes[0].target == "plain-c"


def test_a_policy_is_one_for_a_control_too(plan) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match="unknown policy 'foo': choose released"):
        plan("[[targets]]\ntarget = 'plain-c'\npolicies = ['foo']")


def test_a_byte_order_mark_is_no_mistake(plan) -> None:  # type: ignore[no-untyped-def]
    assert plan("\ufefftime = 5\n[[targets]]\ntarget = 'plain-c'\n").seconds == 5


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"targets": ("plain-c", "plain-c")}, "a target is given twice on one CPython"),
        ({"targets": ("plain-c",), "cores": "0-x"}, "--cores 0-x: can't read '0-x'"),
        ({"targets": ("plain-c",), "cores": "4000"}, "no core 4000 here"),
        ({"targets": ("plain-c",), "cores": "0-999999999"}, "can't read '0-999999999'"),
        ({"targets": ("plain-c",), "cores": "5-2"}, "can't read '5-2'"),
        ({"targets": ("plain-c",), "cores": ","}, "can't read ''"),
        ({"targets": ("plain-c",), "corpus": Path("nowhere")}, "no folder of programs nowhere"),
        ({"targets": ("plain-d",)}, "did you mean plain-c?"),
    ],
)
def test_what_can_not_be_planned(plan, options: dict[str, object], complaint: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError) as raised:
        plan(**options)
    assert complaint in str(raised.value)
