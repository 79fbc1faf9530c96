"""The commands that build what a script needs: what a shell makes of them, too."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.spec import parse_target
from finfuzz.triage.repro.commands import list_commands, list_modules


@pytest.mark.parametrize(
    ("target", "capi", "lives", "names"),
    [
        ("plain-c", False, False, ["finfuzz_target"]),
        ("plain-c", True, False, ["finfuzz_target", "capi"]),
        ("plain-c", True, True, ["finfuzz_target", "capi", "after_main"]),
        ("pybind11==3.0.1,3.0.2", False, False, ["finfuzz_target", "finfuzz_second"]),
        ("nanobind==3.1.0", False, False, ["finfuzz_target"]),
        ("nanobind==2.9.2,3.1.0", False, False, ["finfuzz_target", "finfuzz_second"]),
        ("nanobind==3.1.0+split", False, False, ["finfuzz_target", "nanobind_backend"]),
        ("cython==3.0.0,3.3.1", True, False, ["finfuzz_target", "finfuzz_second", "capi"]),
        ("no-extension", False, False, []),
        ("no-extension", True, False, ["capi"]),
        ("no-extension", True, True, ["capi", "after_main"]),
    ],
)
def test_modules_that_are_built(target: str, capi: bool, lives: bool, names: list[str]) -> None:
    spec = parse_target(target)
    assert list_modules(spec, capi=capi, lives=lives) == names
    text = "\n".join(list_commands(spec, "3.13", capi=capi, watch=False, lives=lives))
    assert [name for name in names if f' -o {name}"$SUFFIX"' in text] == names
    assert text.count("${CXX:-c++}") == len(names)


def test_a_release_is_fetched_once_and_compiled_with_one_command() -> None:
    lines = list_commands(parse_target("pybind11==3.1.0+destroy"), "3.13", capi=False, watch=True)
    assert lines == [
        ": ${PYTHON:=python3.13}",
        """INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')""",
        """SUFFIX=$("$PYTHON" -c 'import sysconfig; print(sysconfig."""
        """get_config_var("EXT_SUFFIX"))')""",
        ": ${PYBIND11_INCLUDE:=pybind11-3.1.0/pybind11/include}",
        'test -d "$PYBIND11_INCLUDE" ||',
        '    "$PYTHON" -m pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0 ||',
        "    pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0",
        "${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \\",
        '    -I"$INCLUDE" -I"$PYBIND11_INCLUDE" -Wl,--wrap=PyType_Ready -pthread \\',
        '    extension.cpp -o finfuzz_target"$SUFFIX"',
    ]


@pytest.mark.parametrize(
    ("target", "python", "ends"),
    [
        (
            "nanobind==3.1.0",
            "3.13t",
            [
                '    -I"$INCLUDE" -I"$NANOBIND_DIR/include" '
                '-I"$NANOBIND_DIR/ext/robin_map/include" \\',
                "    -DNB_FREE_THREADED -fno-strict-aliasing -pthread \\",
                '    extension.cpp "$NANOBIND_DIR/src/nb_combined.cpp" -o finfuzz_target"$SUFFIX"',
            ],
        ),
        (
            "cython==3.3.1+single-phase",
            "3.13",
            [
                ": ${CYTHON_PYTHON:=$PYTHON}",
                '"$CYTHON_PYTHON" "$CYTHON_DIR/cython.py" \\',
                "    --cplus -3 --module-name finfuzz_target -o finfuzz_target.cpp extension.pyx",
                "${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \\",
                '    -I"$INCLUDE" -DCYTHON_PEP489_MULTI_PHASE_INIT=0 -pthread \\',
                '    finfuzz_target.cpp -o finfuzz_target"$SUFFIX"',
            ],
        ),
        (
            "pybind11==3.0.0{DETAILED_ERRORS,ASSERTS}",
            "3.13",
            [
                '    -I"$INCLUDE" -I"$PYBIND11_INCLUDE" -DPYBIND11_DETAILED_ERROR_MESSAGES '
                "-UNDEBUG -pthread \\",
                '    extension.cpp -o finfuzz_target"$SUFFIX"',
            ],
        ),
        (
            "plain-c{ASSERTS}",
            "3.13",
            [
                '    -I"$INCLUDE" -UNDEBUG -pthread \\',
                '    extension.cpp -o finfuzz_target"$SUFFIX"',
            ],
        ),
    ],
)
def test_a_frameworks_own_sources_are_compiled_too(
    target: str, python: str, ends: list[str]
) -> None:
    lines = list_commands(parse_target(target), python, capi=False, watch=False)
    assert lines[-len(ends) :] == ends


