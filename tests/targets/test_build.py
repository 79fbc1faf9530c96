import ctypes
import dataclasses
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets import build as module
from finfuzz.targets import build_plan, compiler, objects
from finfuzz.targets.build import Build, build, require_linux
from finfuzz.targets.compiler import BuildError
from finfuzz.targets.interpreters import Interpreter, probe
from finfuzz.targets.spec import parse_target
from helpers.build_once import build_and_tell

# The smallest sources that use all that the real ones do: the policy, the wrapped symbol, the
# coverage callback, the framework's headers.
PROBE_H = """
#pragma once
#include <Python.h>
#ifndef FINFUZZ_MODULE
#define FINFUZZ_MODULE finfuzz_target
#endif
#define JOINED(one, other) one##other
#define INIT(name) JOINED(PyInit_, name)
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "fake", nullptr, -1, nullptr};
PyMODINIT_FUNC INIT(FINFUZZ_MODULE)() {
    PyObject *self = PyModule_Create(&definition);
    PyModule_AddIntConstant(self, "released", FINFUZZ_POLICY_RELEASED);
#ifdef FINFUZZ_POLICY_DESTROY
    PyModule_AddIntConstant(self, "destroy", FINFUZZ_POLICY_DESTROY);
#endif
#ifdef FINFUZZ_COVERAGE
    PyModule_AddIntConstant(self, "coverage", 1);
#endif
#ifdef FAKE_PYBIND11
    PyModule_AddIntConstant(self, "pybind11", FAKE_PYBIND11);
#endif
    return self;
}
"""
PYBIND11_CPP = """
#include <pybind11/pybind11.h>
#include "../../common/probe.h"
extern "C" int __real_PyType_Ready(PyTypeObject *);
extern "C" int __wrap_PyType_Ready(PyTypeObject *type) { return __real_PyType_Ready(type); }
"""
COVERAGE_CPP = 'extern "C" void __sanitizer_cov_trace_pc() {}\n'
RUNTIME_CPP = 'extern "C" __attribute__((visibility("default"))) int answer() { return 42; }\n'

PLAIN_C = parse_target("plain-c")


@pytest.fixture(scope="module")
def python() -> Interpreter:
    return probe(Path(sys.executable))


