"""`finfuzz replay` and the pytest plugin as a user meets them, on real builds."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from finfuzz.targets.interpreters import find_interpreters
from helpers.command import run
from helpers.finding_example import crashes_with, finding

DESTROY = "pybind11==3.1.0+destroy"
SURVIVES = "finfuzz 1\n# why\nnode a container\nedge a a append\nroot a module\n"
DIES = "finfuzz 1\n# why\nnode a container\nedge a a append\nroot a codec\n"
GUARD = "SIGABRT/internals-recreated"
SAYS = DIES.replace("# why\n", f"# why\n# expect: {GUARD} on pybind11+destroy\n")
PYTHON = next(found.text for found in find_interpreters() if found.includes)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "survives.fin").write_text(SURVIVES)
    (tmp_path / "corpus" / "says.fin").write_text(SAYS)
    return tmp_path


def finfuzz(here: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(here, sys.executable, "-m", "finfuzz", "replay", *arguments)


def test_all_is_as_expected(here: Path) -> None:
    done = finfuzz(here, "--target", DESTROY, "--target", "plain-c", "--python", PYTHON)
    assert (done.returncode, done.stdout) == (0, "4 as expected\n"), done.stderr


def test_a_target_that_lacks_a_word_is_not_comparable(here: Path) -> None:
    """`no-extension` has no moment at which a hook of C could run: it did not survive one."""
    (here / "corpus" / "hook.fin").write_text(
        "finfuzz 1\n# why\nimport\nnode a container\nhook a clear plain\n"
    )
    files = ("--junit", "j.xml", "--json", "j.json")
    done = finfuzz(here, "--target", "no-extension", "--python", PYTHON, *files)
    assert (done.returncode, done.stdout) == (0, "2 as expected, 1 not comparable\n"), done.stderr
    assert "survived, but the target has no hook clear" in (here / "j.json").read_text()
    assert 'skipped message="survived, but the target' in (here / "j.xml").read_text()


def test_a_failure_fails_the_replay_and_is_in_every_report(here: Path) -> None:
    (here / "corpus" / "dies.fin").write_text(DIES)
    files = ("--junit", "j.xml", "--json", "j.json", "--markdown", "m.md")
    done = finfuzz(here, "--target", DESTROY, "--python", PYTHON, *files)
    assert done.returncode == 1
    line = f"failed: dies on {DESTROY}, CPython {PYTHON}: {GUARD}, expected survival"
    assert f"{line} (no record that it survived there)" in done.stdout.splitlines()
    assert done.stdout.endswith("2 as expected, 1 failed\n")
    assert 'type="failed"' in (here / "j.xml").read_text()
    assert "1 worse than expected" in (here / "m.md").read_text()
    (worse,) = (
        one
        for one in json.loads((here / "j.json").read_text())["results"]
        if one["what"] == "failed"
    )
    assert (worse["case"], worse["seen"], worse["expected"]) == ("dies", [GUARD], [])


@pytest.mark.slow
def test_ctrl_c_reports_the_results_so_far(here: Path) -> None:
    """Enough programs that it has hardly begun when the first result comes, and that one is bad."""
    for number in range(3000):
        (here / "corpus" / f"dies{number:04}.fin").write_text(DIES + "collect\n" * (number % 7))
    with subprocess.Popen(
        [sys.executable, "-m", "finfuzz", "replay", "--target", DESTROY, "--junit", "j.xml"],
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as replay:
        assert replay.stderr is not None
        assert replay.stdout is not None
        line = next(line for line in replay.stderr if line.startswith("failed: "))
        assert f"{GUARD}, expected survival" in line
        replay.send_signal(signal.SIGINT)
        replay.stderr.read()
        printed = replay.stdout.read()
    assert replay.returncode == 130
    assert printed.endswith(" failed (interrupted: the rest was not run)\n")
    assert 0 < (here / "j.xml").read_text().count("<testcase") < 3000


def test_against_another_target_only_what_differs_is_shown(here: Path) -> None:
    done = finfuzz(here, "--target", DESTROY, "--against", "plain-c", "--python", PYTHON)
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            f"fails on {DESTROY} only: says: {GUARD} (as expected)",
            f"{DESTROY} on {PYTHON} against plain-c on {PYTHON}: "
            f"1 of 2 programs differs: 1 fails on {DESTROY} only; nothing worse than expected",
        ],
    )


def test_nothing_differs_is_said(here: Path) -> None:
    done = finfuzz(
        here, "--target", "plain-c+static-types", "--against", "plain-c", "--python", PYTHON
    )
    assert (done.returncode, done.stdout) == (
        0,
        f"plain-c+static-types on {PYTHON} against plain-c on {PYTHON}: 2 programs, none differs\n",
    )


def test_against_another_cpython_only_what_differs_is_shown(here: Path) -> None:
    """3.13 ends a subinterpreter that is left, 3.12 aborts (gh-113433): worse than expected."""
    found = {python.version[:2]: python.text for python in find_interpreters() if python.includes}
    if not {(3, 12), (3, 13)} <= set(found):
        pytest.skip("needs CPython 3.12 and 3.13")
    left = "finfuzz 1\n# why\nstart i1 legacy\n"
    (here / "corpus" / "left.fin").write_text(left)
    old, new = found[3, 12], found[3, 13]
    files = ("--junit", "j.xml", "--json", "j.json", "--markdown", "m.md")
    pythons = ("--python", old, "--against-python", new)
    done = finfuzz(here, "--target", "no-extension", *pythons, *files)
    assert (done.returncode, done.stdout.splitlines()) == (
        1,
        [
            f"fails on CPython {old} only: left: SIGABRT/fatal-python-error",
            f"no-extension on {old} against no-extension on {new}: 1 of 3 programs differs: "
            f"1 fails on CPython {old} only; 1 worse than expected",
        ],
    )
    assert 'failures="1"' in (here / "j.xml").read_text()
    assert "comparisons" in json.loads((here / "j.json").read_text())
    assert "1 worse than expected**" in (here / "m.md").read_text()
    assert "failed" not in done.stderr
    back = finfuzz(here, "--target", "no-extension", "--python", new, "--against-python", old)
    assert back.returncode == 0, back.stdout
    assert f"fails on CPython {old} only: left: SIGABRT" in back.stdout


def test_a_program_that_ran_in_part_is_named(here: Path) -> None:
    (here / "corpus" / "says.fin").write_text("finfuzz 1\n# why\nnode a list\nroot b sys\n")
    done = finfuzz(here, "--target", "plain-c", "--python", PYTHON, "--all")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-2:] == [
        f"skipped: says on plain-c, CPython {PYTHON}: line 4: there is no node `b` in `main`",
        "2 as expected; 1 with skipped steps",
    ]


def test_what_can_not_be_run_is_said_and_the_rest_runs(here: Path) -> None:
    (here / "corpus" / "broken.fin").write_text("finfuzz 1\nfly\n")
    pythons = ("--python", PYTHON, "--python", "3.99")
    done = finfuzz(here, "--target", "plain-c", *pythons)
    assert done.returncode == 2
    assert done.stdout.endswith("2 as expected, 4 not runnable\n")
    assert "finfuzz: error: not everything could be run: " in done.stderr


def test_a_matrix_file_says_what_and_where(here: Path) -> None:
    (here / "matrix.toml").write_text(
        f'targets = ["plain-c", "no-extension"]\npythons = ["{PYTHON}"]\nprograms = ["corpus"]\n'
    )
    done = finfuzz(here, "--config", "matrix.toml")
    assert (done.returncode, done.stdout) == (0, "4 as expected\n"), done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere"], "there is no nowhere to replay"),
        (["--config", "none.toml"], "can't read the matrix none.toml"),
        (["--target", "pybind12"], "unknown framework 'pybind12'"),
        (["--against", "plain-c", "--against-python", "3.13"], "exclude each other"),
    ],
)
def test_what_can_not_be_meant_is_one_line(
    here: Path, arguments: list[str], complaint: str
) -> None:
    done = finfuzz(here, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_pytest_has_an_item_for_each_program_and_build(here: Path) -> None:
    (here / "corpus" / "dies.fin").write_text(DIES)
    (here / "corpus" / "broken.fin").write_text("finfuzz 1\nfly\n")
    plugin = ("--finfuzz", "--finfuzz-target", DESTROY, "--finfuzz-target", "plain-c")
    done = run(
        here,
        *(sys.executable, "-m", "pytest", "-q", "-rfs", "-p", "no:cacheprovider"),
        *(*plugin, "--finfuzz-python", PYTHON, "corpus"),
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"corpus/dies.fin::{DESTROY} on {PYTHON}" in done.stdout
    assert f"failed: {GUARD}, expected survival" in done.stdout
    assert "1 failed, 5 passed, 2 skipped" in done.stdout


def test_pytest_takes_no_recipe_of_somebody_elses_finding(here: Path) -> None:
    target = msgspec.structs.replace(finding().target, spec="stdlib:json", recipe="recipe.toml")
    crashes = crashes_with(here / "sent", finding(target=target, program="finfuzz 1\nimport\n"))
    (crashes / finding().folder / "recipe.toml").write_text('module = "json"\n')
    plugin = ("--finfuzz", "--finfuzz-target", "stdlib:json", "--finfuzz-python", PYTHON)
    done = run(
        here, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, "sent"
    )
    assert done.returncode == 1
    assert "give --trust; for pytest, that is --finfuzz-trust" in done.stdout


def test_pytest_without_the_option_sees_no_programs(here: Path) -> None:
    done = run(here, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "corpus")
    assert "no tests ran" in done.stdout
