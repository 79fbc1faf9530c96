import dataclasses
import gc
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build

Fake = Callable[[str], Build]

IMPORT = parse("finfuzz 1\nimport\n")

PROGRAMS = [
    "",
    "import; collect; exit sys-exit",
    "node a container; edge a a append; root a codec",
    "node a container; edge a a append; root a module; drop a; collect; exit exception",
    "node a subclass; edge a a attribute; check a; root a interpreter-dict; hook a clear lookup",
    "node a container; root a leak; drop b; edge a b append",
    "node a function; edge a a closure; root a atexit; node b instance; edge a b attribute",
    "node a container; node b dict; edge a b append; edge b a append; root b audit-hook",
    "start i legacy; enter i; node a container; edge a a append; root a codec; stop i",
    "node a container; start i isolated; enter i; node a subclass; root a sys; stop i; root a sys",
    "start i legacy; enter i; node a container; root a atexit",
]


@pytest.mark.parametrize("steps", PROGRAMS)
def test_a_fresh_process_and_a_zygotes_child_agree(plain_c: Build, steps: str) -> None:
    program = parse("\n".join(["finfuzz 1", *steps.split("; ")]))
    with Executor(plain_c) as executor:
        forked = executor.run(program, events=True)
    fresh = run_fresh(plain_c, program)
    assert (forked.how, fresh.how) == ("zygote", "fresh")
    different = {"how", "seconds", "peak_kib", "frames"}
    for name in set(fresh.__struct_fields__) - different:
        assert getattr(fresh, name) == getattr(forked, name), name


def test_no_file_descriptor_stays(plain_c: Build) -> None:
    run_fresh(plain_c, IMPORT)
    gc.collect()  # mappings of tests that are over
    before = psutil.Process().num_fds()
    run_fresh(plain_c, IMPORT)
    assert psutil.Process().num_fds() == before


STRAYS = """
import os, signal, sys
ready, writes = os.pipe()
if os.fork() == 0:
    {}
    os.write(writes, b"%d" % os.getpid())
    while True: signal.pause()
sys.stderr.write(os.read(ready, 20).decode())
"""


@pytest.mark.parametrize("how", ["os.setsid()", "pass"])
def test_what_a_fresh_process_leaves_running_is_ended(fake: Fake, how: str) -> None:
    outcome = run_fresh(fake(STRAYS.format(how)), IMPORT)
    stray = int(outcome.stderr)
    try:
        os.kill(stray, signal.SIGKILL)
    except ProcessLookupError:
        return
    pytest.fail(f"process {stray} was still there")


def test_an_extension_that_is_not_there_is_no_outcome(plain_c: Build) -> None:
    """A zygote says so: else a build that is gone looks like a program that exits with 1."""
    gone = dataclasses.replace(plain_c, extension=Path("/nowhere/finfuzz_target.so"))
    with pytest.raises(UserError, match=r"/nowhere/finfuzz_target.so"):
        run_fresh(gone, IMPORT)


CRASHES_OFTEN = """
import ctypes, threading

ready = threading.Barrier(8)
library = ctypes.CDLL(None)

def crash():
    ready.wait()
    getattr(library, "raise")(11)

threads = [threading.Thread(target=crash) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_of_threads_that_crash_at_one_moment_one_is_recorded(fake: Fake) -> None:
    made = fake(CRASHES_OFTEN)
    for _ in range(10):
        outcome = run_fresh(made, IMPORT)
        assert outcome.signal == "SIGSEGV"
        assert outcome.frames


MAPS_MUCH = """
import ctypes, mmap

with open(__file__) as file:
    kept = [mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) for _ in range(2000)]
getattr(ctypes.CDLL(None), "raise")(11)
"""


def test_frames_have_files_however_many_are_mapped(fake: Fake) -> None:
    """The mappings of a package that loads two hundred files did not fit: no frame had a name."""
    outcome = run_fresh(fake(MAPS_MUCH), IMPORT)
    assert outcome.signal == "SIGSEGV"
    assert [frame for frame in outcome.frames if not frame.module] == []
