"""What is told of a child: the same by a zygote and of a fresh process."""

from collections.abc import Callable

import msgspec
import pytest

from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.targets.build import Build

Fake = Callable[[str], Build]
Run = Callable[..., Outcome]
Took = tuple[int, int, int]

ORDINARY = parse("""\
finfuzz 1
import
node a container
edge a a append
drop b
root a codec
""")
IMPORT = parse("finfuzz 1\nimport\ncollect\n")


def test_an_ordinary_program(plain_c: Build, run: Run) -> None:
    outcome = run(plain_c, ORDINARY)
    assert (outcome.exit_code, outcome.signal, outcome.timed_out, outcome.died) == (
        *(0, None, False, False),
    )
    assert outcome.took == (4, 1, 0)
    assert outcome.step == 5
    assert outcome.phase == "exited/dict-cleared"
    assert (outcome.interpreter, outcome.lives) == ("main", 1)
    assert outcome.stderr == ""
    assert (outcome.recreated, outcome.recreated_phase, outcome.capsule_lost) == (0, "", ())
    assert (outcome.frames, outcome.recreated_frames) == ((), ())
    assert outcome.event_count == len(outcome.events)
    assert outcome.peak_kib > 0
    assert outcome.seconds > 0


@pytest.mark.parametrize(
    ("way", "exit_code", "said"),
    [
        ("return", 0, ""),
        ("sys-exit", 0, ""),
        ("exception", 1, "RuntimeError: the program ends by an exception\n"),
    ],
)
def test_ways_to_exit(plain_c: Build, run: Run, way: str, exit_code: int, said: str) -> None:
    outcome = run(plain_c, parse(f"finfuzz 1\nexit {way}\ncollect\n"))
    assert (outcome.exit_code, outcome.took, outcome.died) == (exit_code, (2, 0, 0), False)
    assert outcome.phase == "exited/dict-cleared"
    assert outcome.stderr.endswith(said)
    assert bool(outcome.stderr) == bool(said)


ABORTS_AT_THE_END = """
import os
class AtTheEnd:
    def __del__(self, abort=os.abort):
        abort()
at_the_end = AtTheEnd()
"""


@pytest.mark.parametrize(
    ("source", "exit_code", "signal", "took", "phase"),
    [
        ("import os; os.abort()", None, "SIGABRT", (0, 0, 0), "running"),
        ("import os; os.kill(os.getpid(), 11)", None, "SIGSEGV", (0, 0, 0), "running"),
        ("import os; os.kill(os.getpid(), 9)", None, "SIGKILL", (0, 0, 0), "running"),
        ("import os; os.kill(os.getpid(), 40)", None, "SIG40", (0, 0, 0), "running"),
        ("import os; os._exit(3)", 3, None, (0, 0, 0), "running"),
        ("raise KeyError('x')", 0, None, (1, 0, 1), "exited/dict-cleared"),
        (ABORTS_AT_THE_END, None, "SIGABRT", (2, 0, 0), "finalizing/modules-cleared"),
    ],
)
def test_deaths(
    fake: Fake,
    run: Run,
    source: str,
    exit_code: int | None,
    signal: str | None,
    took: Took,
    phase: str,
) -> None:
    outcome = run(fake(source), IMPORT)
    assert (outcome.exit_code, outcome.signal) == (exit_code, signal)
    assert (outcome.took, outcome.phase) == (took, phase)
    assert outcome.died == (signal is not None)
    assert not outcome.timed_out


def test_a_death_tells_where_it_was(fake: Fake, run: Run) -> None:
    outcome = run(fake("import os; os.abort()"), IMPORT)
    files = [frame.module.rpartition("/")[2] for frame in outcome.frames]
    assert files[0] == "finfuzz_runtime.so"  # the signal's handler itself
    assert any(file.startswith("libc") for file in files)
    assert any("python" in file for file in files)
    assert outcome.step == 1


def test_an_exception_of_a_step_is_told_and_the_next_step_taken(fake: Fake, run: Run) -> None:
    outcome = run(fake("raise KeyError('x')"), IMPORT)
    said = "finfuzz: step 1 `import` raised while importing KeyError: 'x'\n"
    assert outcome.stderr == said
    assert outcome.step == 2


