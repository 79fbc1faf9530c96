"""Every finding in crashes/ dies as it says, by its script alone, on the CPython it names."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.compiler import find_compiler
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.environment import make_environment
from finfuzz.targets.pick import pick_own
from finfuzz.targets.releases import list_root_variables
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.targets.units import is_source
from finfuzz.triage.findings.finding import Finding, load_all
from finfuzz.triage.findings.rate import runs_to_see
from finfuzz.triage.repro.run import START_SECONDS, confirm_script
from helpers.places import CRASHES

FINDINGS = list(load_all(CRASHES))
FOLDERS = [folder for folder, _ in FINDINGS]


def sources(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix == ".py" or is_source(path.name)]


#: The one that compiles fastest.
COMPILED = [folder for folder in FOLDERS if any(folder.glob("*.cpp"))]
SMALLEST = min(COMPILED, key=lambda folder: sum(path.stat().st_size for path in sources(folder)))


def finding_in(folder: Path) -> Finding:
    (finding,) = [one for place, one in FINDINGS if place == folder]
    return finding


def interpreter_of(finding: Finding) -> Interpreter:
    try:
        return pick_own(finding.target.python, finding.target.executable)
    except UserError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_finding_lies_where_its_key_says(folder: Path) -> None:
    finding = finding_in(folder)
    assert folder == CRASHES / finding.folder
    assert finding.script.k > 0


def variables(spec: TargetSpec, home: Path) -> dict[str, str]:
    """What a person would have set: where the compiler and the headers are."""
    found = {"PATH": f"{find_compiler().parent}{os.pathsep}{os.defpath}", "HOME": str(home)}
    return found | list_root_variables(spec)


def make_venv(place: Path, finding: Finding, python: Interpreter) -> None:
    """Make an environment with what the script says to install, and nothing else."""
    if not finding.target.pins:
        subprocess.run([python.executable, "-m", "venv", "--without-pip", place], check=True)
        return
    try:
        place.symlink_to(make_environment(finding.target.pins, python).parent.parent)
    except UserError as error:
        if "the package index can't be reached" not in str(error):
            raise
        pytest.skip(str(error))


def ended(done: subprocess.CompletedProcess[str]) -> str:
    return signal.Signals(-done.returncode).name if done.returncode < 0 else "NONE"


def dies_by_hand(folder: Path, scratch: Path) -> Path:
    """Runs a copy of the script as a person does, in a new virtual environment.

    Returns the folder of the copy.
    """
    finding = finding_in(folder)
    spec, python = parse_target(finding.target.spec), interpreter_of(finding)
    make_venv(scratch / "venv", finding, python)
    copy = scratch / "finding"
    copy.mkdir()
    for path in sources(folder):
        shutil.copy(path, copy)

    def run(*arguments: str, turn: int = 0) -> subprocess.CompletedProcess[str]:
        """Some deaths depend on the lengths of paths, so these are others each turn."""
        python, there = scratch / f"venv{'-' * 17 * turn}", scratch / f"finding{'-' * 7 * turn}"
        if turn:
            python.symlink_to("venv")
            shutil.copytree(copy, there)
        return subprocess.run(
            [python / "bin/python", *arguments],
            cwd=there,
            env=variables(spec, scratch),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=START_SECONDS if finding.signal == "HANG" else None,
        )

    assert "No module named 'finfuzz'" in run("-c", "import finfuzz").stderr
    if finding.signal == "HANG":
        if any(copy.glob("*.cpp")):
            assert run("repro.py", "--compile").returncode == 0
        with pytest.raises(subprocess.TimeoutExpired):
            run("repro.py")
        return copy
    runs = [run("repro.py", turn=turn) for turn in range(runs_to_see(finding.script))]
    assert finding.signal in ("NONE", *map(ended, runs)), runs[-1].stderr
    return copy


def test_the_smallest_script_dies_by_hand(tmp_path: Path) -> None:
    dies_by_hand(SMALLEST, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_script_dies_by_hand_and_at_its_rate(folder: Path, tmp_path: Path) -> None:
    copy = dies_by_hand(folder, tmp_path)
    finding = finding_in(folder)
    rate = confirm_script(copy, made_for(finding), finding.diagnosis, Limits())
    assert rate.k > 0
    assert not rate.disagrees(finding.script)


def made_for(finding: Finding) -> Build:
    spec = finding.target.find_spec(CRASHES / finding.folder)
    return build(spec, interpreter_of(finding), instrumented=False)