def write_sources(root: Path) -> Path:
    for name, text in {
        "common/probe.h": PROBE_H,
        "common/after_main.cpp": RUNTIME_CPP,
        "extensions/plain_c/module.cpp": '#include "../../common/probe.h"\n',
        "extensions/no_extension.py": "policy = None\n",
        "extensions/pybind11/module.cpp": PYBIND11_CPP,
        "extensions/pybind11/holders.h": "#pragma once\n",
        "extensions/common/coverage.cpp": COVERAGE_CPP,
        "native/runtime.cpp": '#include "runtime.h"\n' + RUNTIME_CPP,
        "native/runtime.h": "#pragma once\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fake sources in the real layout, in place of fuzz/child."""
    monkeypatch.setattr(module, "CHILD", write_sources(tmp_path / "child"))
    return module.CHILD


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    write_headers(tmp_path / "pb" / "include", 7)
    return tmp_path.resolve() / "pb"


def write_headers(include: Path, number: int) -> None:
    header = include / "pybind11" / "pybind11.h"
    header.parent.mkdir(parents=True)
    header.write_text(f"#define FAKE_PYBIND11 {number}\n")


@dataclasses.dataclass
class Told:
    """A build and what was seen of it being made."""

    build: Build
    announced: list[str]
    commands: list[list[str]]


def watched(instrumented: bool, cache: Path, python: Interpreter) -> Told:
    """plain-c built of fake sources."""
    announced: list[str] = []
    commands: list[list[str]] = []

    def record(command: list[str], directory: Path) -> None:
        commands.append(command)
        compiler.run_compiler(command, directory)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINFUZZ_CACHE", str(cache))
        patch.setattr(module, "CHILD", write_sources(cache / "child"))
        patch.setattr(module, "run_compiler", record)
        made = build(PLAIN_C, python, instrumented=instrumented, announce=announced.append)
        assert build(PLAIN_C, python, instrumented=instrumented) == made
    return Told(made, announced, commands)


@pytest.fixture(scope="module")
def covered(tmp_path_factory: pytest.TempPathFactory, python: Interpreter) -> Told:
    return watched(True, tmp_path_factory.mktemp("covered"), python)


@pytest.fixture(scope="module")
def uncovered(tmp_path_factory: pytest.TempPathFactory, python: Interpreter) -> Told:
    return watched(False, tmp_path_factory.mktemp("uncovered"), python)


def ask_extension(made: Build, expression: str, name: str = "finfuzz_target") -> str:
    code = f"import {name} as t; print(({expression}))"
    return subprocess.run(
        [made.interpreter.executable, "-c", code],
        env={"PYTHONPATH": str(made.directory)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def without_scratch(cache: Path) -> bool:
    return not list((cache / "builds").glob(".*"))


def test_build_gives_an_extension_a_runtime_and_what_is_preloaded(
    covered: Told, python: Interpreter
) -> None:
    made = covered.build
    assert made.directory.name == made.id
    assert made.directory.parent.name == "builds"
    assert len(made.id) == 16
    assert int(made.id, 16) >= 0
    assert made.extension == made.directory / f"finfuzz_target{python.ext_suffix}"
    assert (made.spec, made.interpreter, made.instrumented) == (PLAIN_C, python, True)
    assert ask_extension(made, "t.released, t.coverage") == "(1, 1)"
    assert ctypes.CDLL(str(made.runtime)).answer() == 42
    kept = {file.name for file in made.directory.iterdir()}
    libraries = {made.extension.name, made.runtime.name, made.after_main.name}
    assert kept == {*libraries, "build.json"}
    assert without_scratch(made.directory.parent.parent)


@pytest.mark.usefixtures("cache")
def test_without_an_extension_a_module_is_copied(child: Path, python: Interpreter) -> None:
    made = build(parse_target("no-extension"), python)
    assert made.blocks == 0
    assert ask_extension(made, "t.policy, t.__cached__") == repr(
        (None, f"{made.directory}/__pycache__/finfuzz_target.{sys.implementation.cache_tag}.pyc")
    )
    assert made.extension.read_text() == "policy = None\n"
    kept = {file.name for file in made.directory.iterdir()}
    libraries = {made.runtime.name, made.after_main.name}
    assert kept == {"finfuzz_target.py", "__pycache__", *libraries, "build.json"}
    (child / "extensions" / "no_extension.py").write_text("policy = 1\n")
    assert build(parse_target("no-extension"), python).id != made.id


def test_it_is_built_once(covered: Told, python: Interpreter) -> None:
    assert covered.announced == [f"building plain-c for CPython {python.text}"]
    assert len(covered.commands) == 6  # without those of objects.py


def test_a_build_in_the_cache_is_there_at_once(
    covered: Told, python: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = covered.build.directory.parent.parent
    monkeypatch.setenv("FINFUZZ_CACHE", str(cache))
    monkeypatch.setattr(module, "CHILD", cache / "child")
    monkeypatch.setattr(module, "run_compiler", None)
    assert build(PLAIN_C, python) == covered.build


def test_without_coverage(uncovered: Told, python: Interpreter) -> None:
    assert uncovered.announced == [f"building plain-c for CPython {python.text} without coverage"]
    assert uncovered.build.blocks == 0
    assert ask_extension(uncovered.build, "hasattr(t, 'coverage')") == "False"
    flags = {argument for command in uncovered.commands for argument in command}
    assert not flags & {"-fsanitize-coverage=trace-pc", "-DFINFUZZ_COVERAGE", "targets-coverage.o"}


def test_only_the_target_is_covered(covered: Told) -> None:
    with_flag = [
        command for command in covered.commands if "-fsanitize-coverage=trace-pc" in command
    ]
    assert [Path(command[-3]).name for command in with_flag] == ["module.cpp"]


def test_what_has_no_internals_is_not_wrapped(covered: Told) -> None:
    linked = {command[-1]: command for command in covered.commands if "-shared" in command}
    made = covered.build
    assert set(linked) == {made.extension.name, made.runtime.name, made.after_main.name}
    assert not [name for name, command in linked.items() if "-Wl,--wrap=PyType_Ready" in command]


@pytest.mark.usefixtures("child", "cache")
@pytest.mark.parametrize(
    ("policy", "flags"), [("released", "1, 0"), ("destroy", "0, 1"), ("hold", "0, 0")]
)
def test_pybind11_of_a_checkout_with_each_policy(
    checkout: Path, python: Interpreter, policy: str, flags: str
) -> None:
    spec = parse_target(f"pybind11@{checkout}+{policy}")
    made = build(spec, python, instrumented=False)
    assert ask_extension(made, "t.released, t.destroy, t.pybind11") == f"({flags}, 7)"
    linking = (made.directory / "build.json").read_text()
    assert "-Wl,--wrap=PyType_Ready" in linking


@pytest.mark.usefixtures("child")
def test_two_releases_are_two_extensions(cache: Path, python: Interpreter) -> None:
    for version, number in (("3.0.1", 301), ("3.0.2", 302)):
        write_headers(cache / "headers" / f"pybind11-{version}", number)
    made = build(parse_target("pybind11==3.0.1,3.0.2+leak"), python)
    assert made.second == made.directory / f"finfuzz_second{python.ext_suffix}"
    asked = "t.released, t.coverage, t.pybind11"
    assert ask_extension(made, asked) == "(0, 1, 301)"
    assert ask_extension(made, asked, "finfuzz_second") == "(0, 1, 302)"
    assert made.blocks == module._count_blocks(made.extension)
    assert made.second_blocks == module._count_blocks(made.second)
    assert build(made.spec, python) == made
    made.second.write_bytes(b"")
    assert build(made.spec, python) == made
    assert made.second.stat().st_size > 0
    others = ("3.0.2,3.0.1+leak", "3.0.1+leak", "3.0.1,3.0.1+leak")
    ids = {module._plan(parse_target(f"pybind11=={text}"), python, True).id for text in others}
    assert len(ids | {made.id}) == 4


@pytest.mark.usefixtures("child")
def test_a_reduced_source_takes_the_place_of_the_extensions_own(
    cache: Path, python: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, number in (("3.0.1", 301), ("3.0.2", 302)):
        write_headers(cache / "headers" / f"pybind11-{version}", number)
    compiled: list[str] = []

    def record(command: list[str], directory: Path) -> None:
        compiled.append(Path(command[-3]).name)
        compiler.run_compiler(command, directory)

    monkeypatch.setattr(objects, "run_compiler", record)
    spec = parse_target("pybind11==3.0.1,3.0.2")
    whole = build(spec, python, instrumented=False)
    assert compiled == ["runtime.cpp"]
    source = PYBIND11_CPP.replace("../../common/probe.h", str(module.CHILD / "common" / "probe.h"))
    announced: list[str] = []
    made = build(
        spec,
        python,
        instrumented=False,
        source=f"#define FINFUZZ_COVERAGE\n{source}",
        announce=announced.append,
    )
    without = f"for CPython {python.text} without coverage, reduced to one program"
    assert announced == [f"building {spec} {without}"]
    for name, number in (("finfuzz_target", 301), ("finfuzz_second", 302)):
        assert ask_extension(made, "t.coverage, t.pybind11", name) == f"(1, {number})"
    assert compiled == ["runtime.cpp"]  # the runtime is the same object
    other = build(spec, python, instrumented=False, source=source)
    assert ask_extension(other, "hasattr(t, 'coverage')") == "False"
    assert len({whole.id, made.id, other.id}) == 3


@pytest.mark.usefixtures("cache")
def test_whatever_goes_in_changes_the_id(
    child: Path, checkout: Path, python: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = parse_target(f"pybind11@{checkout}")

    def name_of(**changes: object) -> str:
        arguments = {"spec": spec, "interpreter": python, "instrumented": True, **changes}
        return module.plan_compiled(**arguments).id  # type: ignore[arg-type]

    def append(file: Path) -> Callable[[], object]:
        return lambda: file.write_text(file.read_text() + "\n")

    ids = [
        name_of(),
        name_of(spec=parse_target(f"pybind11@{checkout}+leak")),
        name_of(spec=PLAIN_C),
        name_of(instrumented=False),
        name_of(interpreter=dataclasses.replace(python, build_key="another")),
    ]
    for change in (
        append(child / "extensions" / "pybind11" / "module.cpp"),
        append(child / "common" / "probe.h"),
        append(child / "extensions" / "pybind11" / "holders.h"),
        append(child / "extensions" / "common" / "coverage.cpp"),
        append(child / "native" / "runtime.cpp"),
        append(child / "native" / "runtime.h"),
        append(checkout / "include" / "pybind11" / "pybind11.h"),
        (checkout / "include" / "pybind11" / "new.h").touch,
        lambda: monkeypatch.setattr(build_plan, "read_version", lambda _: "another"),
    ):
        change()
        ids.append(name_of())
    assert len(set(ids)) == len(ids)
    assert name_of() == ids[-1]


@pytest.mark.usefixtures("child", "cache")
def test_the_same_headers_elsewhere_are_the_same_build(
    tmp_path: Path, checkout: Path, python: Interpreter
) -> None:
    spec = parse_target(f"pybind11@{checkout}+hold")
    moved_spec = parse_target(f"pybind11@{tmp_path.resolve()}/moved+hold")
    made = build(spec, python, instrumented=False)
    checkout.rename(tmp_path / "moved")
    moved = build(moved_spec, python, instrumented=False)
    assert moved == dataclasses.replace(made, spec=moved_spec)


def test_build_json_tells_a_human_what_it_is(
    covered: Told, python: Interpreter, tmp_path: Path
) -> None:
    made = covered.build
    record = json.loads((made.directory / "build.json").read_text())
    assert record["id"] == made.id
    assert record["spec"] == "plain-c"
    assert python.text in record["python"]
    assert record["blocks"] == made.blocks
    for command in record["commands"]:  # they work again, anywhere
        subprocess.run(command, cwd=tmp_path, check=True)
    assert (tmp_path / made.extension.name).is_file()
    assert (tmp_path / made.runtime.name).is_file()


@pytest.mark.usefixtures("cache")
def test_a_failed_compile_says_so_and_leaves_nothing(
    child: Path, cache: Path, python: Interpreter
) -> None:
    source = child / "extensions" / "plain_c" / "module.cpp"
    source.write_text("int broken = nothing_here;\n")
    with pytest.raises(BuildError) as caught:
        build(PLAIN_C, python)
    first, *rest = str(caught.value).splitlines()
    assert "plain_c/module.cpp" in first
    assert "nothing_here" in "\n".join(rest)
    assert without_scratch(cache)
    assert not list((cache / "builds").glob("*/"))


@pytest.mark.usefixtures("child")
def test_what_a_killed_build_left_does_no_harm(cache: Path, python: Interpreter) -> None:
    name = module._plan(PLAIN_C, python, True).id
    leftover = cache / "builds" / f".{name}-killed" / "build"
    leftover.mkdir(parents=True)
    (leftover / "build.json").write_text("{}")
    assert build(PLAIN_C, python).extension.is_file()
    assert without_scratch(cache)


@pytest.mark.usefixtures("child", "cache")
def test_a_broken_build_is_made_again(python: Interpreter) -> None:
    made = build(PLAIN_C, python, instrumented=False)
    for file in (made.directory / "build.json", made.extension, made.runtime):
        file.write_bytes(b"")
        lines: list[str] = []
        assert build(PLAIN_C, python, instrumented=False, announce=lines.append) == made
        assert len(lines) == 1
        assert file.stat().st_size > 0


@pytest.mark.usefixtures("cache")
def test_two_processes_build_once(child: Path, python: Interpreter) -> None:
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    both = [context.Process(target=build_and_tell, args=(python, child, told)) for _ in "ab"]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    said = sorted(told.get() for _ in range(3))
    assert said == [f"building plain-c for CPython {python.text}", "done", "done"]
    assert told.empty()


def test_blocks_cover_the_executable_segment(covered: Told) -> None:
    made = covered.build
    listing = subprocess.run(
        ["readelf", "--segments", "--wide", made.extension],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    ).stdout
    segments = [line.split() for line in listing.splitlines() if line.strip().startswith("LOAD")]
    sizes = [int(fields[5], 16) for fields in segments if "E" in fields[6:-1]]
    assert [made.blocks] == [sizes[0] // 5 + 1]


def test_blocks_have_a_limit(covered: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BLOCKS", 10)
    assert module._count_blocks(covered.build.extension) == 10


@pytest.mark.usefixtures("child", "cache")
def test_a_python_without_headers(python: Interpreter) -> None:
    with pytest.raises(UserError, match=r"has no Python\.h"):
        build(PLAIN_C, dataclasses.replace(python, includes=()))


def test_the_limited_api_of_a_free_threaded_python(python: Interpreter) -> None:
    free = dataclasses.replace(python, version=(3, 14, 0), text="3.14.0t", abiflags="t")
    with pytest.raises(
        UserError, match=r"plain-c\+abi3 can't be built for CPython 3\.14\.0t: .*GIL"
    ):
        build(parse_target("plain-c+abi3"), free)


def test_elsewhere_than_on_linux(monkeypatch: pytest.MonkeyPatch, python: Interpreter) -> None:
    require_linux()
    monkeypatch.setattr(module.sys, "platform", "darwin")
    monkeypatch.setattr(module.platform, "system", lambda: "Darwin")
    with pytest.raises(UserError, match=r"^finfuzz runs on Linux only \(this is Darwin\)$"):
        build(PLAIN_C, python)


@pytest.mark.usefixtures("cache")
def test_the_real_plain_c_target_loads(python: Interpreter) -> None:
    made = build(PLAIN_C, python)
    assert made.blocks > 100
    assert ask_extension(made, "t.__file__") == str(made.extension)
    assert ask_extension(made, f"__import__('ctypes').PyDLL('{made.runtime}') and 'loaded'")


@pytest.mark.slow
@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    "text", ["pybind11==3.0.0+leak", "pybind11==3.0.1+destroy", "pybind11==3.1.0+hold", "pybind11"]
)
def test_the_real_pybind11_target_loads(python: Interpreter, text: str) -> None:
    made = build(parse_target(text), python)
    assert made.spec.version is not None
    assert 10_000 < made.blocks < module.MOST_BLOCKS
    assert ask_extension(made, "t.__file__") == str(made.extension)
