from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from finfuzz.executor.zygote import Executor
from finfuzz.program.scope import effective
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import pick_interpreter
from finfuzz.targets.spec import parse_target
from truth.schedule import read, run_all, run_one
from truth.table import Bad, load
from truth.trial import Engine, Result, Trial, Watch, When

BAD = Bad("plain-c", "3.12")
HERE = tuple(one for one in load() if one.bad == BAD)


@pytest.fixture(scope="module")
def python() -> str:
    pytest.importorskip("atheris")
    try:
        pick_interpreter(BAD.python)
    except Exception as error:
        pytest.skip(str(error))
    return BAD.python


@pytest.mark.parametrize("engine", ["coverage", "events", "random", "random-fresh"])
def test_each_engine_runs_so_many_executions_or_until_it_has_seen_all(
    python: str, engine: Engine
) -> None:
    found = run_one(Trial(BAD.target, python, engine, None, 1, 60.0, 30))
    assert found.executions == 30 or len(found.shown) == len(HERE)
    assert found.shown.keys() <= found.reached.keys() <= {one.name for one in HERE}
    assert all(1 <= when.execution <= 30 for when in found.shown.values())


def test_the_same_seed_shows_the_same_at_the_same_execution(python: str) -> None:
    trial = Trial(BAD.target, python, "coverage", str(Path("corpus").resolve()), 1, 120.0, 250)
    one, other = run_one(trial), run_one(trial)
    assert one.shown
    executions = [
        {name: when.execution for name, when in each.shown.items()} for each in (one, other)
    ]
    assert executions[0] == executions[1]


def test_a_watch_sees_when_a_defect_is_reached_and_when_it_is_shown(python: str) -> None:
    made = build(parse_target(BAD.target), pick_interpreter(python))
    watch = Watch(HERE)
    with Executor(made) as executor:
        for number, defect in enumerate(HERE, 1):
            had_effect = effective(defect.program, made.interpreter.version[:2])
            watch.saw(had_effect, executor.run(defect.program), When(number, 0.0))
    assert watch.has_seen_all
    assert watch.shown == {one.name: When(number, 0.0) for number, one in enumerate(HERE, 1)}


def test_what_was_kept_is_not_run_again(tmp_path: Path) -> None:
    kept = tmp_path / "trials.jsonl"
    trial = Trial("nothing-like-it", "3.12", "random", None, 1, 1.0, 1)
    done = Result(trial, {}, {}, 1, 1.0)
    kept.write_bytes(msgspec.json.encode(done) + b"\n")
    assert run_all([trial], 1, kept, lambda _: None) == [done]
    assert list(read(kept)) == [done]


def test_what_was_always_found_is_found() -> None:
    """What a change to weights, mutators or engine must not lose."""
    command = [sys.executable, "tools/bench.py", "truth", "--reduced"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