# ---- limits -----------------------------------------------------------------------------------


def test_a_hang_ends_at_the_deadline_and_tells_where_it_was(fake: Fake, run: Run) -> None:
    outcome = run(fake("while True: pass"), IMPORT, Limits(deadline=0.5))
    assert (outcome.timed_out, outcome.died, outcome.signal) == (True, True, "SIGKILL")
    assert (outcome.step, outcome.took, outcome.phase) == (1, (0, 0, 0), "running")
    assert any("python" in frame.module for frame in outcome.frames)


def test_a_hang_that_ignores_signals_ends_too(fake: Fake, run: Run) -> None:
    hangs = fake(
        "import signal\n"
        "for number in {*range(1, 32)} - {signal.SIGKILL, signal.SIGSTOP}:\n"
        "    signal.signal(number, signal.SIG_IGN)\n"
        "while True: pass\n"
    )
    outcome = run(hangs, IMPORT, Limits(deadline=0.5))
    assert (outcome.timed_out, outcome.signal, outcome.frames) == (True, "SIGKILL", ())


#: Needs 0.02 s of a processor that it shares with a process of 30 times its weight.
KEPT_WAITING = """
import os, signal, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
other = os.fork()
while not other:
    pass
os.nice(15)
begin = time.process_time()
while time.process_time() < begin + 0.02:
    pass
os.kill(other, signal.SIGKILL)
os.waitpid(other, 0)
"""


def test_what_a_child_waits_for_a_processor_is_no_part_of_its_deadline(
    fake: Fake, run: Run
) -> None:
    """`make test` under load: a program of 3 ms was a hang of two seconds (issue 21)."""
    outcome = run(fake(KEPT_WAITING), IMPORT, Limits(deadline=0.2))
    assert (outcome.timed_out, outcome.exit_code, outcome.took) == (False, 0, (2, 0, 0))
    assert outcome.seconds > 0.2


def test_no_time_at_all_is_a_deadline_too(fake: Fake, run: Run) -> None:
    outcome = run(fake("while True: pass"), IMPORT, Limits(deadline=0))
    assert (outcome.timed_out, outcome.died) == (True, True)
    assert outcome.signal in ("SIGKILL", "SIGXCPU")  # asked for its stack before it could answer


def test_a_child_past_its_deadline_takes_no_further_step(fake: Fake, run: Run) -> None:
    """What the outcome tells is where it hung. Several, for one may be too slow to get away."""
    waits = fake("import os, signal\nsignal.pause()\nos._exit(7)\n")
    outcomes = [run(waits, IMPORT, Limits(deadline=0.2)) for _ in range(3)]
    assert [outcome.exit_code for outcome in outcomes] == [None, None, None]


def test_too_much_memory_is_the_programs_failure(fake: Fake, run: Run) -> None:
    greedy = fake("bytearray(64 << 20)")
    outcome = run(greedy, IMPORT, Limits(memory_mib=64))
    assert outcome.took == (1, 0, 1)
    assert "raised while importing MemoryError" in outcome.stderr
    assert run(greedy, IMPORT, Limits(memory_mib=256)).took == (2, 0, 0)


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "os._exit(3)"])
def test_the_peak_is_told_of_one_that_was_killed_too(fake: Fake, end: str) -> None:
    """As the kernel kills where memory runs out: `memory-ceiling` is told by the peak alone."""
    with Executor(fake(f"import os; {end}")) as executor:
        assert executor.run(IMPORT).peak_kib > 0


def test_no_memory_at_all_is_still_an_outcome(fake: Fake, run: Run) -> None:
    outcome = run(fake("bytearray(1 << 20)"), IMPORT, Limits(memory_mib=1))
    assert outcome.took != (2, 0, 0)
    assert not outcome.timed_out


