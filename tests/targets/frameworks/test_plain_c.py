"""plain-c in every style: what its types and its module objects are, and where its import fails."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.scope import Scope
from finfuzz.program.text import parse
from finfuzz.targets.build import build
from finfuzz.targets.frameworks.plain_c import FRAMEWORK
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.diagnosis import diagnose

USE = "import finfuzz_target as t; c = t.Container(); c.append(c); t.set_member(t.Holder(), c)"

#: Whether the type is a heap type, and the same in a module object that is made later.
ASK = """
import sys
import finfuzz_target as first
del sys.modules["finfuzz_target"]
while "finfuzz_target" not in sys.modules:
    try:
        import finfuzz_target as later
    except ImportError as error:
        print(error)
a, b = first.Container, later.Container
print("heap type" if a.__flags__ >> 9 & 1 else "static type")
print("the same again" if a is b else "another each time")
print("all bound" if "Holder" in vars(first) else "bound on demand")
"""


def run_beside(interpreter: Interpreter, folder: Path, code: str) -> str:
    """Run code that finds the extension in a folder. Return all that it prints."""
    whole = f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"
    command = [str(interpreter.executable), "-I", "-c", whole]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.stdout


@pytest.mark.parametrize(
    ("style", "printed"),
    [
        ("released", ["heap type", "another each time", "bound on demand"]),
        ("single-phase", ["heap type", "the same again", "all bound"]),
        ("static-types", ["static type", "the same again", "bound on demand"]),
        ("globals", ["heap type", "another each time", "bound on demand"]),
        ("abi3", ["heap type", "another each time", "bound on demand"]),
        (
            "failing-init",
            [
                *("finfuzz_target fails at once", "finfuzz_target fails when all is made"),
                *("heap type", "another each time", "bound on demand"),
            ],
        ),
    ],
)
def test_types_and_modules(style: str, printed: list[str], pythons: list[Interpreter]) -> None:
    made = build(TargetSpec(FRAMEWORK.name, policy=style), pythons[0], instrumented=False)
    assert run_beside(pythons[0], made.directory, ASK).splitlines() == printed


TWO_INTERPRETERS = """\
finfuzz 1
self-check
start i1 legacy
enter i1
import
self-check
start i2 isolated
enter i2
import
enter main
self-check
"""
AT_ONCE = "ImportError: finfuzz_target fails at once"
#: What newer CPythons say instead, where the module's first function raises in a subinterpreter.
HIDDEN = "ImportError: failed to import from subinterpreter due to exception"
REFUSED = "ImportError: module finfuzz_target does not support loading in subinterpreters"


@pytest.mark.parametrize(
    ("style", "errors"),
    [
        ("released", []),
        ("single-phase", [REFUSED]),
        ("static-types", [REFUSED]),
        ("globals", [REFUSED]),
        ("abi3", []),
        (
            "failing-init",
            [
                AT_ONCE,
                "ImportError: finfuzz_target fails when all is made",
            ],
        ),
    ],
)
def test_imports_in_subinterpreters(
    style: str, errors: list[str], pythons: list[Interpreter]
) -> None:
    """What CPython refuses, what fails, and a wrong answer from an object in a C global."""
    made = build(TargetSpec(FRAMEWORK.name, policy=style), pythons[0])
    outcome = run_fresh(made, parse(TWO_INTERPRETERS))
    lines = [line for line in outcome.stderr.splitlines() if line.startswith("finfuzz: ")]
    said = [
        line.partition(" raised while importing ")[2].replace(HIDDEN, AT_ONCE) for line in lines
    ]
    assert said == errors
    found = [str(one) for one in diagnose(outcome, Limits().memory_mib)]
    assert found == (["NONE/wrong-answer"] if style == "globals" else [])


def test_the_limited_api_is_one_file_for_several_cpythons(
    pythons: list[Interpreter], tmp_path: Path
) -> None:
    releases = [python for python in pythons if python.version >= (3, 10)]
    older, newer = releases[-1], releases[0]
    if older.version[:2] == newer.version[:2]:
        pytest.skip("one CPython alone")
    made = build(TargetSpec(FRAMEWORK.name, policy="abi3"), older, instrumented=False)
    shutil.copy(made.extension, tmp_path / "finfuzz_target.abi3.so")
    assert run_beside(newer, tmp_path, USE) == ""


@pytest.mark.parametrize("kind", sorted({"buffer", "gil-taker", "iterator", "memoryview"}))
def test_what_the_limited_api_can_not_express_has_no_effect(kind: str) -> None:
    (step,) = parse(f"finfuzz 1\nnode a {kind}\n").steps
    assert Scope().apply(step)
    assert not Scope(offers=FRAMEWORK.find_vocabulary("abi3")).apply(step)
