"""Every finding in crashes/ dies as it says, by its script alone, on the CPython it names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fuzz.errors import UserError
from fuzz.executor.limits import Limits
from fuzz.target.build import build
from fuzz.target.interpreters import pick_interpreter
from fuzz.target.spec import parse_target
from fuzz.triage.confirm import confirm_script
from fuzz.triage.diagnose import Diagnosis
from fuzz.triage.finding import load_all

CRASHES = Path(__file__).resolve().parent.parent / "crashes"
FINDINGS = list(load_all(CRASHES))


@pytest.mark.parametrize("folder", [folder for folder, _ in FINDINGS], ids=lambda path: path.name)
def test_finding_lies_where_its_key_says(folder: Path) -> None:
    (finding,) = [one for place, one in FINDINGS if place == folder]
    assert folder == CRASHES / finding.folder
    assert finding.script.k > 0


@pytest.mark.slow
@pytest.mark.parametrize("folder", [folder for folder, _ in FINDINGS], ids=lambda path: path.name)
def test_script_dies_in_a_folder_of_its_own(folder: Path, tmp_path: Path) -> None:
    (finding,) = [one for place, one in FINDINGS if place == folder]
    try:
        python = pick_interpreter(finding.target.python.rpartition(".")[0])
    except UserError as error:
        pytest.skip(str(error))
    for source in folder.iterdir():
        if source.suffix != ".so":  # the script compiles its own
            shutil.copy(source, tmp_path)
    made = build(parse_target(finding.target.spec), python, instrumented=False)
    shape = Diagnosis(finding.signal, finding.diagnostic, finding.phase, finding.detail, ())
    rate = confirm_script(tmp_path, made, shape, Limits())
    # A rate of k of n allows fewer, not none; one that is certain must stay so.
    assert rate.k == rate.n if finding.script.k == finding.script.n else rate.k > 0
