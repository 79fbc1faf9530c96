"""What each instrument says of extensions that misbehave in one known way. All of them are real."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from finfuzz.targets.instrumentation import use_malloc
from finfuzz.targets.interpreters import Interpreter
from finfuzz.triage.instruments import debug_python as debug_module
from finfuzz.triage.instruments import hang
from finfuzz.triage.instruments.allocators import run_glibc_malloc, run_pymalloc_debug
from finfuzz.triage.instruments.debug_python import run_debug_python
from finfuzz.triage.instruments.debugger import run_gdb
from finfuzz.triage.instruments.experiment import Experiment, Report
from finfuzz.triage.instruments.hang import watch_hang
from finfuzz.triage.instruments.sanitizers import run_sanitizers
from finfuzz.triage.instruments.valgrind import run_valgrind

MakeCase = Callable[..., Experiment]
PYTHON = r"Python is at \S*repro\.py:14 in <module>"
HERE = r"in {} \(\S*extension\.cpp:\d+\)"

needs_gdb = pytest.mark.skipif(shutil.which("gdb") is None, reason="gdb is not on PATH")


def says(told: Report, pattern: str) -> None:
    """It ran, and its line is this."""
    assert told.status == "done", told
    assert re.fullmatch(pattern, told.summary), told.summary


def test_a_free_threaded_cpython_takes_no_blocks_from_malloc(
    pythons: list[Interpreter], tmp_path: Path
) -> None:
    # It would end at its start: "Fatal Python error: … PYTHONMALLOC: unknown allocator".
    free_threaded = replace(pythons[0], abiflags="t")
    report = run_glibc_malloc(Experiment(tmp_path, "SIGSEGV", free_threaded, {}, 1.0))
    assert report.status == "absent"
    assert use_malloc(free_threaded) == {}
    assert use_malloc(replace(free_threaded, abiflags="")) == {"PYTHONMALLOC": "malloc"}


@pytest.mark.parametrize(
    ("what", "signal", "summary"),
    [
        (
            "use after free",
            "NONE",
            rf"heap-use-after-free \(READ\) {HERE.format('misbehave')}, "
            rf"freed {HERE.format('release')}",
        ),
        (
            "address used again",
            "SIGABRT",
            rf"only if freed memory is reused: ABRT {HERE.format('misbehave')}",
        ),
        pytest.param(
            "double free",
            "SIGABRT",
            rf"attempting double-free .*{HERE.format('misbehave')}",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "overflow",
            "NONE",
            r"signed integer overflow: .* \(\S*extension\.cpp:\d+:\d+\)",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "survives", "NONE", "no report: survives, as in a plain run", marks=pytest.mark.slow
        ),
        pytest.param("survives", "SIGSEGV", "no report: survives", marks=pytest.mark.slow),
    ],
)
def test_sanitizers(case: MakeCase, what: str, signal: str, summary: str) -> None:
    told = run_sanitizers(case(what, signal))
    if told.status == "absent":
        pytest.skip(told.summary)
    says(told, summary)


@pytest.mark.slow
def test_sanitizers_compile_a_copy_of_their_own(case: MakeCase) -> None:
    laid_out = case("survives")
    run_sanitizers(laid_out)
    (plain,) = laid_out.folder.glob("*.so")
    assert b"__asan_init" not in plain.read_bytes()


def test_a_compiler_that_fails_under_sanitizers_is_a_line(
    case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out = case("survives")
    monkeypatch.setenv("CXX", f"{shutil.which('c++')} -fmisspelt")
    told = run_sanitizers(laid_out)
    assert told.status == "failed"
    assert re.fullmatch(r"repro\.py does not compile: .*error:.*-fmisspelt.*", told.summary)


@pytest.mark.parametrize("compiler", ["/no/such/compiler", sys.executable])
def test_without_a_compiler_that_has_them_they_are_absent(
    case: MakeCase, monkeypatch: pytest.MonkeyPatch, compiler: str
) -> None:
    laid_out = case("survives")
    monkeypatch.setenv("CXX", compiler)
    told = run_sanitizers(laid_out)
    assert (told.status, told.text) == ("absent", "")
    assert compiler in told.summary


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("clang++-14") is None, reason="clang++-14 is not on PATH")
def test_clangs_runtime_is_preloaded_too(case: MakeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out = case("use after free", "NONE")
    monkeypatch.setenv("CXX", "clang++-14")
    says(
        run_sanitizers(laid_out),
        rf"heap-use-after-free \(READ\) {HERE.format('misbehave')}, freed .*",
    )


@pytest.mark.parametrize(
    ("instrument", "what", "signal", "summary"),
    [
        (
            run_pymalloc_debug,
            "overrun",
            "NONE",
            r"crashes \(SIGABRT\): pymalloc-check: .*pad byte.*",
        ),
        (run_pymalloc_debug, "survives", "NONE", "survives, as in a plain run"),
        (
            run_pymalloc_debug,
            "aborts",
            "SIGABRT",
            rf"crashes \(SIGABRT\), as in a plain run: {PYTHON}",
        ),
        (
            run_glibc_malloc,
            "double free",
            "SIGABRT",
            r"crashes \(SIGABRT\), as in a plain run: heap-corruption: free\(\): .*",
        ),
        (run_glibc_malloc, "aborts", "SIGSEGV", rf"crashes \(SIGABRT\): {PYTHON}"),
    ],
)
def test_allocators(
    case: MakeCase, instrument: Callable[[Experiment], Report], what: str, signal: str, summary: str
) -> None:
    says(instrument(case(what, signal)), summary)


@pytest.mark.slow  # 5 s each
@pytest.mark.parametrize(
    ("what", "summary"),
    [
        (
            "use after free",
            rf"Invalid read of size 4 {HERE.format('misbehave')}, freed {HERE.format('release')}",
        ),
        ("survives", "no report: survives, as in a plain run"),
    ],
)
def test_valgrind(case: MakeCase, valgrinds_python: Interpreter, what: str, summary: str) -> None:
    says(run_valgrind(case(what, "NONE", python=valgrinds_python)), summary)


def test_a_cpython_that_valgrind_cannot_run_is_a_line(
    case: MakeCase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It read as a script that "exits with code 1", on a CPython with a linker of its own."""
    valgrind = tmp_path / "valgrind"
    valgrind.write_text("#!/bin/sh\necho 'valgrind:  Fatal error at startup: a reason'\nexit 1\n")
    valgrind.chmod(0o755)
    laid_out = case("survives", "NONE")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    told = run_valgrind(laid_out)
    reason = "valgrind can't run this CPython: Fatal error at startup: a reason"
    assert (told.status, told.summary) == ("failed", reason)


