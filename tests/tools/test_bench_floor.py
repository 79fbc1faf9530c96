"""The instruments and the report of `tools/bench.py executor`; never its figures."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from benchmarks.campaign import starts_interpreters
from benchmarks.floor import Floor, Linking, probe_linking
from benchmarks.report import Result, collect_figures, compute_ratios, format_ratios
from benchmarks.timing import Slice
from benchmarks.worker_without_interpreters import ProgramsWithoutInterpreters
from finfuzz.program.vocabulary import EVERYTHING
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from helpers.places import ROOT

BENCH = ROOT / "tools" / "bench.py"


@pytest.fixture(scope="module")
def plain_c(pythons: list[Interpreter]) -> Build:
    """Without coverage, on the newest CPython that can be embedded."""
    usable = (one for one in pythons if not one.abiflags and probe_linking(one).find_flags())
    python = next(usable, None)
    if python is None:
        pytest.skip("no CPython here can be embedded: none has a libpython where it says")
    return build(parse_target("plain-c"), python, instrumented=False)


def with_extension(made: Build, folder: Path, source: str) -> Build:
    """Return the build with an extension written in Python."""
    (folder / "finfuzz_target.py").write_text(source)
    return dataclasses.replace(made, extension=folder / "finfuzz_target.py")


def with_linking(made: Build, folder: Path, answer: dict[str, str]) -> Build:
    """Return the build with a CPython that gives this answer when asked how it is linked."""
    fake = folder / "python"
    fake.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    fake.chmod(0o755)
    return dataclasses.replace(
        made, interpreter=dataclasses.replace(made.interpreter, executable=fake)
    )


def make_linking(folder: Path) -> dict[str, str]:
    """Return the answer of a CPython with --enable-shared in that folder."""
    return {
        "prefix": str(folder),
        "LDLIBRARY": "libpython3.so",
        "LIBRARY": "libpython3.a",
        "LIBDIR": str(folder),
        "LIBPL": str(folder / "config"),
        "LIBS": "-ldl",
        "SYSLIBS": "-lm",
        "LINKFORSHARED": "-Xlinker -export-dynamic",
    }


@pytest.mark.parametrize("interpreter", [False, True])
def test_the_floors_children_exit_with_0(plain_c: Build, interpreter: bool) -> None:
    with Floor(plain_c, interpreter=interpreter) as floor:
        slices = [floor.run_children(count) for count in (1, 3)]
    for one in slices:
        assert ("interpreter" in one.phases) == interpreter
        assert all(seconds >= 0 for seconds in one.phases.values())
        assert 0 < sum(one.phases.values()) <= one.seconds + 1e-9


def test_a_child_that_fails_is_no_floor(plain_c: Build, tmp_path: Path) -> None:
    failing = with_extension(
        plain_c, tmp_path, "import atexit, posix\natexit.register(posix._exit, 3)\n"
    )
    with Floor(failing, interpreter=False) as floor, pytest.raises(UserError, match="2 of 2"):
        floor.run_children(2)


def test_an_extension_that_cannot_be_imported_is_said(plain_c: Build, tmp_path: Path) -> None:
    missing = with_extension(plain_c, tmp_path, "raise ImportError\n")
    with Floor(missing, interpreter=False) as floor, pytest.raises(UserError, match="import"):
        floor.run_children(1)


def test_a_cpython_without_any_libpython_is_one_line(plain_c: Build, tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        Floor(with_linking(plain_c, tmp_path, make_linking(tmp_path)), interpreter=False)
    (line,) = str(raised.value).splitlines()
    assert f"has no libpython3.so in {tmp_path}" in line


def test_the_shared_library_goes_before_the_static_one(tmp_path: Path) -> None:
    linking = Linking(**{name.lower(): value for name, value in make_linking(tmp_path).items()})
    assert linking.find_flags() is None
    archive, shared = tmp_path / "config" / "libpython3.a", tmp_path / "libpython3.so"
    archive.parent.mkdir()
    archive.touch()
    static = linking.find_flags()
    assert static is not None
    assert {str(archive), "-export-dynamic", "-ldl", "-lm"} <= set(static)
    shared.touch()
    assert linking.find_flags() == [str(shared), f"-Wl,-rpath,{tmp_path}", "-ldl", "-lm"]


def test_a_worker_without_interpreters_never_starts_one() -> None:
    programs, rng = ProgramsWithoutInterpreters((3, 13, 0), EVERYTHING), Random(1)
    program = programs.generate(rng).program
    for _ in range(500):
        assert {step.op for step in program.steps}.isdisjoint({"start", "again"})
        program = programs.mutate(rng, program).program


def test_a_campaign_without_interpreters_is_not_measured_as_one_with(plain_c: Build) -> None:
    assert starts_interpreters(plain_c)
    old = dataclasses.replace(plain_c.interpreter, version=(3, 11, 0))
    spec = parse_target("pybind11==3.0.0")
    assert not starts_interpreters(dataclasses.replace(plain_c, spec=spec, interpreter=old))


def test_ratios_are_taken_within_a_round_and_none_is_made_up() -> None:
    rounds = {
        "floor": [Slice(1, {}), Slice(2, {})],
        "executor": [Slice(2, {"steps": 1}), Slice(4, {"steps": 2})],
        "subprocess": [Slice(20, {}), Slice(20, {})],
    }
    result = Result("3.13.0", rounds, dict.fromkeys(list_missing(rounds), "it hangs"))
    found = compute_ratios(result)
    assert found["executor_to_floor"] == [0.5, 0.5]
    assert found["executor_to_subprocess"] == [10, 5]
    assert found["campaign_to_floor"] == []
    assert "campaign_to_floor: —" in format_ratios(result)
    written = collect_figures("plain-c", [result])
    assert written["executor_to_floor"] == {"3.13.0": 0.5}
    assert written["campaign_to_floor"] == {"3.13.0": None}
    assert written["pythons"]["3.13.0"]["child"] == {"executor": {"steps": [1, 2]}}


def list_missing(rounds: dict[str, list[Slice]]) -> set[str]:
    names = ("floor", "executor", "campaign", "subprocess")
    return {name + suffix for name in names for suffix in ("", "_with_interpreter")} - set(rounds)


@pytest.mark.slow
def test_a_short_run_has_all_figures(plain_c: Build, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    python = plain_c.interpreter
    command = [
        *(sys.executable, str(BENCH), "executor", "--target", "plain-c"),
        *("--python", str(python.executable), "--rounds", "1", "--children", "1"),
        *("--json", str(file), "--seconds"),
    ]
    # A campaign of three seconds keeps no program on a machine that is busy enough.
    for seconds in ("3", "30", "300"):
        done = subprocess.run([*command, seconds], capture_output=True, text=True, check=False)
        if "give each more --seconds" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr
    written = json.loads(file.read_text())
    of_python = written["pythons"][python.text]
    names = ("executor_to_floor", "campaign_to_floor", "executor_to_subprocess")
    for name in (name + suffix for name in names for suffix in ("", "_with_interpreter")):
        assert written[name] == {python.text: of_python[name]}
        assert of_python[name] > 0
        assert f"{name}: " in done.stdout
    assert written.keys() >= {"machine", "date", "target"}
    assert of_python["missing"] == {}
    assert of_python["seconds"].keys() == list_missing({})
    assert of_python["child"].keys() >= {"floor", "executor", "campaign"}
