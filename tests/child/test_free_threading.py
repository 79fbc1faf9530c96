"""Free-threaded CPythons: no module of ours turns the GIL on, and a run with the GIL is refused."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from helpers.built_pythons import find_free_threaded, run_python

#: `Py_mod_gil` in the slots of a module, up to 3.14 and as 3.15 numbers it too.
PY_MOD_GIL = {4, 87}

#: Prints the numbers of a module's slots: m_slots is the fifth field after the definition's base,
#: which is an object and three pointers.
PRINT_SLOTS = """
import ctypes, sys
create = getattr(ctypes.PyDLL(sys.argv[1]), sys.argv[2])
create.restype = ctypes.c_void_p
at = ctypes.c_void_p.from_address(create() + object.__basicsize__ + 7 * 8).value
while number := ctypes.c_int.from_address(at).value:
    print(number)
    at += 16
"""

TURNS_IT_ON = """
import _imp

class Spec:
    name, origin = "old_extension", "{path}"

_imp.create_dynamic(Spec)
"""
OLD_EXTENSION = """
#include <Python.h>
static PyModuleDef_Slot slots[] = {{0, nullptr}};
static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "old_extension", nullptr, 0, nullptr, slots, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit_old_extension() { return PyModuleDef_Init(&definition); }
"""


@pytest.mark.parametrize(
    ("library", "function"),
    [("runtime", "PyInit_finfuzz_runtime"), ("extension", "PyInit_finfuzz_target")],
)
def test_runtime_and_extension_declare_that_they_need_no_gil(
    plain_c_313: Build, library: str, function: str
) -> None:
    path = getattr(plain_c_313, library)
    slots = run_python(plain_c_313.interpreter, PRINT_SLOTS, path, function)
    assert PY_MOD_GIL & set(map(int, slots.split()))


@pytest.fixture(scope="module")
def free_threaded(pythons: list[Interpreter]) -> Interpreter:
    return find_free_threaded(pythons)


@pytest.mark.parametrize("target", ["plain-c", "no-extension"])
def test_a_free_threaded_run_stays_so(free_threaded: Interpreter, target: str) -> None:
    made = build(parse_target(target), free_threaded)
    program = parse("finfuzz 1\nimport\nnode a container\nedge a a append\nroot a codec\n")
    assert run_fresh(made, program).signal is None
    with Executor(made) as executor:
        assert executor.run(program).signal is None


def test_a_run_whose_gil_came_on_is_refused(free_threaded: Interpreter, tmp_path: Path) -> None:
    made = build(parse_target("no-extension"), free_threaded)
    (tmp_path / "old.cpp").write_text(OLD_EXTENSION)
    include = f"-I{free_threaded.includes[0]}"
    command = ["c++", "-shared", "-fPIC", include, "old.cpp", "-o", "old.so"]
    subprocess.run(command, cwd=tmp_path, check=True)
    # The program's own import finds the extension's stand-in beside this one.
    target = tmp_path / "finfuzz_target.py"
    target.write_text(TURNS_IT_ON.format(path=tmp_path / "old.so"))
    old = dataclasses.replace(made, extension=target)
    program = parse("finfuzz 1\nimport\n")
    with pytest.raises(UserError, match=r"no-extension turns the GIL .* declare Py_mod_gil"):
        run_fresh(old, program)
    with Executor(old) as executor, pytest.raises(UserError, match="turns the GIL"):
        executor.run(program)
