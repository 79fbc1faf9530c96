"""Each word that pybind11's extension alone offers has its effect, in each interpreter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.targets.build import build
from finfuzz.targets.extension_words import read_extension_recipe
from finfuzz.targets.frameworks.pybind11 import FRAMEWORK
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from helpers.plain_scripts import end_of_script

RECIPE = read_extension_recipe(FRAMEWORK)
assert RECIPE is not None
ACTIONS = [f":{action}" for action in RECIPE.action]


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    made = build(resolve(parse_target("pybind11")), pick_interpreter(None))
    with Executor(made, Limits(deadline=20)) as running:
        yield running


def run(executor: Executor, *steps: str) -> Outcome:
    return executor.run(parse("\n".join(["finfuzz 1", *steps])))


@pytest.mark.parametrize("interpreter", ["", "legacy", "isolated", "framework"])
@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_has_its_effect(executor: Executor, action: str, interpreter: str) -> None:
    twice = ["node a instance", *[f"perform a {action}"] * 2, f"hook a atexit {action}"]
    there = [f"start i {interpreter}", "enter i", *twice, "stop i"] if interpreter else twice
    outcome = run(executor, *there, "self-check")
    assert outcome.took == (len(there) + 1, 0, 0), outcome.stderr
    assert (outcome.exit_code, outcome.wrong_answers, outcome.unraisable) == (0, 0, ())


def test_a_type_can_be_forgotten_and_registered_again(executor: Executor) -> None:
    """What is registered twice, or cast while it is not, is refused, and nobody minds."""
    actions = ("register", "register", "cast-forgotten", "forget", "cast-forgotten", "forget")
    steps = [f"perform a :{action}" for action in actions]
    outcome = run(executor, "node a instance", *steps, *steps, "hook a atexit :cast-forgotten")
    assert (outcome.took, outcome.exit_code, outcome.alive) == ((14, 0, 0), 0, 0), outcome.stderr


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("capsule-that-imports", "terminate called after throwing an instance of 'pybind11::error"),
        ("capsule-that-prints", "terminate called after throwing an instance of 'pybind11::error"),
        ("catching", ""),
    ],
)
def test_at_the_very_end_an_error_leaves_a_capsules_destructor(
    executor: Executor, kind: str, message: str
) -> None:
    earlier = run(executor, f"node a :{kind}", "drop a", "collect", "self-check")
    assert (earlier.took, earlier.exit_code) == ((4, 0, 0), 0), earlier.stderr
    late = run(executor, f"node a :{kind}", "root a interpreter-dict")
    assert late.signal == ("SIGABRT" if message else None)
    assert message in late.stderr


PRINT_AT_ONCE = """
import sys, threading
import finfuzz_target as t

class Out:
    entered, others = threading.Event(), threading.Event()

    def write(self, text):
        if threading.current_thread() is first:
            self.entered.set()
            self.others.wait()
        else:
            self.others.set()
            first.join()

    def flush(self):
        pass

sys.stdout = out = Out()
first = threading.Thread(target=lambda: t.printing_capsule(None))
first.start()
out.entered.wait()
t.printing_capsule(None)
sys.stdout = sys.__stdout__
"""


def test_capsules_that_print_at_once_leave_no_stream_behind(tmp_path: Path) -> None:
    """The first that begins to print ends before the second: as std::cout was redirected, exit
    flushed a buffer of a thread that was gone (SIGSEGV, 10 of 10)."""
    spec = resolve(parse_target("pybind11"))
    made = build(spec, pick_interpreter(None), instrumented=False)
    assert end_of_script(tmp_path, made, {"repro.py": PRINT_AT_ONCE}) == 0
