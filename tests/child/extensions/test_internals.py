"""How pybind11's internals were lost is seen from outside, whoever destroyed them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.releases import find_root
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import diagnose
from helpers.places import CORPUS

CYCLE = "self-cycle-in-codec-registry"
LEFT = "left-subinterpreter-leaked-container"
#: The capsule of 3.0.1, and one that resets the internals, as that of pybind11's PR 5958 does.
CAPSULE = "capsule(reinterpret_cast<void *>(pp));"
RESETTING = """capsule(
    reinterpret_cast<void *>(pp), nullptr, [](PyObject *self) {
        static_cast<std::unique_ptr<InternalsType> *>(PyCapsule_GetPointer(self, nullptr))->reset();
    });"""


@pytest.fixture(scope="session")
def resetting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose release destroys its internals by itself."""
    root = tmp_path_factory.mktemp("resetting")
    shutil.copytree(find_root(parse_target("pybind11==3.0.1")), root / "include")
    header = root / "include" / "pybind11" / "detail" / "internals.h"
    text = header.read_text(encoding="utf-8")
    assert text.count(CAPSULE) == 1
    header.write_text(text.replace(CAPSULE, RESETTING), encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def python_313(pythons: list[Interpreter]) -> Interpreter:
    """The one where a left subinterpreter lets main's internals be looked for too late."""
    found = [one for one in pythons if one.version[:2] == (3, 13) and not one.abiflags]
    return found[0] if found else pytest.skip("no CPython 3.13 found")


@pytest.mark.parametrize(
    ("program", "target", "lost"),
    [
        (CYCLE, "pybind11==3.0.1", None),
        (CYCLE, "pybind11==3.0.1+destroy", "internals destroyed"),
        (CYCLE, "pybind11@{resetting}", "internals destroyed"),
        (LEFT, "pybind11==3.0.1", "internals lost"),
        (LEFT, "pybind11@{resetting}", "internals destroyed"),
    ],
)
def test_how_internals_were_lost(
    program: str, target: str, lost: str | None, resetting: Path, python_313: Interpreter
) -> None:
    made = build(parse_target(target.format(resetting=resetting)), python_313, instrumented=False)
    steps = parse((CORPUS / f"{program}.fin").read_text(encoding="utf-8"))
    outcome = run_fresh(made, steps, Limits().patient)
    assert [one.frames for one in diagnose(outcome, 2048)] == ([(lost,)] if lost else [])
