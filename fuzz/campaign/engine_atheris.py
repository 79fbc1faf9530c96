"""libFuzzer as the engine: programs are its inputs, the children's counters are its coverage.

atheris brings libFuzzer and the way into it; the mutator and the crossover are ours. libFuzzer
takes the mapping that the children write for the counters of a module: it clears them before each
run and reads them after it (tried on 3.11 to 3.13, DESIGN.md).
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
import tempfile
import traceback
from pathlib import Path
from random import Random

from fuzz.campaign.loop import Loop
from fuzz.campaign.programs import Programs
from fuzz.errors import UserError
from fuzz.executor.shared import PROGRAM_BYTES, SharedMemory
from fuzz.program.model import Program
from fuzz.program.text import ParseError, parse, to_text


def run(loop: Loop, programs: Programs, shared: SharedMemory, seed: int, corpus: Path) -> None:
    """Fuzzes until the loop is over, then ends this process: libFuzzer does not return."""
    import atheris  # noqa: PLC0415  takes 0.3 s, and only this engine needs it

    tables = _register_counters(shared)
    mutators = _Mutators(programs)

    def one_input(data: bytes) -> None:
        # Nothing may leave here but by the process's end: libFuzzer would take it for a crash.
        try:
            if loop.over:
                loop.finish()
                os._exit(0)
            program = _program(data)
            if program is not None:
                loop.execute(program)
        except UserError as error:
            loop.finish(str(error))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)

    atheris.Setup(
        _arguments(seed, corpus),
        one_input,
        custom_mutator=mutators.mutate,
        custom_crossover=mutators.cross_over,
        internal_libfuzzer=True,
    )
    atheris.Fuzz()
    del tables  # libFuzzer points into them until here


def library(module: str = "core_with_libfuzzer") -> Path:
    """A shared object of atheris's; the default is the one with libFuzzer. Raises UserError."""
    try:
        spec = importlib.util.find_spec(f"atheris.{module}")
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise UserError(f"atheris lacks its {module}: pip install --force-reinstall atheris")
    return Path(spec.origin)


def _register_counters(shared: SharedMemory) -> object:
    """Tells libFuzzer of the counters, with a table of as many made-up (pc, flags) pairs."""
    # libFuzzer's references to a custom mutator and crossover are weak, and bound when it is
    # loaded: what defines them has to be there, and global, before.
    for module in ("custom_mutator", "custom_crossover"):
        ctypes.CDLL(str(library(module)), mode=ctypes.RTLD_GLOBAL)
    libfuzzer = ctypes.CDLL(str(library()))
    begin = shared.counters_address
    pointer = ctypes.c_void_p
    libfuzzer.__sanitizer_cov_8bit_counters_init(pointer(begin), pointer(begin + shared.counters))
    pairs = (ctypes.c_size_t * (2 * shared.counters))()
    for index in range(shared.counters):
        pairs[2 * index] = 0x1000 + index
    address = ctypes.addressof(pairs)
    libfuzzer.__sanitizer_cov_pcs_init(pointer(address), pointer(address + ctypes.sizeof(pairs)))
    return pairs


def _arguments(seed: int, corpus: Path) -> list[str]:
    return [
        "finfuzz",
        str(corpus),
        f"-seed={seed + 1}",  # 0 means "any" to libFuzzer
        f"-max_len={PROGRAM_BYTES}",
        "-len_control=0",  # a program's size is the mutator's business
        "-reload=0",  # files that come and go would make runs differ
        "-rss_limit_mb=0",
        "-handle_term=0",
        "-handle_int=0",
        "-print_pcs=0",
        f"-artifact_prefix={tempfile.gettempdir()}/",
    ]


@functools.lru_cache(maxsize=8192)
def _program(data: bytes) -> Program | None:
    """The program that an input is; None for what is none. Blank input is the empty program."""
    try:
        return parse(data.decode()) if data.strip() else Program()
    except (ParseError, UnicodeDecodeError):
        return None


class _Mutators:
    """libFuzzer's custom mutator and crossover: text in, text out."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    def mutate(self, data: bytes, max_size: int, seed: int) -> bytes:
        program = _program(data)
        rng = Random(seed)
        changed = self._programs.neighbour(rng, program) if program else self._programs.new(rng)
        return _printed(changed, max_size, data)

    def cross_over(self, first: bytes, second: bytes, max_size: int, seed: int) -> bytes:
        host, donor = _program(first), _program(second)
        if not host or not donor:
            return self.mutate(first, max_size, seed)
        return _printed(self._programs.cross(Random(seed), host, donor), max_size, first)


def _printed(program: Program, max_size: int, otherwise: bytes) -> bytes:
    text = to_text(program.without_comments()).encode()
    return text if len(text) <= max_size else otherwise[:max_size]