def test_a_cpython_in_its_source_tree_has_two_folders_of_headers() -> None:
    """Python.h is in the sources, pyconfig.h where it was built; sysconfig names neither folder as
    `include`."""
    lines = list_commands(parse_target("plain-c"), "3.13", capi=False, watch=False, in_tree=True)
    assert lines[:4] == [
        ": ${PYTHON:=./python}",
        """INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("srcdir"))')"""
        "/Include",
        """CONFIG=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_h_filename())')""",
        'export CPATH="${CONFIG%/*}"',
    ]
    assert '    -I"$INCLUDE" -pthread \\' in lines


def run(lines: list[str], folder: Path, **variables: str) -> list[list[str]]:
    """The compiler's arguments, each time it is called."""
    (folder / "compiler").write_text('#!/bin/sh\nprintf "%s\\n" "$@" "" >> called\n')
    (folder / "compiler").chmod(0o755)
    environment = {"PATH": os.defpath, "CXX": f"{folder}/compiler", **variables}
    for interpreter in ("python3", "python 3"):
        (folder / interpreter).write_text("#!/bin/sh\necho .so\n")
        (folder / interpreter).chmod(0o755)
    subprocess.run(
        ["sh", "-ec", "\n".join(lines)],
        cwd=folder,
        env={"PYTHON": f"{folder}/python3", **environment},
        check=True,
    )
    calls = (folder / "called").read_text().removesuffix("\n").split("\n\n")
    return [[one for one in call.split("\n") if one] for call in calls]


def test_variables_name_other_headers_another_python_and_another_compiler(tmp_path: Path) -> None:
    lines = list_commands(parse_target("pybind11==3.0.1,3.0.2"), "3.13", capi=True, watch=False)
    (tmp_path / "a b").mkdir()
    first, second, capi = run(
        lines,
        tmp_path,
        PYTHON=f"{tmp_path}/python 3",
        PYBIND11_INCLUDE="a b",
        PYBIND11_SECOND_INCLUDE=".",
    )
    assert first[-3:] == ["extension.cpp", "-o", "finfuzz_target.so"]
    assert {"-Ia b", "-I.so", "-DFINFUZZ_MODULE=finfuzz_target"} <= set(first)
    assert second[-3:] == ["extension.cpp", "-o", "finfuzz_second.so"]
    assert {"-I.", "-DFINFUZZ_MODULE=finfuzz_second"} <= set(second)
    assert capi[-3:] == ["capi.cpp", "-o", "capi.so"]


@pytest.mark.parametrize("name", ["""it's "x" $HOME}""", 'a"""b', '"""""""', "a?b#c%41", "été"])
def test_a_checkout_may_lie_anywhere_and_keeps_its_headers_in_include(
    name: str, tmp_path: Path
) -> None:
    checkout = tmp_path / name
    (checkout / "include").mkdir(parents=True)
    spec = parse_target(f"pybind11@{checkout}")
    lines = list_commands(spec, "3.13", capi=False, watch=False)
    assert '"""' not in "".join(lines)  # the script keeps them in its docstring
    (call,) = run(lines, tmp_path)
    assert f"-I{checkout}/include" in call


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31m", "a\udcff"])
def test_a_checkout_that_no_script_can_name(name: str, tmp_path: Path) -> None:
    checkout = tmp_path / name
    (checkout / "include").mkdir(parents=True)
    with pytest.raises(UserError, match="rename the folder to printable characters"):
        list_commands(parse_target(f"pybind11@{checkout}"), "3.13", capi=False, watch=False)


def test_what_fails_ends_it(tmp_path: Path) -> None:
    lines = list_commands(parse_target("plain-c"), "3.13", capi=True, watch=False)
    with pytest.raises(subprocess.CalledProcessError):
        run(lines, tmp_path, CXX="false")
