"""libFuzzer as the engine: programs are its inputs, the children's counters are its coverage.

atheris contains libFuzzer; the mutator and the crossover are ours. libFuzzer takes the mapping to
which the children write for the counters of a module: it clears them before each run and reads
them afterwards (tried on 3.11 to 3.13, docs/design.md).
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
import time
import traceback
from collections import OrderedDict
from pathlib import Path
from random import Random

from finfuzz.campaign.messages import WorkerWarning
from finfuzz.campaign.worker.chooser import Chooser
from finfuzz.campaign.worker.corpus_writer import CorpusWriter
from finfuzz.campaign.worker.job import Job
from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import Candidate
from finfuzz.executor.shared_memory import PROGRAM_BYTES, SharedMemory
from finfuzz.executor.zygote import Executor
from finfuzz.generation.weights import COVERAGE
from finfuzz.program.model import Program
from finfuzz.program.text import ParseError, parse, to_text
from finfuzz.support.errors import UserError

#: Mutates cheap programs more often. Without these, libFuzzer prefers ever more expensive ones:
#: after 240 s from the project's corpus 1,261 executions and 38,986 features against 2,396
#: and 39,515 (pybind11 3.1.0, CPython 3.13, one run each, at the same time). But then two runs
#: differ, as runs with several workers do anyway.
_BY_TIME = ("-entropic=1", "-entropic_scale_per_exec_time=1")
#: libFuzzer asks for a cross-over every second time; then programs grow to the largest size.
_CROSSES_OVER = 0.2
#: Mutations remembered until they run: libFuzzer makes one at a time; more, to be safe.
_REMEMBERED = 16


def run(loop: Loop, chooser: Chooser, executor: Executor, job: Job) -> None:
    """Fuzz until the loop is over, then end this process: libFuzzer does not return."""
    import atheris  # noqa: PLC0415  takes 0.3 s, and only this engine needs it

    tables = _register_counters(executor.shared)
    mutators = _Mutators(chooser, loop)
    writer = CorpusWriter(executor, Path(job.paths.live), Path(job.paths.corpus))

    def one_input(data: bytes) -> None:
        # Never let an exception escape: libFuzzer would report it as a crash.
        try:
            _keep_last(loop, chooser, writer)
            if loop.over:
                loop.finish()
                os._exit(0)
            candidate = mutators.take_candidate(data)
            program = candidate.program if candidate else mutators.parse(data)
            change = candidate.change if candidate else None
            if program is not None:
                if loop.execute(program, change).timed_out:
                    chooser.forget(program)
                writer.record(data, program, change)
        except UserError as error:
            loop.finish(str(error))
            os._exit(0)
        except BrokenPipeError:  # the supervisor is gone
            executor.close()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)

    atheris.Setup(
        _arguments(job),
        one_input,
        custom_mutator=mutators.mutate,
        custom_crossover=mutators.cross_over,
        internal_libfuzzer=True,
    )
    atheris.Fuzz()
    del tables  # libFuzzer points into them until here


def _keep_last(loop: Loop, chooser: Chooser, writer: CorpusWriter) -> None:
    try:
        kept = writer.keep_last(loop.executions)
    except OSError as error:  # a full disk; libFuzzer has the program in memory
        loop.send(WorkerWarning(f"can't write a program to the corpus: {error.strerror}"))
        return
    if kept is not None:
        addition, change = kept
        chooser.source.learner.credit_features(change)
        loop.unstable = len(writer.unstable)
        loop.send(addition)


def find_library(module: str = "core_with_libfuzzer") -> Path:
    """Find a shared object of atheris; the default has libFuzzer. Raises UserError if missing."""
    try:
        spec = importlib.util.find_spec(f"atheris.{module}")
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise UserError(f"atheris lacks its {module}: pip install --force-reinstall atheris")
    return Path(spec.origin)


def _register_counters(shared: SharedMemory) -> object:
    """Register the counters with libFuzzer, and a table of as many made-up (pc, flags) pairs."""
    # libFuzzer's references to a custom mutator and crossover are weak, and bound at load time:
    # the libraries that define them must be loaded before, with global symbols.
    for module in ("custom_mutator", "custom_crossover"):
        ctypes.CDLL(str(find_library(module)), mode=ctypes.RTLD_GLOBAL)
    libfuzzer = ctypes.CDLL(str(find_library()))
    begin = shared.counters_address
    pointer = ctypes.c_void_p
    libfuzzer.__sanitizer_cov_8bit_counters_init(pointer(begin), pointer(begin + shared.counters))
    pairs = (ctypes.c_size_t * (2 * shared.counters))()
    for index in range(shared.counters):
        pairs[2 * index] = 0x1000 + index
    address = ctypes.addressof(pairs)
    libfuzzer.__sanitizer_cov_pcs_init(pointer(address), pointer(address + ctypes.sizeof(pairs)))
    return pairs


def _arguments(job: Job) -> list[str]:
    return [
        "finfuzz",
        str(Path(job.paths.live).absolute()),  # a relative one may begin with a hyphen
        f"-seed={job.seed % (2**31 - 1) + 1}",  # 0 means "any" to libFuzzer
        f"-max_len={PROGRAM_BYTES}",
        "-use_counters=0",  # see executor/features.py
        "-len_control=0",  # a program's size is the mutator's business
        # Reload the shared corpus every second. Off with one worker, to keep runs reproducible.
        f"-reload={int(job.shared)}",
        *(_BY_TIME if job.shared else ("-entropic=0",)),
        "-rss_limit_mb=0",
        "-handle_term=0",
        "-handle_int=0",
        "-print_pcs=0",
        f"-artifact_prefix={Path(job.paths.scratch).absolute()}/",
    ]


def _parse(data: bytes) -> Program | None:
    """Parse an input; None if it is no program. Blank input is the empty program."""
    try:
        return parse(data.decode()) if data.strip() else Program()
    except (ParseError, UnicodeDecodeError):
        return None


class _Mutators:
    """libFuzzer's custom mutator and crossover: text in, text out."""

    def __init__(self, chooser: Chooser, loop: Loop) -> None:
        self._chooser, self._source, self._loop = chooser, chooser.source, loop
        self._candidates: OrderedDict[bytes, Candidate] = OrderedDict()
        self._parsed = functools.lru_cache(maxsize=8192)(self._parse_for_target)

    def parse(self, data: bytes) -> Program | None:
        """Parse an input for the target: it may be a seed, or found on another target."""
        return self._parsed(data)

    def _parse_for_target(self, data: bytes) -> Program | None:
        program = _parse(data)
        return program and self._source.adapt(program)

    def mutate(self, data: bytes, max_size: int, seed: int) -> bytes:
        return self._make_next(Random(seed), data, b"", max_size)

    def cross_over(self, first: bytes, second: bytes, max_size: int, seed: int) -> bytes:
        return self._make_next(Random(seed), first, second, max_size)

    def _make_next(self, rng: Random, first: bytes, second: bytes, max_size: int) -> bytes:
        begin = time.perf_counter()
        host = self.parse(first)
        donor = self.parse(second) if rng.random() < _CROSSES_OVER else None
        candidate = self._chooser.choose(rng, lambda: self._make(rng, host, donor))
        return self._print(candidate, max_size, first, begin)

    def _make(self, rng: Random, host: Program | None, donor: Program | None) -> Candidate:
        if host and donor:
            return self._source.cross_over(rng, host, donor)
        if host and self._source.can_mutate(rng, host):
            return self._source.mutate(rng, host, COVERAGE)
        return self._source.generate(rng)

    def take_candidate(self, data: bytes) -> Candidate | None:
        """Take the candidate that was printed as this input; None for an input from a file."""
        return self._candidates.pop(data, None)

    def _print(self, candidate: Candidate, max_size: int, otherwise: bytes, begin: float) -> bytes:
        text = to_text(candidate.program.without_comments()).encode()
        if len(text) > max_size:
            return otherwise[:max_size]
        self._candidates[text] = candidate
        if len(self._candidates) > _REMEMBERED:
            self._candidates.popitem(last=False)
        self._loop.mutation_seconds += time.perf_counter() - begin
        return text
