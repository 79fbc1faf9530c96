"""A finding on a package, from the first sighting to what a user does with it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.replay.cases import Case
from finfuzz.replay.run import PlannedBuild, replay_one
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.gate import has_gate
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.attribution.package_owner import find_package_owner
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.filer import Filer, Origin, Sighting
from finfuzz.triage.findings.finding import load
from finfuzz.triage.repro.export import write_pytest_file
from helpers.command import finfuzz
from helpers.dying import CALLS_LATE, EXECUTED_AGAIN, RECURSES, write_module

LIMITS = Limits()


class Place(NamedTuple):
    """A package of a user's own, built, and the folder that has it."""

    made: Build
    folder: Path

    @property
    def target(self) -> str:
        return f"module:dying+path={self.folder}"


@pytest.fixture(scope="module")
def place(pythons: list[Interpreter], tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("dying")
    usual = [one for one in pythons if not one.abiflags]
    ours = (one for one in usual if one.version[:2] == sys.version_info[:2])
    python = next(ours, usual[0])
    write_module(folder, python)
    recipe = folder / "dying.toml"
    spec = TargetSpec("module", path=folder, package="dying", recipe=recipe)
    return Place(build(spec, python), folder)


@pytest.fixture(scope="module")
def filed(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finding; the recipe that it was found with is gone since."""
    folder = file_first(place.made, EXECUTED_AGAIN, tmp_path_factory.mktemp("crashes"))
    (place.folder / "dying.toml").unlink()
    return folder


def file_first(made: Build, text: str, crashes: Path) -> Path:
    """File what a program shows first."""
    outcome = run_fresh(made, parse(text), LIMITS)
    diagnosis, *_ = diagnose(outcome, LIMITS.memory_mib)
    filer = Filer(made, crashes, LIMITS, Origin("program", 0), print)
    try:
        folder = filer.file(Sighting(text, outcome, diagnosis, 1, 0.0))
    finally:
        filer.close()
    assert folder is not None
    return folder


def test_it_is_minimized_and_its_script_dies(filed: Path) -> None:
    finding = load(filed)
    assert finding.program == "finfuzz 1\nimport\nunimport\nimport\n"
    assert (finding.signal, finding.script.k) == ("SIGABRT", finding.script.n)
    assert sorted(path.name for path in filed.iterdir()) == [
        *("finding.json", "outcome.json", "program.fin", "recipe.toml", "repro.py"),
        *("stack.txt", "stderr.txt"),
    ]


def test_its_target_is_told_without_the_recipe(filed: Path, place: Place) -> None:
    target = load(filed).target
    assert target.spec == place.target
    assert target.find_spec(filed).recipe == filed.resolve() / "recipe.toml"
    assert list(target.read_own_words(filed).kinds) == [":box"]


def test_its_script_is_what_a_person_would_write(filed: Path, place: Place) -> None:
    script = (filed / "repro.py").read_text()
    _, _, body = script.partition("def program():\n")
    assert body == (
        "    import dying\n    del dying\n    unimport()\n    import dying\n\n\nprogram()\n"
    )
    assert f"It needs the module dying in {place.folder}." in script


@pytest.mark.skipif(not has_gate(), reason="no gate on this machine")
def test_a_script_is_not_blamed_for_what_only_the_gate_sees(place: Place, tmp_path: Path) -> None:
    write_module(tmp_path, place.made.interpreter)  # its recipe is still there
    spec = TargetSpec("module", path=tmp_path, package="dying", recipe=tmp_path / "dying.toml")
    folder = file_first(build(spec, place.made.interpreter), CALLS_LATE, tmp_path / "crashes")
    finding = load(folder)
    assert (finding.signal, finding.diagnostic) == ("NONE", "api-after-finalization")
    assert finding.script.n == 0
    assert "nothing that this script does shows it" in (folder / "repro.py").read_text()
    assert find_package_owner(place.made.spec, (), finding.script).owner != "harness"


def test_it_is_replayed_with_its_own_recipe(filed: Path, place: Place) -> None:
    python = str(place.made.interpreter.path)
    options = ("--target", place.target, "--python", python, "--workers", "1", "--all")
    done = finfuzz("replay", filed, *options, cwd=filed.parent)
    assert "as expected" in done.stdout, done.stderr
    assert done.returncode == 0


def test_without_a_target_it_is_replayed_on_its_own(filed: Path, place: Place) -> None:
    python = str(place.made.interpreter.path)
    done = finfuzz("replay", filed, "--python", python, "--workers", "1", "--all", cwd=filed.parent)
    assert "as expected" in done.stdout, done.stderr
    assert done.returncode == 0


def test_its_program_is_run_with_its_own_recipe(filed: Path, place: Place) -> None:
    (filed / "another.fin").write_text("finfuzz 1\nnode a :box\nself-check\n")
    try:
        options = ("--target", place.target, "--python", str(place.made.interpreter.path))
        trusted = ("--trust", *options)  # the folder is not as it was written
        done = finfuzz("exec", filed / "another.fin", *trusted, cwd=filed.parent)
    finally:
        (filed / "another.fin").unlink()
    assert "2 steps, 0 skipped, 0 raised" in done.stdout, done.stderr


def test_a_program_of_other_targets_is_translated(place: Place) -> None:
    text = "finfuzz 1\nnode a container\nedge a a append\nunimport\nimport\n"
    with Executor(place.made, LIMITS) as executor:
        planned = PlannedBuild(place.made.spec, place.made.interpreter)
        result = replay_one(Case("it", parse(text)), planned, executor)
    assert (result.judgement, result.seen) == ("failed", ("SIGABRT/none",))


@pytest.mark.slow
def test_a_wheel_is_filed_with_its_pins(pythons: list[Interpreter], tmp_path: Path) -> None:
    """Known: optree 0.20.0, kept past its module beside a subinterpreter that is left."""
    python = next((one for one in pythons if one.text == "3.13.0"), None)
    if python is None:
        pytest.skip("no CPython 3.13.0 found")
    recipe = tmp_path / "optree.toml"
    recipe.write_text('module = "optree"\n[kind.spec]\nmake = "t.tree_structure([1])"\n')
    try:
        made = build(parse_target(f"wheel:optree==0.20.0+recipe={recipe}"), python)
    except UserError as error:
        if "the package index can't be reached" not in str(error):
            raise
        pytest.skip(str(error))
    text = "finfuzz 1\nnode a :spec\nroot a gc-garbage\nstart i1 legacy\nenter i1\nimport\n"
    finding = load(file_first(made, text, tmp_path / "crashes"))
    assert (finding.signal, finding.diagnostic) == ("SIGABRT", "cast-error")
    assert finding.target.spec == "wheel:optree==0.20.0"
    assert finding.target.pins[0] == "optree==0.20.0"
    assert finding.script.k == finding.script.n
    folder = tmp_path / "crashes" / finding.folder
    (line,) = re.findall(r"pip install (.*)", (folder / "repro.py").read_text())
    assert tuple(line.split()) == finding.target.pins


def test_it_is_shown_with_its_objects(filed: Path) -> None:
    done = finfuzz("show", filed, cwd=filed.parent)
    assert "crashes (SIGABRT)" in done.stdout, done.stderr


def test_it_is_a_test_for_others(filed: Path, place: Place, tmp_path: Path) -> None:
    """It fails for as long as the defect is there."""
    if place.made.interpreter.version[:2] != sys.version_info[:2]:
        pytest.skip("pytest runs on another CPython than the package was built for")
    (tmp_path / "test_it.py").write_text(write_pytest_file(filed, load(filed)))
    command = [sys.executable, "-m", "pytest", "-q", "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "crashed (SIGABRT)" in done.stdout


@pytest.mark.parametrize("how", ["fresh", "zygote"])
def test_a_recursion_without_end_is_told(how: str, place: Place) -> None:
    program = parse(RECURSES)
    if how == "fresh":
        outcome = run_fresh(place.made, program, LIMITS)
    else:
        with Executor(place.made, LIMITS) as executor:
            outcome = executor.run(program)
    (diagnosis,) = diagnose(outcome, LIMITS.memory_mib)
    assert (diagnosis.signal, diagnosis.diagnostic) == ("SIGSEGV", "stack-overflow")
    assert diagnosis.frames == ("go_deeper",)
