"""plain-c under the limited API is one file for several CPythons, as such wheels are."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from finfuzz.program.scope import Scope
from finfuzz.program.text import parse
from finfuzz.targets.build import build
from finfuzz.targets.frameworks.framework import RELEASED
from finfuzz.targets.frameworks.plain_c_abi3 import FRAMEWORK
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec

USE = "import finfuzz_target as t; c = t.Container(); c.append(c); t.set_member(t.Holder(), c)"


def import_elsewhere(interpreter: Interpreter, folder: Path) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); {USE}"
    command = [str(interpreter.executable), "-I", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_newer_cpython_imports_what_was_built_for_an_older(
    pythons: list[Interpreter], tmp_path: Path
) -> None:
    releases = [python for python in pythons if python.version >= (3, 10)]
    older, newer = releases[-1], releases[0]
    if older.version[:2] == newer.version[:2]:
        pytest.skip("one CPython alone")
    made = build(TargetSpec(FRAMEWORK.name), older, instrumented=False)
    shutil.copy(made.extension, tmp_path / "finfuzz_target.abi3.so")
    done = import_elsewhere(newer, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("kind", sorted({"buffer", "gil-taker", "iterator", "memoryview"}))
def test_what_the_limited_api_can_not_express_has_no_effect(kind: str) -> None:
    (step,) = parse(f"finfuzz 1\nnode a {kind}\n").steps
    assert Scope().apply(step)
    assert not Scope(offers=FRAMEWORK.find_vocabulary(RELEASED)).apply(step)
