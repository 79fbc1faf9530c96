"""The extension compiled with AddressSanitizer and UndefinedBehaviorSanitizer.

CPython itself is compiled without them, so a bad access in its code shows only in calls of the C
library. Its blocks are known all the same, because PYTHONMALLOC=malloc.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.targets.compiler import find_compiler, read_version
from finfuzz.targets.instrumentation import use_malloc
from finfuzz.triage.instruments.experiment import Experiment, Report
from finfuzz.triage.instruments.reading import find_place, join, read_message, shorten
from finfuzz.triage.instruments.run import Run

_FLAGS = ("-fsanitize=address,undefined", "-fno-omit-frame-pointer")

#: Preloaded, because Python is not linked with them: AddressSanitizer's runtime (Clang's includes
#: UBSan's, and has the machine in its name in the older layout), and the library that throws
#: exceptions, which AddressSanitizer looks up at its start.
_GCC_RUNTIME = ("libasan.so", "libubsan.so", "libstdc++.so.6")
_CLANG_RUNTIME = (
    f"libclang_rt.asan-{os.uname().machine}.so",
    "libclang_rt.asan.so",
    "libstdc++.so.6",
)

_OPTIONS = (
    "detect_leaks=0",  # CPython leaks by design at its end
    "abort_on_error=1",
    "handle_abort=1",  # a stack for aborts too
    "fast_unwind_on_malloc=0",  # libpython has no frame pointers: who freed would be unknown
    "detect_odr_violation=0",  # two extensions of two releases have the same names
    "allocator_may_return_null=1",
)
#: Freed memory is reused at once, as without a sanitizer.
_REUSE = ("quarantine_size_mb=0", "thread_local_quarantine_size_kb=0")

_ERROR = re.compile(r"ERROR: AddressSanitizer: (.+?)(?: on address .*| at pc .*| \(pc .*)?$", re.M)
_ACCESS = re.compile(r"^(READ|WRITE) of size \d+|caused by a (READ|WRITE) memory access", re.M)
_UNDEFINED = re.compile(r"^(\S+): runtime error: (.+)$", re.M)
_HISTORY = re.compile(r"^(freed|allocated) by thread", re.M)
_ZERO_PAGE = 0x1000
_NOWHERE = re.compile(r"SEGV on unknown address (0x[0-9a-f]+)")


def run_sanitizers(experiment: Experiment) -> Report:
    """Run under both; if nothing is reported, run again with freed memory reused at once."""
    if experiment.shadowing:
        return Report("absent", f"this CPython has {experiment.shadowing} already")
    try:
        compiler = find_compiler()
        clang = "clang" in read_version(compiler)
    except UserError as error:
        return Report("absent", str(error))
    runtime = _find_runtime(compiler, _CLANG_RUNTIME if clang else _GCC_RUNTIME)
    if not any("asan" in path for path in runtime):
        return Report("absent", f"{compiler} has no AddressSanitizer runtime")
    flags = [*_FLAGS, *(_make_clang_flags(runtime[0]) if clang else [])]
    own = experiment.copy_uncompiled("asan-ubsan")
    problem = own.compile(
        CXX=shlex.join([*shlex.split(os.environ.get("CXX", str(compiler))), *flags])
    )
    if problem:
        return Report("failed", problem)
    first = _run(own, runtime, _OPTIONS)
    summary = read_report(first.text, own.sources)
    if _ERROR.search(first.text) or first.returncode is None:
        return Report("done", summary or f"no report: {own.describe_end(first)}", first.text)
    second = _run(own, runtime, (*_OPTIONS, *_REUSE))
    text = f"{first.text}\n[finfuzz: second run, with freed memory reused at once]\n{second.text}"
    summary = read_report(second.text, own.sources)
    if _ERROR.search(second.text):
        summary = f"only if freed memory is reused: {summary}"
    return Report("done", summary or f"no report: {own.describe_end(second)}", text)


def read_report(text: str, sources: re.Pattern[str]) -> str:
    """Read the first error of each sanitizer, with its place in the source; empty if none."""
    address, undefined = _ERROR.search(text), _UNDEFINED.search(text)
    before = f"{undefined[2]} ({undefined[1]})" if undefined else ""
    if address is None:
        return shorten(before)
    error = join(
        _describe_access(text[address.start() :], address[1], sources), read_message(text), by=": "
    )
    return shorten(join(error, before, by="; before it: "))


def _describe_access(text: str, error: str, sources: re.Pattern[str]) -> str:
    """Describe a bad access. ``text``: from the report on, the access's stack first."""
    history = _HISTORY.search(text)
    access = _ACCESS.search(text)
    described = join(
        _drop_address(error),
        f"({access[1] or access[2]})" if access else "",
        find_place(text[: history.start()] if history else text, sources),
    )
    if history is None:
        return described
    return f"{described}, {history[1]} {find_place(text[history.start() :], sources)}"


def _drop_address(error: str) -> str:
    """Drop the address, which differs in each run, unless it is in the zero page."""
    wild = _NOWHERE.match(error)
    if wild and int(wild[1], 16) < _ZERO_PAGE:
        return f"SEGV at {int(wild[1], 16):#x}"
    return re.split(r" on (?:unknown address|address|0x)", error)[0]


def _make_clang_flags(runtime: str) -> list[str]:
    """Make flags for a shared runtime: Clang would expect the executable to bring it."""
    return ["-shared-libasan", f"-Wl,-rpath,{Path(runtime).parent}"]


def _find_runtime(compiler: Path, names: tuple[str, ...]) -> list[str]:
    """Find those of the libraries that the compiler has."""
    return [path for name in names if (path := _find_library(compiler, name))]


def _find_library(compiler: Path, name: str) -> str:
    """Find a library's path; empty if there is none, where the compiler repeats the name."""
    command = [str(compiler), f"-print-file-name={name}"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    path = done.stdout.strip()
    return path if Path(path).is_absolute() and Path(path).exists() else ""


def _run(experiment: Experiment, runtime: list[str], options: tuple[str, ...]) -> Run:
    return experiment.run(
        [experiment.python, "repro.py"],
        {
            "LD_PRELOAD": ":".join(runtime),
            "ASAN_OPTIONS": ":".join(options),
            "UBSAN_OPTIONS": "print_stacktrace=1",
            **use_malloc(experiment.interpreter),
        },
    )
