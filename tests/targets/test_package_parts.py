"""Parts of a package, read off what its import loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.targets.build import build
from finfuzz.targets.built import Build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.package_parts import (
    describe_own_files,
    list_dependencies,
    list_standard_extensions,
    list_standard_modules,
)
from finfuzz.targets.packages.package import Package
from finfuzz.targets.packages.probe import Imported, Probe
from finfuzz.targets.packages.recipe import Recipe
from finfuzz.targets.spec import TargetSpec, parse_target

DYNLOAD = "/usr/lib/python3.13/lib-dynload"


def package(site: Path, modules: dict[str, str], builtin: tuple[str, ...] = ()) -> Package:
    """A package `mine` in a folder; modules with their files, absolute or below that folder."""
    files = {name: str(site / file) for name, file in modules.items()}
    imported = Imported(seconds=0.1, threads=0, modules=files, builtin=builtin)
    return Package(Recipe("mine"), "", Probe(imported), (site,), False, (), ("mine", "_mine"))


def build_of(target: str, made: Package, interpreter: Interpreter) -> Build:
    words, runtime = Path("words.py"), Path("runtime.so")
    spec = parse_target(target)
    return Build("id", spec, interpreter, False, Path(), words, runtime, 0, package=made)


def install(site: Path, name: str, version: str, *files: str) -> None:
    """Write the metadata of an installed package, and its files: newer readers leave out others."""
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (folder / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    for file in files:
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).touch()


LOADED = {
    "mine": "mine/__init__.py",
    "mine.core": "mine/core.so",
    "_mine": "_mine.so",
    "numpy": "numpy/__init__.py",
    "numpy._core": "numpy/_core.so",
    "_cffi_backend": "_cffi_backend.so",
    "six": "six.py",
    "datetime": "/usr/lib/python3.13/datetime.py",
    "_datetime": f"{DYNLOAD}/_datetime.so",
    "_socket": f"{DYNLOAD}/_socket.so",
    "math": f"{DYNLOAD}/math.so",
}


def test_standard_modules_have_their_public_names_where_those_are_imported(tmp_path: Path) -> None:
    made = package(tmp_path, LOADED, builtin=("_ast", "atexit", "six.moves"))
    assert list_standard_modules(made) == ("_ast", "datetime", "_socket", "atexit", "math")
    assert list(list_standard_extensions(made)) == ["_datetime", "_socket", "math"]


@pytest.mark.parametrize(
    ("target", "dependencies"),
    [
        ("wheel:mine==1.0", ["wheel:cffi==2.1.1", "wheel:numpy==2.5.5"]),
        ("module:mine", ["module:_cffi_backend", "module:numpy"]),
    ],
)
def test_dependencies_are_the_packages_whose_compiled_modules_are_loaded(
    target: str, dependencies: list[str], tmp_path: Path, interpreter: Interpreter
) -> None:
    install(tmp_path, "mine", "1.0", "mine/__init__.py", "mine/core.so", "_mine.so")
    install(tmp_path, "numpy", "2.5.5", "numpy/__init__.py", "numpy/_core.so")
    install(tmp_path, "cffi", "2.1.1", "cffi/__init__.py", "_cffi_backend.so")
    install(tmp_path, "six", "1.17", "six.py")
    install(tmp_path, "lxml", "6.0", "lxml/etree.so")  # needed, and not loaded by the import
    made = build_of(target, package(tmp_path, LOADED), interpreter)
    assert list(map(str, list_dependencies(made))) == dependencies


def test_of_a_module_of_the_standard_library(interpreter: Interpreter) -> None:
    made = build(TargetSpec("stdlib", package="datetime"), interpreter, instrumented=False)
    assert made.package is not None
    assert list_dependencies(made) == ()
    assert {file.module for file in describe_own_files(made.package)} <= {"_datetime"}


def test_several_modules_of_the_standard_library_are_one_target(interpreter: Interpreter) -> None:
    """All are imported, and all leave `sys.modules` with the step that removes the package."""
    made = build(parse_target("stdlib:heapq,datetime"), interpreter, instrumented=False)
    assert made.package is not None
    assert {"heapq", "datetime"} <= {*made.package.probe.imported.modules}
    assert {"heapq", "datetime"} <= {*made.package.modules}
