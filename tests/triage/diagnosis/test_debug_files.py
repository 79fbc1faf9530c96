"""Names that a distribution keeps in a package of their own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.triage.diagnosis.functions import Functions, load_functions
from helpers.elf_files import find, keep_debug, look_up, make_library, strip

pytestmark = pytest.mark.skipif(not shutil.which("strip"), reason="no binutils")

NAMES = ("local", "other", "exported", "last")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("library"))


def load(file: Path) -> Functions:
    return load_functions(str(file))


def read_build_id(library: Path) -> str:
    notes = subprocess.check_output(["readelf", "-n", str(library)], text=True)
    return notes.partition("Build ID: ")[2].split()[0]


def by_build_id(library: Path, tree: Path) -> Path:
    build_id = read_build_id(library)
    return keep_debug(library, tree / f"lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug")


def by_link(library: Path, tree: Path) -> Path:
    debug_file = keep_debug(library, tree / "usr/lib/.debug/library.debug")
    stripped = tree / "usr/lib/library.so"
    subprocess.run(["objcopy", f"--add-gnu-debuglink={debug_file}", str(stripped)], check=True)
    return debug_file


def by_debuginfod(library: Path, tree: Path) -> Path:
    """As `debuginfod-find` keeps what it has fetched."""
    return keep_debug(library, tree / f"cache/{read_build_id(library)}/debuginfo")


@pytest.mark.parametrize(
    "keep", [by_build_id, by_link, by_debuginfod], ids=["build-id", "debuglink", "debuginfod"]
)
def test_names_out_of_a_separate_debug_file(
    library: Path,
    tmp_path: Path,
    keep: Callable[[Path, Path], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEBUGINFOD_CACHE_PATH", str(tmp_path / "cache"))
    stripped = strip(library, tmp_path / "usr/lib/library.so")
    debug_file, functions = keep(library, tmp_path), load(library)
    assert load(stripped).debug_file == debug_file
    for name in NAMES:
        assert look_up(stripped, find(functions, name)) == find(functions, name)


def test_a_debug_file_of_another_build_names_nothing(library: Path, tmp_path: Path) -> None:
    stripped = strip(library, tmp_path / "usr/lib/library.so")
    debug_file = by_link(library, tmp_path)
    debug_file.write_bytes(debug_file.read_bytes() + b"of another build")
    found = look_up(stripped, find(load(library), "local"))
    assert found
    assert not found.name
