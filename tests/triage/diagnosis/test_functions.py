"""The functions of a file: by its own symbols, and without any."""

from __future__ import annotations

import lzma
import shutil
import subprocess
from pathlib import Path

import pytest

from finfuzz.triage.diagnosis.functions import Functions, load_functions
from helpers.elf_files import find, look_up, make_library, strip

pytestmark = pytest.mark.skipif(not shutil.which("strip"), reason="no binutils")

LOCAL, EXPORTED = ("local", "other"), ("exported", "last")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("library"))


def test_a_file_with_symbols_names_all_functions(library: Path) -> None:
    functions = load_functions(str(library))
    assert [find(functions, name).exported for name in LOCAL] == [False, False]
    assert [find(functions, name).exported for name in EXPORTED] == [True, True]
    assert functions.debug_file is None


@pytest.mark.parametrize("options", [("--strip-all",), ("--strip-unneeded",)], ids=str)
def test_a_stripped_copy_names_what_it_exports_and_has_the_same_boundaries(
    library: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    stripped, functions = strip(library, tmp_path / "library.so", *options), _load(library)
    for name in EXPORTED:
        assert look_up(stripped, find(functions, name)) == find(functions, name)
    for name in LOCAL:
        assert look_up(stripped, find(functions, name)) == find(functions, name)._replace(name="")


def test_between_two_functions_is_none(library: Path, tmp_path: Path) -> None:
    """The exported function before such a place is not the one: a wrong name is worse than none."""
    stripped = _load(
        strip(library, tmp_path / "library.so", "-s", "-R.eh_frame", "-R.eh_frame_hdr")
    )
    functions = _load(library)
    assert {find(functions, name).end for name in LOCAL}
    for name in LOCAL:
        assert stripped.find(find(functions, name).start) is None
    assert stripped.find(find(functions, "exported").start) == find(functions, "exported")


def _load(file: Path) -> Functions:
    return load_functions(str(file))


def test_names_out_of_a_mini_debug_file_inside(library: Path, tmp_path: Path) -> None:
    """As Fedora packs it: `.gnu_debugdata`, an ELF file with symbols alone, compressed by xz."""
    packed = tmp_path / "symbols.xz"
    packed.write_bytes(lzma.compress(strip(library, tmp_path / "symbols", "-g").read_bytes()))
    stripped = strip(library, tmp_path / "library.so")
    command = ["objcopy", "--add-section", f".gnu_debugdata={packed}", str(stripped)]
    subprocess.run(command, check=True)
    functions = _load(library)
    for name in (*LOCAL, *EXPORTED):
        assert look_up(stripped, find(functions, name)) == find(functions, name)


def test_a_damaged_mini_debug_file_names_nothing(library: Path, tmp_path: Path) -> None:
    (tmp_path / "symbols.xz").write_bytes(b"no xz")
    stripped = strip(library, tmp_path / "library.so")
    option = f".gnu_debugdata={tmp_path / 'symbols.xz'}"
    subprocess.run(["objcopy", "--add-section", option, str(stripped)], check=True)
    found = look_up(stripped, find(_load(library), "exported"))
    assert found == find(_load(library), "exported")


def test_a_function_of_another_file_has_no_place_in_this_one(tmp_path: Path) -> None:
    """An executable may give the address of a stub of its own for a function that it imports."""
    source, program = tmp_path / "main.c", tmp_path / "main"
    source.write_text("#include <stdlib.h>\nint main(void) { return free == malloc; }\n")
    command = ["gcc", "-fno-pie", "-no-pie", "-Wl,-z,lazy", str(source), "-o", str(program)]
    subprocess.run(command, check=True)
    assert {one.name for one in _load(program)._named}.isdisjoint({"free", "malloc"})
