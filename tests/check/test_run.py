"""Modules that go wrong in one way each: what a check says of them, how often and whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.check.results import Row
from finfuzz.check.run import Settings, run_scenarios
from finfuzz.check.scenarios import load_scenarios
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.findings.rate import Rate

from .conftest import Make

SETTINGS = Settings(None, 8192)


def check(made: Build, *names: str, settings: Settings = SETTINGS) -> dict[str, Row]:
    scenarios = [one for one in load_scenarios() if one.name in ("import-and-exit", *names)]
    return {row.scenario: row for row in run_scenarios(made, scenarios, settings, 2)}


#: A module whose second import in a process does this.
AGAIN = """
import builtins, os, sys
if hasattr(builtins, "mine_is_here"):
    {}
builtins.mine_is_here = True
"""


def test_a_refusal_has_its_words(make: Make) -> None:
    made = make(AGAIN.format("raise ImportError('mine is imported only once')"))
    rows = check(made, "imported-again", "legacy-alone")
    assert rows["imported-again"].state == "refuses"
    assert rows["imported-again"].detail == "ImportError: mine is imported only once"
    assert rows["legacy-alone"].state == rows["import-and-exit"].state == "survived"
    assert not any(row.is_bad for row in rows.values())


def test_a_crash_is_run_again_and_on_controls(make: Make) -> None:
    row = check(make(AGAIN.format("os.abort()")), "imported-again")["imported-again"]
    assert (row.state, row.is_bad, row.rate) == ("crashes", True, Rate(3, 3))
    assert row.detail.startswith("SIGABRT/none, running")
    assert row.stack
    assert row.program == "finfuzz 1\nimport\nunimport\ncollect\nimport\n" + (
        "node a extension\nnode o object\nhook o del repr\ndrop o\nself-check\n"
    )


def test_a_crash_that_happens_sometimes_has_its_rate(make: Make, tmp_path: Path) -> None:
    """It crashes in each third process."""
    file = tmp_path / "count"
    body = f"with open({str(file)!r}, 'a') as file: file.write('x')\n"
    body += f"    if os.path.getsize({str(file)!r}) % 3 == 1: os.abort()"
    row = check(make(AGAIN.format(body)), "imported-again")["imported-again"]
    assert (row.state, row.rate) == ("crashes", Rate(4, 10))


def test_a_hang_exceeds_twice_its_deadline_too(make: Make) -> None:
    made = make(
        AGAIN.format(
            "import _thread; _thread.allocate_lock().acquire() and None\n"
            "    lock = _thread.allocate_lock(); lock.acquire(); lock.acquire()"
        )
    )
    row = check(made, "imported-again", settings=Settings(1.0, 8192))["imported-again"]
    assert (row.state, row.rate) == ("hangs", Rate(3, 3))


def test_a_wrong_answer_says_which(make: Make) -> None:
    recipe = 'module = "mine"\n[check]\n"the answer" = ["t.answer", 42]\n'
    made = make(
        AGAIN.format("pass\nanswer = 42 if not hasattr(builtins, 'mine_is_here') else 41"), recipe
    )
    row = check(made, "imported-again")["imported-again"]
    assert row.state == "wrong answer"
    assert row.detail == "the answer: 41, should be 42"


def test_what_the_documentation_rules_out_stands_beside_a_crash(make: Make) -> None:
    recipe = 'module = "mine"\n[unsupported]\nwords = ["unimport"]\nwhy = "see the manual"\n'
    rows = check(make(AGAIN.format("os.abort()"), recipe), "imported-again", "legacy-alone")
    assert rows["imported-again"].unsupported == "see the manual"
    assert rows["legacy-alone"].unsupported == ""


def test_a_scenario_that_can_not_run_says_why(make: Make) -> None:
    made = make("")
    for file in made.directory.glob("before.py"):
        file.write_text("raise SystemExit('no')")
    row = check(made)["import-and-exit"]
    assert row.state == "not run"


def test_a_scenario_that_needs_another_cpython_has_not_survived(
    pythons: list[Interpreter],
) -> None:
    """Before 3.12 it did nothing of what its title says, and "survived" (issue 21)."""
    old = next((one for one in pythons if one.version < (3, 12)), None)
    if old is None:
        pytest.skip("needs a CPython before 3.12")
    row = check(build(parse_target("no-extension"), old), "isolated-alone")["isolated-alone"]
    assert (row.state, row.detail) == (
        "does not apply",
        "interpreter kind `isolated` needs CPython 3.12",
    )
    assert not row.is_bad


def test_the_deadline_follows_the_import() -> None:
    assert Settings(None, 64).make_limits(0.01).deadline == 3
    assert Settings(None, 64).make_limits(0.5).deadline == 10
    assert Settings(7, 64).make_limits(0.5).deadline == 7