@needs_gdb
@pytest.mark.parametrize(
    ("what", "summary"),
    [
        ("aborts", rf"SIGABRT {HERE.format('misbehave')}"),
        ("survives", "exits normally: no crash to inspect"),
    ],
)
def test_gdb(case: MakeCase, what: str, summary: str) -> None:
    says(run_gdb(case(what)), summary)


@needs_gdb
def test_gdb_shows_every_frame_with_its_variables(case: MakeCase) -> None:
    told = run_gdb(case("double free"))
    assert re.search(r"^#\d+ .* in misbehave \(\) at ", told.text, re.MULTILINE)
    assert re.search(r"^        block = 0x[0-9a-f]+$", told.text, re.MULTILINE)


@needs_gdb
def test_gdb_that_cannot_start_the_program_has_failed(case: MakeCase, tmp_path: Path) -> None:
    laid_out = case("survives")
    gone = replace(laid_out.interpreter, executable=tmp_path / "gone")
    told = run_gdb(replace(laid_out, interpreter=gone))
    assert told.status == "failed"
    assert told.summary


@needs_gdb
@pytest.mark.parametrize("does", ["waits", "spins"])
def test_a_hang_waits_or_spins(case: MakeCase, does: str) -> None:
    told = watch_hang(case(does, "HANG", seconds=2.0))
    says(told, rf"{does} {HERE.format('misbehave')}")
    assert re.match(
        rf"process \d+ thread \d+: {does}, \d\.\d\d s of processor time in 1 s\n", told.text
    )
    assert re.search(r"^#\d+ .*\bPyEval_EvalCode \(", told.text, re.MULTILINE)
    assert re.search(r'File ".*repro\.py", line 14 in <module>', told.text)


@pytest.mark.parametrize(
    ("rounds", "does"),
    [
        (["1.0 0.95"], "spins"),
        (["0.0 0.00"], "waits"),
        (["0.2 0.05"], "runs now and then"),
        (["1.0 0.00", "0.0 0.00"], "waits"),  # it had not come to its lock (issue 21)
        (["1.0 0.00", "1.0 0.01", "1.0 0.30"], "spins"),
        (["1.0 0.00"] * 30, "gets no processor time"),
        (["1.0 0.90, 1.0 0.00", "1.0 0.00, 0.0 0.00"], "spins, waits"),
    ],
)
def test_a_thread_without_the_processor_has_not_shown_what_it_does(
    monkeypatch: pytest.MonkeyPatch, rounds: list[str], does: str
) -> None:
    """Shares of samples that find it runnable, and seconds of processor time, in each second."""
    left = iter(rounds)

    def watch_once(pid: int) -> list[hang._Thread]:
        threads = enumerate(next(left).split(", "))
        return [hang._Thread(pid, number, *map(float, one.split())) for number, one in threads]

    monkeypatch.setattr(hang, "_watch_once", watch_once)
    assert ", ".join(one.does for one in hang._watch(1)) == does
    assert next(left, None) is None


def test_what_does_not_hang_is_said(case: MakeCase) -> None:
    says(watch_hang(case("aborts", "HANG")), r"does not hang: crashes \(SIGABRT\)")


@pytest.mark.parametrize(("instrument", "name"), [(run_gdb, "gdb"), (run_valgrind, "valgrind")])
def test_what_is_not_on_path_is_absent(
    case: MakeCase,
    monkeypatch: pytest.MonkeyPatch,
    instrument: Callable[[Experiment], Report],
    name: str,
) -> None:
    laid_out = case("survives")
    monkeypatch.setenv("PATH", "/nowhere")
    assert instrument(laid_out) == Report("absent", f"{name} is not on PATH")


def test_without_a_debug_build_it_is_absent(
    case: MakeCase, monkeypatch: pytest.MonkeyPatch, pythons: list[Interpreter]
) -> None:
    monkeypatch.setattr(debug_module, "find_interpreters", lambda: pythons[:1])
    told = run_debug_python(case("survives"))
    assert told.status == "absent"
    assert re.fullmatch(r"no debug build of CPython 3\.\d+ with headers found", told.summary)


def test_a_debug_build_gets_an_extension_of_its_own(
    case: MakeCase, pythons: list[Interpreter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own assertions fail there: a reference too few is seen when it is given back."""
    debug = next((python for python in pythons if python.is_debug), None)
    if debug is None:
        pytest.skip("no debug build of CPython found")
    monkeypatch.setattr(debug_module, "find_interpreters", lambda: [debug])
    laid_out = case("overrun", "NONE")
    says(
        run_debug_python(replace(laid_out, interpreter=debug)),
        r"crashes \(SIGABRT\): pymalloc-check: .*pad byte.*",
    )
    assert not list(laid_out.folder.glob(f"*{debug.ext_suffix}"))
