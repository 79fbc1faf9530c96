from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from finfuzz.executor.zygote import Executor
from finfuzz.program.scope import effective
from finfuzz.targets.build import build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.spec import parse_target
from truth.schedule import read_results, run_all, run_trial
from truth.table import BadBuild, load
from truth.trial import Engine, Moment, Result, Trial, Watch

BAD = BadBuild("plain-c", "3.12")
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
    found = run_trial(Trial(BAD.target, python, engine, None, 1, 60.0, 30))
    assert found.executions == 30 or len(found.shown) == len(HERE)
    assert found.shown.keys() <= found.reached.keys() <= {one.name for one in HERE}
    assert all(1 <= moment.execution <= 30 for moment in found.shown.values())


def test_the_same_seed_shows_the_same_at_the_same_execution(python: str) -> None:
    trial = Trial(BAD.target, python, "coverage", str(Path("corpus").resolve()), 1, 120.0, 250)
    one, other = run_trial(trial), run_trial(trial)
    assert one.shown
    executions = [
        {name: moment.execution for name, moment in each.shown.items()} for each in (one, other)
    ]
    assert executions[0] == executions[1]


def test_a_watch_records_when_a_defect_is_reached_and_when_it_is_shown(python: str) -> None:
    made = build(parse_target(BAD.target), pick_interpreter(python))
    watch = Watch(made, HERE)
    with Executor(made) as executor:
        for number, defect in enumerate(HERE, 1):
            had_effect = effective(defect.program, made.interpreter.version[:2])
            watch.record(had_effect, executor.run(defect.program), Moment(number, 0.0))
    assert watch.is_over
    assert watch.shown == {one.name: Moment(number, 0.0) for number, one in enumerate(HERE, 1)}


def test_a_trial_with_a_result_is_not_run_again(tmp_path: Path) -> None:
    results = tmp_path / "trials.jsonl"
    trial = Trial("nothing-like-it", "3.12", "random", None, 1, 1.0, 1)
    done = Result(trial, {}, {}, 1, 1.0)
    results.write_bytes(msgspec.json.encode(done) + b"\n")
    assert run_all([trial], 1, results, lambda _: None) == [done]
    assert list(read_results(results)) == [done]


def test_what_was_always_found_is_found() -> None:
    """A change to weights, mutators or engine must not lose these defects."""
    command = [sys.executable, "tools/bench.py", "truth", "--reduced"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
