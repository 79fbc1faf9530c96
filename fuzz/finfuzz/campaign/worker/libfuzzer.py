"""libFuzzer as the engine: programs are its inputs, the children's counters are its coverage.

atheris brings libFuzzer and the way into it; the mutator and the crossover are ours. libFuzzer
takes the mapping that the children write for the counters of a module: it clears them before each
run and reads them after it (tried on 3.11 to 3.13, docs/design.md).
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
import tempfile
import time
import traceback
from collections import OrderedDict
from pathlib import Path
from random import Random

from finfuzz.campaign.messages import Trouble
from finfuzz.campaign.worker.corpus_writer import CorpusWriter
from finfuzz.campaign.worker.job import Config
from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import Made, Programs
from finfuzz.executor.shared_memory import PROGRAM_BYTES, SharedMemory
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.program.text import ParseError, parse, to_text
from finfuzz.support.errors import UserError

#: Programs that cost less are mutated more often. Without it what libFuzzer prefers grows ever
#: dearer: after 240 s from the project's corpus 1,261 executions and 38,986 features against 2,396
#: and 39,515 (pybind11 3.1.0, CPython 3.13, one run each, side by side). But then two runs differ,
#: which those of several workers do anyway.
_BY_TIME = ("-entropic=1", "-entropic_scale_per_exec_time=1")
#: libFuzzer asks for one every second time; then programs grow until they have all steps they may.
_CROSSES_OVER = 0.2
#: Between a mutation and its execution libFuzzer makes no other; a few more, to be sure.
_REMEMBERED = 16


def run(loop: Loop, programs: Programs, executor: Executor, config: Config) -> None:
    """Fuzzes until the loop is over, then ends this process: libFuzzer does not return."""
    import atheris  # noqa: PLC0415  takes 0.3 s, and only this engine needs it

    tables = _register_counters(executor.shared)
    mutators = _Mutators(programs, loop)
    writer = CorpusWriter(executor, Path(config.live), Path(config.corpus))

    def one_input(data: bytes) -> None:
        # Nothing may leave here but by the process's end: libFuzzer would take it for a crash.
        try:
            _settle(loop, programs, writer)
            if loop.over:
                loop.finish()
                os._exit(0)
            made = mutators.made_of(data)
            program, change = made or (_program(data), None)
            if program is not None:
                steps, _ = loop.execute(program, change)
                writer.ran(data, steps, change)
        except UserError as error:
            loop.finish(str(error))
            os._exit(0)
        except BrokenPipeError:  # the supervisor is gone, and with it everyone to tell
            executor.close()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)

    atheris.Setup(
        _arguments(config),
        one_input,
        custom_mutator=mutators.mutate,
        custom_crossover=mutators.cross_over,
        internal_libfuzzer=True,
    )
    atheris.Fuzz()
    del tables  # libFuzzer points into them until here


def _settle(loop: Loop, programs: Programs, writer: CorpusWriter) -> None:
    try:
        settled = writer.settle(loop.executions)
    except OSError as error:  # a full disk; libFuzzer has it in memory
        loop.send(Trouble(f"a program can't be kept: {error.strerror}"))
        return
    if settled is not None:
        kept, change = settled
        programs.learner.brought_features(change)
        loop.unstable = len(writer.unstable)
        loop.send(kept)


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


def _arguments(config: Config) -> list[str]:
    return [
        "finfuzz",
        config.live,
        f"-seed={config.seed % (2**31 - 1) + 1}",  # 0 means "any" to libFuzzer
        f"-max_len={PROGRAM_BYTES}",
        "-use_counters=0",  # see executor/features.py
        "-len_control=0",  # a program's size is the mutator's business
        # What other workers find, seconds later. One alone needs none, and its runs are the same.
        f"-reload={int(config.shared)}",
        *(_BY_TIME if config.shared else ("-entropic=0",)),
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

    def __init__(self, programs: Programs, loop: Loop) -> None:
        self._programs, self._loop = programs, loop
        self._made: OrderedDict[bytes, Made] = OrderedDict()

    def mutate(self, data: bytes, max_size: int, seed: int) -> bytes:
        return self._next(Random(seed), data, b"", max_size)

    def cross_over(self, first: bytes, second: bytes, max_size: int, seed: int) -> bytes:
        return self._next(Random(seed), first, second, max_size)

    def _next(self, rng: Random, first: bytes, second: bytes, max_size: int) -> bytes:
        begin = time.perf_counter()
        host = _program(first)
        donor = _program(second) if rng.random() < _CROSSES_OVER else None
        if host and donor:
            made = self._programs.cross(rng, host, donor)
        elif host:
            made = self._programs.neighbour(rng, host)
        else:
            made = self._programs.new(rng)
        return self._printed(made, max_size, first, begin)

    def made_of(self, data: bytes) -> Made | None:
        """What this input was printed from; None where it comes from a file."""
        return self._made.pop(data, None)

    def _printed(self, made: Made, max_size: int, otherwise: bytes, begin: float) -> bytes:
        text = to_text(made.program.without_comments()).encode()
        if len(text) > max_size:
            return otherwise[:max_size]
        self._made[text] = made
        if len(self._made) > _REMEMBERED:
            self._made.popitem(last=False)
        self._loop.mutation_seconds += time.perf_counter() - begin
        return text
