"""How a CPython is instrumented: coverage of its own blocks, sanitizers. Read off its symbols."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from finfuzz.targets.interpreters import Interpreter

#: The variable of child/instrumented/trace.c, and the callback that the compiler calls.
_TRACE = "finfuzz_trace"
_CALLBACK = "__sanitizer_cov_trace_pc"

#: Options of every sanitizer: a report ends the process by SIGABRT, as a crash that the parent
#: notices. Signals of other crashes, and the stack on which they are handled, are the runtime's.
_COMMON = (
    "halt_on_error=1",
    "abort_on_error=1",
    *(f"handle_{name}=0" for name in ("segv", "sigbus", "sigill", "sigfpe", "abort")),
    "use_sigaltstack=0",
)


@dataclass(frozen=True, slots=True)
class Sanitizer:
    """A sanitizer that CPython can be compiled with.

    ``symbol``: the beginning of one that each executable with it defines or needs. ``variable``:
    the variable of its options. ``slowness``: how many times longer a child takes, at most.
    ``reserves``: it maps terabytes of address space, which can't be limited then.
    """

    name: str
    symbol: str
    variable: str
    options: tuple[str, ...]
    slowness: int
    reserves: bool = True


_SANITIZERS = (
    Sanitizer(
        "AddressSanitizer",
        "__asan_init",
        "ASAN_OPTIONS",
        # CPython leaks by design at its end; two extensions of two releases have the same names;
        # a preloaded library that takes the place of no function of the sanitizer's may come first.
        (
            *("detect_leaks=0", "detect_odr_violation=0", "allocator_may_return_null=1"),
            "verify_asan_link_order=0",
        ),
        slowness=5,
    ),
    Sanitizer("ThreadSanitizer", "__tsan_init", "TSAN_OPTIONS", ("die_after_fork=0",), slowness=15),
    Sanitizer(
        "UndefinedBehaviorSanitizer",
        "__ubsan_handle_",
        "UBSAN_OPTIONS",
        ("print_stacktrace=1",),
        slowness=2,
        reserves=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Instrumentation:
    """``has_trace``: its blocks can be counted. ``sanitizers``: those that it is compiled with.

    ``has_callback``: it calls a callback for each block, which may not be finfuzz's.
    """

    has_trace: bool = False
    has_callback: bool = False
    sanitizers: tuple[Sanitizer, ...] = ()

    @property
    def slowness(self) -> int:
        """How many times longer than without sanitizers a child takes, at most."""
        return math.prod(sanitizer.slowness for sanitizer in self.sanitizers)

    @property
    def limits_memory(self) -> bool:
        """Whether its address space can be limited."""
        return not any(sanitizer.reserves for sanitizer in self.sanitizers)

    @property
    def text(self) -> str:
        """The instrumentation in a few words, for lists of CPythons; empty for none."""
        coverage = "coverage" if self.has_trace else ""
        if self.has_callback and not self.has_trace:
            coverage = (
                "coverage without a callback of finfuzz's: no features (docs/how-it-works.md)"
            )
        return ", ".join(filter(None, [coverage, *(one.name for one in self.sanitizers)]))


def make_variables(interpreter: Interpreter) -> dict[str, str]:
    """Make the variables under which a sanitized CPython runs; none for any other."""
    found = read_instrumentation(interpreter.executable).sanitizers
    options = {one.variable: ":".join((*_COMMON, *one.options)) for one in found}
    return {**options, **(use_malloc(interpreter) if found else {})}


def use_malloc(interpreter: Interpreter) -> dict[str, str]:
    """Make the variables by which Python's blocks come from malloc, which checkers know.

    A free-threaded CPython has one allocator of its own and does not start with another.
    """
    return {} if interpreter.is_free_threaded else {"PYTHONMALLOC": "malloc"}


def read_instrumentation(executable: Path) -> Instrumentation:
    """Read the instrumentation of an executable; one that can't be read has none."""
    try:
        return _read(executable, executable.stat().st_mtime_ns)
    except (OSError, ELFError):
        return Instrumentation()


@functools.lru_cache
def _read(executable: Path, _changed: int) -> Instrumentation:
    with executable.open("rb") as file:
        strings = ELFFile(file).get_section_by_name(".dynstr")
        names = strings.data() if strings else b""  # each between two zeros; 0.3 s as symbols
    return Instrumentation(
        has_trace=f"\0{_TRACE}\0".encode() in names,
        has_callback=f"\0{_CALLBACK}\0".encode() in names,
        sanitizers=tuple(one for one in _SANITIZERS if f"\0{one.symbol}".encode() in names),
    )
