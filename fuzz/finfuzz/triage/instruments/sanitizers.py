"""The extension compiled with AddressSanitizer and UndefinedBehaviorSanitizer.

CPython itself is not, so a bad access of its own code shows only where it calls the C library;
every block that it allocates is known all the same, because PYTHONMALLOC=malloc.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.targets.compiler import compiler_version, find_compiler
from finfuzz.triage.instruments.case import Experiment, Report
from finfuzz.triage.instruments.reading import joined, message, one_line, where
from finfuzz.triage.instruments.run import Run

_FLAGS = ("-fsanitize=address,undefined", "-fno-omit-frame-pointer")

#: What is preloaded, because Python is not linked with it: AddressSanitizer's runtime (Clang's has
#: the other one in it, and the machine in its name where the layout is the older one), and what
#: throws exceptions, which AddressSanitizer looks for when it starts.
_GCC_RUNTIME = ("libasan.so", "libubsan.so", "libstdc++.so.6")
_CLANG_RUNTIME = (
    f"libclang_rt.asan-{os.uname().machine}.so",
    "libclang_rt.asan.so",
    "libstdc++.so.6",
)

_OPTIONS = (
    "detect_leaks=0",  # CPython leaks by design when it ends
    "abort_on_error=1",
    "handle_abort=1",  # a stack for aborts too
    "fast_unwind_on_malloc=0",  # libpython has no frame pointers: who freed it would be unknown
    "detect_odr_violation=0",  # two extensions of two releases have the same names
    "allocator_may_return_null=1",
)
#: Freed memory is given out again at once, as it is without a sanitizer.
_REUSE = ("quarantine_size_mb=0", "thread_local_quarantine_size_kb=0")

_ERROR = re.compile(r"ERROR: AddressSanitizer: (.+?)(?: on address .*| at pc .*| \(pc .*)?$", re.M)
_ACCESS = re.compile(r"^(READ|WRITE) of size \d+|caused by a (READ|WRITE) memory access", re.M)
_UNDEFINED = re.compile(r"^(\S+): runtime error: (.+)$", re.M)
_HISTORY = re.compile(r"^(freed|allocated) by thread", re.M)
_ZERO_PAGE = 0x1000
_NOWHERE = re.compile(r"SEGV on unknown address (0x[0-9a-f]+)")


def sanitizers(case: Experiment) -> Report:
    """What they report; and where they see nothing, whether it takes memory that is used again."""
    try:
        compiler = find_compiler()
        clang = "clang" in compiler_version(compiler)
    except UserError as error:
        return Report("absent", str(error))
    runtime = _runtime(compiler, _CLANG_RUNTIME if clang else _GCC_RUNTIME)
    if not any("asan" in path for path in runtime):
        return Report("absent", f"{compiler} comes without the runtime of AddressSanitizer")
    flags = [*_FLAGS, *(_clang_flags(runtime[0]) if clang else [])]
    own = case.uncompiled("asan-ubsan")
    problem = own.compile(
        CXX=shlex.join([*shlex.split(os.environ.get("CXX", str(compiler))), *flags])
    )
    if problem:
        return Report("failed", problem)
    first = _run(own, runtime, _OPTIONS)
    said = report(first.text, own.sources)
    if _ERROR.search(first.text) or first.returncode is None:
        return Report("done", said or f"they see nothing: {own.ending(first)}", first.text)
    second = _run(own, runtime, (*_OPTIONS, *_REUSE))
    text = f"{first.text}\n[finfuzz: again, with freed memory used again at once]\n{second.text}"
    said = report(second.text, own.sources)
    if _ERROR.search(second.text):
        said = f"only where freed memory is used again: {said}"
    return Report("done", said or f"they see nothing: {own.ending(second)}", text)


def report(text: str, sources: re.Pattern[str]) -> str:
    """The first error of each sanitizer in a line, with its place in the source; or nothing."""
    address, undefined = _ERROR.search(text), _UNDEFINED.search(text)
    before = f"{undefined[2]} ({undefined[1]})" if undefined else ""
    if address is None:
        return one_line(before)
    error = joined(
        _of_address(text[address.start() :], address[1], sources), message(text), by=": "
    )
    return one_line(joined(error, before, by="; before it: "))


def _of_address(text: str, error: str, sources: re.Pattern[str]) -> str:
    """``text``: from the report on, where the stack of the access comes first."""
    history = _HISTORY.search(text)
    access = _ACCESS.search(text)
    told = joined(
        _without_address(error),
        f"({access[1] or access[2]})" if access else "",
        where(text[: history.start()] if history else text, sources),
    )
    if history is None:
        return told
    return f"{told}, {history[1]} {where(text[history.start() :], sources)}"


def _without_address(error: str) -> str:
    """Only that of a wild access is the same each time, if it is a small one."""
    wild = _NOWHERE.match(error)
    if wild and int(wild[1], 16) < _ZERO_PAGE:
        return f"SEGV at {int(wild[1], 16):#x}"
    return re.split(r" on (?:unknown address|address|0x)", error)[0]


def _clang_flags(runtime: str) -> list[str]:
    """It links its runtime into executables unless told otherwise, and ours is Python's."""
    return ["-shared-libasan", f"-Wl,-rpath,{Path(runtime).parent}"]


def _runtime(compiler: Path, names: tuple[str, ...]) -> list[str]:
    """Those that the compiler has."""
    return [path for name in names if (path := _library(compiler, name))]


def _library(compiler: Path, name: str) -> str:
    """Its path; empty where the compiler has none of that name: it repeats it then."""
    command = [str(compiler), f"-print-file-name={name}"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    path = done.stdout.strip()
    return path if Path(path).is_absolute() and Path(path).exists() else ""


def _run(case: Experiment, runtime: list[str], options: tuple[str, ...]) -> Run:
    return case.run(
        [case.python, "repro.py"],
        {
            "LD_PRELOAD": ":".join(runtime),
            "ASAN_OPTIONS": ":".join(options),
            "UBSAN_OPTIONS": "print_stacktrace=1",
            "PYTHONMALLOC": "malloc",
        },
    )
