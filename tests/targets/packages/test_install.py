from __future__ import annotations

import json
import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.instrumentation import make_variables
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages import uv
from finfuzz.targets.packages.install import Installed, install
from helpers.built_pythons import find_free_threaded
from helpers.wheel_index import PLATFORM, WheelIndex


def ask(interpreter: Interpreter, made: Installed, expression: str, module: str = "thing") -> str:
    code = f"import sys; sys.path.insert(0, {str(made.folder)!r}); import {module}"
    done = subprocess.run(
        [interpreter.executable, "-I", "-c", f"{code}; print({expression})"],
        env={**os.environ, **make_variables(interpreter)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_package_with_its_dependencies(index: WheelIndex, interpreter: Interpreter) -> None:
    for version in ("1.0", "2.0", "3.0rc1"):
        index.add("thing", version, "aaa>=1", "zzz")
    index.add("aaa", "1.5")
    index.add("zzz", "0.1")
    index.add("unneeded", "1.0")
    told: list[str] = []
    made = install(("thing==2.0",), interpreter, announce=told.append)
    assert told == [f"installing thing==2.0 for CPython {interpreter.text}"]
    assert made.pins == ("thing==2.0", "aaa==1.5", "zzz==0.1")
    assert made.packages[0].file == "thing-2.0-py3-none-any.whl"
    assert ask(interpreter, made, "thing.version, aaa.version", "thing, aaa") == "2.0 1.5"


@pytest.mark.parametrize(
    ("asked", "pins"),
    [
        (("thing",), ["thing==2.0", "low==1.0"]),
        (("thing<2",), ["thing==1.0"]),
        (("low", "thing<2"), ["low==1.0", "thing==1.0"]),
        (("Thing[extra]<2",), ["thing==1.0", "low==1.0"]),
    ],
)
def test_what_is_chosen(
    index: WheelIndex, interpreter: Interpreter, asked: tuple[str, ...], pins: list[str]
) -> None:
    index.add("thing", "1.0", "low; extra == 'extra'")
    index.add("thing", "2.0", "low")
    index.add("low", "1.0")
    assert list(install(asked, interpreter).pins) == pins


def test_markers_are_of_the_cpython_that_is_fuzzed(
    index: WheelIndex, pythons: list[Interpreter]
) -> None:
    index.add("thing", "1.0", "old; python_version < '3.12'", "new; python_version >= '3.12'")
    index.add("old", "1.0")
    index.add("new", "1.0")
    for interpreter in (pythons[0], pythons[-1]):
        needed = "new==1.0" if interpreter.version >= (3, 12) else "old==1.0"
        assert install(("thing",), interpreter).pins == ("thing==1.0", needed), interpreter.name


def test_the_wheel_for_its_abi_is_chosen(index: WheelIndex, interpreter: Interpreter) -> None:
    tag = "cp{}{}".format(*interpreter.version[:2])
    for kind in (f"{tag}-{tag}t", "cp39-abi3", "cp27-cp27m", "cp36-none"):
        index.add("thing", "1.0", tag=f"{kind}-{PLATFORM}", code=f"kind = {kind!r}")
    assert ask(interpreter, install(("thing",), interpreter), "thing.kind") == "cp39-abi3"
    index.add("other", "1.0", tag=f"{tag}-{tag}-{PLATFORM}", code="kind = 'own'")
    index.add("other", "1.0", tag=f"cp39-abi3-{PLATFORM}", code="kind = 'abi3'")
    made = install(("other",), interpreter)
    assert ask(interpreter, made, "other.kind", "other") == "own"
    assert made.packages[0].file == f"other-1.0-{tag}-{tag}-{PLATFORM}.whl"


def test_a_debug_build_takes_release_wheels(index: WheelIndex, pythons: list[Interpreter]) -> None:
    debug = [one for one in pythons if one.abiflags == "d"]
    if not debug:
        pytest.skip("no debug build of CPython found")
    tag = "cp{}{}".format(*debug[0].version[:2])
    index.add("thing", "1.0", tag=f"{tag}-{tag}-{PLATFORM}")
    assert ask(debug[0], install(("thing",), debug[0]), "thing.version") == "1.0"


def test_a_free_threaded_build_takes_its_own(index: WheelIndex, pythons: list[Interpreter]) -> None:
    free = find_free_threaded(pythons)
    tag = "cp{}{}".format(*free.version[:2])
    index.add("thing", "1.0", tag=f"{tag}-{tag}t-{PLATFORM}")
    for kind in (f"{tag}-{tag}", "cp39-abi3"):
        index.add("thing", "2.0", tag=f"{kind}-{PLATFORM}")
    assert install(("thing",), free).pins == ("thing==1.0",)
    index.add("gil", "1.0", tag=f"{tag}-{tag}-{PLATFORM}")
    with pytest.raises(UserError, match=r"t, nor for any other free-threaded one on this kind"):
        install(("gil",), free)
    other = "3.13" if free.version[:2] != (3, 13) else "3.14"
    tag = f"cp{other.replace('.', '')}"
    index.add("rare", "1.0", tag=f"{tag}-{tag}t-{PLATFORM}")
    with pytest.raises(UserError, match=rf"CPython {free.text}, only for {other}t: choose"):
        install(("rare",), free)


def test_it_is_installed_once(
    index: WheelIndex, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("thing", "1.0")
    made = install(("thing",), interpreter)
    index.add("thing", "2.0")
    monkeypatch.setattr(uv, "run_uv", None)
    assert install(("thing",), interpreter, announce=pytest.fail) == made
    assert install((" Thing ",), interpreter) == made


def test_another_cpython_has_a_folder_of_its_own(
    index: WheelIndex, pythons: list[Interpreter]
) -> None:
    index.add("thing", "1.0")
    some = pythons[:3]
    folders = [install(("thing",), interpreter).folder for interpreter in some]
    assert len(set(folders)) == len(
        {(interpreter.text, interpreter.ext_suffix) for interpreter in some}
    )


def test_a_folder_is_whole_and_has_bytecode(
    index: WheelIndex, interpreter: Interpreter, cache: Path
) -> None:
    index.add("thing", "1.0")
    made = install(("thing",), interpreter)
    folder = made.folder.parent
    assert folder.parent == cache / "packages"
    assert {one.name for one in folder.iterdir()} == {"installed.json", "site-packages"}
    assert {one.name for one in made.folder.iterdir()} == {
        *("__pycache__", "thing.py", "thing-1.0.dist-info")
    }
    # Flags 1: by hash, and not checked, so that no child writes it anew.
    (bytecode,) = (made.folder / "__pycache__").iterdir()
    assert bytecode.read_bytes()[4] == 1
    assert {one.name for one in folder.parent.iterdir()} == {folder.name, f"{folder.name}.lock"}


def test_the_record_tells_a_human_what_it_is(index: WheelIndex, interpreter: Interpreter) -> None:
    index.add("thing", "1.0")
    made = install(("thing<2",), interpreter)
    record = json.loads((made.folder.parent / "installed.json").read_text())
    (package,) = record.pop("packages")
    assert record == {"requirements": ["thing<2"], "python": interpreter.text, "from_source": False}
    assert (package["name"], package["version"]) == ("thing", "1.0")
    assert len(bytes.fromhex(package["sha256"])) == 32


def test_what_a_killed_process_left_does_no_harm(
    index: WheelIndex, interpreter: Interpreter
) -> None:
    index.add("thing", "1.0")
    folder = install(("thing",), interpreter).folder.parent
    (folder / "installed.json").write_bytes(b"")
    leftover = folder.parent / f".{folder.name}.1-killed.part"
    (leftover / "made").mkdir(parents=True)
    (folder / "site-packages" / "thing.py").unlink()
    made = install(("thing",), interpreter)
    assert ask(interpreter, made, "thing.version") == "1.0"
    assert not leftover.exists()


def test_two_at_once_install_once(index: WheelIndex, interpreter: Interpreter) -> None:
    index.add("thing", "1.0")
    told: list[str] = []
    both_here = threading.Barrier(2)

    def ask_for_it() -> Installed:
        both_here.wait()
        return install(("thing",), interpreter, announce=told.append)

    with ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(ask_for_it) for _ in "ab")
    assert first.result() == second.result()
    assert len(told) == 1


def test_the_working_folder_decides_nothing(
    index: WheelIndex, interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("thing", "1.0")
    index.add("thing", "2.0")
    (tmp_path / "uv.toml").write_text('constraint-dependencies = ["thing<2"]\n')
    monkeypatch.chdir(tmp_path)
    assert install(("thing",), interpreter).pins == ("thing==2.0",)


@pytest.mark.parametrize(
    ("requirement", "module", "value"),
    [
        ("markupsafe==3.0.3", "markupsafe._speedups", "'cpython' in _.__file__"),
        ("optree==0.16.0", "optree", "_.tree_leaves([1, {'a': 2}]) == [1, 2]"),
        ("orjson", "orjson", "_.dumps([1]) == b'[1]'"),
        ("msgspec", "msgspec", "_.json.decode(b'[1]') == [1]"),
    ],
)
def test_real_packages(
    real_pythons: list[Interpreter], requirement: str, module: str, value: str
) -> None:
    for interpreter in real_pythons:
        name = requirement.partition("==")[0]
        if requirement == "optree==0.16.0" and interpreter.version >= (3, 14):
            with pytest.raises(UserError, match=r"has no wheel for CPython 3\.14.*, 3\.13: choose"):
                install((requirement,), interpreter)
            continue
        made = install((requirement,), interpreter)
        assert made.pins[0].startswith(f"{name}==")
        assert ask(interpreter, made, value, f"{module} as _") == "True", interpreter.name


@pytest.mark.slow
@pytest.mark.usefixtures("real_pythons")
def test_building_from_source(pythons: list[Interpreter]) -> None:
    """MarkupSafe 2.0.0 has no wheel for CPython 3.11 and later; 3.11 still builds it."""
    interpreter = next((one for one in pythons if one.version[:2] == (3, 11)), None)
    if interpreter is None:
        pytest.skip("no CPython 3.11 found")
    with pytest.raises(UserError, match=r"2\.0\.0 has no wheel for CPython 3\.11"):
        install(("markupsafe==2.0.0",), interpreter)
    made = install(("markupsafe==2.0.0",), interpreter, from_source=True)
    assert made.packages[0].file.endswith(".tar.gz")
    assert ask(interpreter, made, "_.escape('<')", "markupsafe as _") == "&lt;"
