"""CPython's own blocks as features: a CPython that is linked with instrumented/trace.c."""

from __future__ import annotations

import subprocess

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.targets.build import CPYTHON_BLOCKS, Build, build
from finfuzz.targets.compiler import find_compiler
from finfuzz.targets.instrumentation import read_instrumentation
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from helpers.built_pythons import find_traced, make_launcher
from helpers.places import CHILD

#: A CPython whose own code has one block after finalization that every process runs, and one that
#: only a process with an exit code other than 0 runs.
LAUNCHER = """
#include <Python.h>
int main(int argc, char** argv) {
    int code = Py_BytesMain(argc, argv);
    if (code) fputs("launcher: the program failed\\n", stderr);
    return code;
}
"""
SURVIVES, FAILS = parse("finfuzz 1\nnode a list\n"), parse("finfuzz 1\nexit exception\n")


@pytest.fixture(scope="module")
def launched(pythons: list[Interpreter], tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("launcher")
    trace = ["-x", "c", "-c", str(CHILD / "instrumented/trace.c"), "-o", "trace.o"]
    subprocess.run([find_compiler(), *trace], cwd=folder, check=True)
    traced = ("-fsanitize-coverage=trace-pc",)
    return build(
        parse_target("no-extension"), make_launcher(pythons, folder, LAUNCHER, traced, "trace.o")
    )


def test_a_program_s_features_are_the_blocks_that_cpython_ran(launched: Build) -> None:
    assert launched.cpython_blocks == CPYTHON_BLOCKS
    with Executor(launched) as executor:
        features = []
        for program in (SURVIVES, FAILS, SURVIVES):
            executor.shared.clear_counters()
            executor.run(program)
            features.append(executor.shared.covered())
            assert not executor.shared.ran_blocks  # of an extension
    survived, failed, again = features
    assert survived == again
    assert failed - survived
    last = executor.shared.counters - CPYTHON_BLOCKS
    assert {index >= last for index in failed - survived} == {True}


def test_without_instrumentation_no_block_is_counted(launched: Build) -> None:
    plain = build(launched.spec, launched.interpreter, instrumented=False)
    assert plain.cpython_blocks == 0
    assert run_fresh(plain, SURVIVES).signal is None


def test_the_launcher_is_recognized(launched: Build) -> None:
    assert read_instrumentation(launched.interpreter.executable).has_trace


@pytest.mark.parametrize("target", ["no-extension", "plain-c"])
def test_a_compiled_cpython_has_thousands_of_features(
    pythons: list[Interpreter], target: str
) -> None:
    made = build(parse_target(target), find_traced(pythons))
    program = parse("finfuzz 1\nimport\nnode a container\nedge a a append\nroot a codec\n")
    with Executor(made) as executor:
        executor.run(program)
        first = executor.shared.covered()
        executor.shared.clear_counters()
        executor.run(program)
        assert executor.shared.covered() == first
        assert executor.shared.ran_blocks == (target == "plain-c")
    assert len(first) > 1000  # with the sources that docs/how-it-works.md names; 5,000 with all
