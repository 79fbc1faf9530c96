"""What is said of compiled files: small ones made here, and those of real packages."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from finfuzz.targets.compiler import find_compiler
from finfuzz.targets.frameworks import KNOWN
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.files import (
    MULTI_PHASE,
    SINGLE_PHASE,
    UNKNOWN,
    NativeFile,
    describe_file,
    describe_files,
)
from finfuzz.targets.packages.install import install

MULTI = "void *PyModuleDef_Init(void *); void *PyInit_ext(void) { return PyModuleDef_Init(0); }"
SINGLE = (
    "void *PyModule_Create2(void *, int);"
    "void *PyInit_ext(void) { return PyModule_Create2(0, 1013); }"
)
BOTH = (
    f"{MULTI} void *PyModule_Create2(void *, int);"
    "void *add_submodule(void) { return PyModule_Create2(0, 1013); }"
)
NEITHER = "void *PyInit_ext(void) { return 0; }"
EXPORT = "void *PyModExport_ext(void) { return 0; }"
LIBRARY = "int helper(void) { return 1; }"


def compile_to(path: Path, source: str, *flags: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [find_compiler(), "-x", "c", "-shared", "-fPIC", "-", "-x", "none", *flags]
    subprocess.run([*command, "-o", path], input=source.encode(), check=True)
    return path


def describe_one(folder: Path) -> NativeFile:
    (found,) = describe_files(folder)
    return found


@pytest.mark.parametrize(
    ("source", "initialization"),
    [
        (MULTI, MULTI_PHASE),
        (EXPORT, MULTI_PHASE),
        (SINGLE, SINGLE_PHASE),
        (BOTH, UNKNOWN),
        (NEITHER, UNKNOWN),
    ],
)
def test_how_a_module_is_initialized(tmp_path: Path, source: str, initialization: str) -> None:
    path = compile_to(tmp_path / "package" / "ext.cpython-313-x86_64-linux-gnu.so", source)
    assert describe_one(tmp_path) == NativeFile(
        path=path,
        module="package.ext",
        marks={},
        initialization=initialization,
        is_abi3=False,
        is_stripped=False,
        needs=describe_one(tmp_path).needs,
    )


def test_a_stripped_file_says_the_same(tmp_path: Path) -> None:
    path = compile_to(tmp_path / "ext.so", MULTI)
    before = describe_one(tmp_path)
    subprocess.run(["strip", path], check=True)
    assert describe_one(tmp_path) == dataclasses.replace(before, is_stripped=True)


@pytest.mark.parametrize(
    ("name", "is_abi3"),
    [("ext.abi3.so", True), ("ext.abi3t.so", True), ("ext.so", False)],
)
def test_the_stable_abi_is_in_the_name(tmp_path: Path, name: str, is_abi3: bool) -> None:
    compile_to(tmp_path / name, MULTI)
    assert describe_one(tmp_path).is_abi3 is is_abi3


def test_a_module_is_one_by_its_first_function(tmp_path: Path) -> None:
    compile_to(tmp_path / "ext.so", NEITHER)
    compile_to(tmp_path / "other.so", NEITHER)  # which defines PyInit_ext
    compile_to(tmp_path / "ä.so", "void *PyInitU_4ca(void) { return 0; }")
    modules = {found.path.name: found.module for found in describe_files(tmp_path)}
    assert modules == {"ext.so": "ext", "other.so": "", "ä.so": "ä"}


def test_libraries_that_come_with_a_package(tmp_path: Path) -> None:
    name = "libhelp-1f.so.2"
    library = compile_to(tmp_path / "thing.libs" / name, LIBRARY, f"-Wl,-soname,{name}")
    extension = compile_to(tmp_path / "thing" / "ext.so", MULTI, "-Wl,--no-as-needed", str(library))
    found = {one.path: one for one in describe_files(tmp_path)}
    assert found[library].module == ""
    assert found[extension].bundled == (Path("thing.libs", name),)
    assert name in found[extension].needs


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        (
            "__pybind11_internals_v11_system_libstdcpp_gxx_abi_1xxx_use_cxx11_abi_1__",
            {"pybind11": "__pybind11_internals_v11"},
        ),
        ("__nb_internals_%s_%s__", {"nanobind": "__nb_internals_%s_%s__"}),
        ("nanobind_system_libstdcpp_gxx_abi_1xxx_use_cxx11_abi_1_a1_v22", {"nanobind": "v22"}),
        ("v19_system_libstdcpp_gxx_abi_1xxx_use_cxx11_abi_1", {"nanobind": "v19"}),
        ("nanobind: leaked %zu types!", {"nanobind": "nanobind: leaked"}),
        ("cython_runtime _cython_3_3_1", {"cython": "_cython_3_3_1"}),
        ("cython_runtime", {"cython": "cython_runtime"}),
        ("/index-1/pyo3-0.30.1/src/err.rs", {"PyO3": "pyo3-0.30.1"}),
        ("pyo3_runtime.PanicException", {"PyO3": "pyo3_runtime"}),
        ("pyo3_runtime _cffi_backend", {"PyO3": "pyo3_runtime", "cffi": "_cffi_backend"}),
        ("swig_runtime_data4", {"SWIG": "swig_runtime_data4"}),
        ("N5boost6python6objectE", {"Boost.Python": "N5boost6python"}),
        ("pybind11, nanobind, Cython, PyO3, cffi, SWIG and Boost.Python", {}),
    ],
)
def test_who_made_a_file(tmp_path: Path, text: str, marks: dict[str, str]) -> None:
    path = compile_to(tmp_path / "ext.so", f'{MULTI} const char text[] = "{text}";')
    subprocess.run(["strip", path], check=True)
    assert describe_one(tmp_path).marks == marks
    assert describe_one(tmp_path).frameworks == tuple(marks)


def test_every_framework_with_marks_is_in_that_table() -> None:
    named = {name for name, record in KNOWN.items() if record.file_marks}
    assert named == {"pybind11", "nanobind", "cython", "PyO3", "cffi", "SWIG", "Boost.Python"}


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty.so").touch()
    (tmp_path / "text.so").write_text("INPUT(libx.so)")
    (tmp_path / "cut.so").write_bytes(compile_to(tmp_path / "whole.o", MULTI).read_bytes()[:70])
    (tmp_path / "folder.so").mkdir()
    (tmp_path / "gone.so").symlink_to("nowhere")
    shutil.copy("/proc/self/exe", tmp_path / "program")
    assert describe_files(tmp_path) == ()
    assert describe_file(tmp_path / "nowhere.so", tmp_path) is None


def test_real_packages(real_pythons: list[Interpreter]) -> None:
    wanted: Sequence[tuple[str, str, tuple[str, ...], str]] = [
        ("markupsafe==3.0.3", "markupsafe._speedups", (), MULTI_PHASE),
        ("msgspec==0.20.0", "msgspec._core", (), SINGLE_PHASE),
        ("optree==0.20.0", "optree._C", ("pybind11",), MULTI_PHASE),
    ]
    for requirement, module, frameworks, initialization in wanted:
        folder = install((requirement,), real_pythons[0]).folder
        (found,) = [one for one in describe_files(folder) if one.module]
        assert (found.module, found.frameworks) == (module, frameworks)
        assert found.initialization == initialization