def test_much_standard_error_keeps_its_beginning_and_end(fake: Fake, run: Run) -> None:
    source = "import sys\nfor line in range(40000): sys.stderr.write('line %d\\n' % line)\n"
    outcome = run(fake(source), IMPORT)
    assert outcome.stderr.startswith("line 0\nline 1\n")
    assert outcome.stderr.endswith("line 39998\nline 39999\n")
    assert "bytes left out]" in outcome.stderr


def test_endless_standard_error_is_cut_off_by_the_kernel(fake: Fake, run: Run) -> None:
    """At 16 MiB: what a program writes stays in memory."""
    outcome = run(fake("import sys\nwhile True: sys.stderr.write('x' * 65536)"), IMPORT)
    assert not outcome.died
    assert "bytes left out]" in outcome.stderr


def test_where_standard_error_is_full_the_next_step_is_taken_nonetheless(
    fake: Fake, run: Run
) -> None:
    outcome = run(fake("import sys\nwhile True: sys.stderr.write('x' * 65536)"), IMPORT)
    assert outcome.took == (1, 0, 1)


def test_a_program_of_many_interpreters_one_by_one_survives(plain_c: Build, run: Run) -> None:
    """Law 1: a death is the target's or CPython's. This one is Py_FatalError in observe.cpp."""
    outcome = run(
        plain_c, parse("finfuzz 1\n" + "start i legacy\nstop i\n" * 64), Limits(deadline=60)
    )
    assert (outcome.signal, outcome.took) == (None, (128, 0, 0))


# ---- wrong, but no death ----------------------------------------------------------------------


def test_an_interrupted_program_did_not_die(plain_c: Build, run: Run) -> None:
    outcome = run(plain_c, parse("finfuzz 1\nexit interrupt\n"))
    assert (outcome.signal, outcome.died, outcome.notable) == ("SIGINT", False, False)


def test_objects_alive_are_counted(plain_c: Build, run: Run) -> None:
    kept = run(plain_c, parse("finfuzz 1\nnode a instance\nnode b instance\nroot a leak\n"))
    assert (kept.alive, kept.notable) == (1, False)
    assert run(plain_c, parse("finfuzz 1\nnode a instance\nnode b container\n")).alive == 0


def test_whether_what_is_left_has_leaked_depends_on_the_program(plain_c: Build, run: Run) -> None:
    kept = run(plain_c, parse("finfuzz 1\nnode a instance\nroot a leak\n"))
    released = run(plain_c, parse("finfuzz 1\nnode a instance\nroot a module\n"))
    assert (kept.keeps_nothing, released.keeps_nothing) == (False, True)
    assert (kept.leaked, released.leaked, released.notable) == (False, False, False)
    said = "nanobind: leaked 1 instances!\n"
    assert not msgspec.structs.replace(kept, stderr=said).notable
    reported = msgspec.structs.replace(released, stderr=said)
    assert (reported.leaked, reported.notable) == (True, True)


def test_right_answers_are_not_told(plain_c: Build, run: Run) -> None:
    outcome = run(plain_c, parse("finfuzz 1\nself-check\n"))
    assert (outcome.wrong_answers, outcome.stderr, outcome.took) == (0, "", (1, 0, 0))


def test_a_wrong_answer_is_counted_and_told(fake: Fake, run: Run) -> None:
    outcome = run(
        fake("class Instance: pass\nclass Overridable: pass\n"),
        parse("finfuzz 1\nself-check\n"),
    )
    assert outcome.wrong_answers > 1
    assert outcome.stderr.startswith("self-check: an instance's value: ")
    assert (outcome.died, outcome.notable) == (False, True)


def test_an_exception_that_nothing_accounts_for(fake: Fake, run: Run) -> None:
    source = "class Bad:\n    def __del__(self): raise LookupError('lost')\nBad()\n"
    outcome = run(fake(source), IMPORT)
    assert outcome.unraisable == ("LookupError: lost",)
    assert (outcome.died, outcome.notable) == (False, True)


def test_what_a_hook_raises_is_the_programs_own(plain_c: Build, run: Run) -> None:
    outcome = run(plain_c, parse("finfuzz 1\nnode a object\nhook a del raise\n"))
    assert "ValueError: a hook raises" in outcome.stderr
    assert outcome.unraisable == ()
