import ctypes
import dataclasses
import gc
import os
import pickle
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.shared_memory import EVENT_COUNTERS, PROGRAM_BYTES
from finfuzz.executor.zygote import Executor, ZygoteDied
from finfuzz.program.model import Program, Step
from finfuzz.program.text import parse, to_text
from finfuzz.program.vocabulary import EVERYTHING
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from helpers.patience import PATIENCE

Fake = Callable[[str], Build]

EMPTY = Program()
IMPORT = parse("finfuzz 1\nimport\n")
CYCLE = parse("finfuzz 1\nimport\nnode a container\nedge a a append\nroot a codec\n")


def wait_until_gone(pidfd: int) -> bool:
    """Waits for a process to end, not for time to pass; False only where it never does."""
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    return bool(poller.poll(PATIENCE * 1000))


def watch(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def end_zygote(executor: Executor) -> None:
    """Ends the zygote by its id and waits, without reaping it, until it is dead."""
    (zygote,) = executor._zygotes.values()
    pid = zygote.process.pid
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def open_files() -> int:
    gc.collect()  # mappings of tests that are over
    return psutil.Process().num_fds()


def everything_covered(executor: Executor) -> bytes:
    return ctypes.string_at(executor.shared.counters_address, executor.shared.counters)


# ---- programs, one after the other ------------------------------------------------------------


def test_one_zygote_serves_many_programs(plain_c: Build) -> None:
    with Executor(plain_c) as executor:
        assert executor.run(CYCLE).took == (4, 0, 0)
        zygotes = dict(executor._zygotes)
        assert executor.run(EMPTY).took == (0, 0, 0)
        assert executor.run(parse("finfuzz 1\nexit exception\n")).exit_code == 1
        assert executor.run(CYCLE).took == (4, 0, 0)
        assert executor._zygotes == {**executor._zygotes, **zygotes}
        assert executor.replaced == 0


@pytest.mark.parametrize(
    "source",
    [
        "import os; os.abort()",
        "while True: pass",
        "import os; os.close(2); os._exit(9)",
        "import sys; sys.stderr.write('noise\\n' * 100000)",
    ],
)
def test_what_a_program_does_is_gone_with_it(fake: Fake, source: str) -> None:
    with Executor(fake(source), Limits(deadline=0.5)) as executor:
        executor.run(IMPORT)
        after = executor.run(EMPTY, events=True)
        assert executor.replaced == 0
    assert (after.exit_code, after.signal, after.timed_out, after.stderr) == (0, None, False, "")
    assert (after.took, after.step, after.phase) == ((0, 0, 0), 0, "exited/dict-cleared")
    assert (after.frames, after.recreated, after.stragglers) == ((), 0, False)
    assert [event.hook for event in after.events] == ["modules-cleared", "dict-cleared"]


def test_events_are_counted_always_and_told_if_wanted(plain_c: Build) -> None:
    with Executor(plain_c) as executor:
        told, counted = executor.run(CYCLE, events=True), executor.run(CYCLE)
    assert told.event_count == counted.event_count == len(told.events) > 0
    assert counted.events == ()


def test_a_bare_child_finalizes_and_runs_nothing(plain_c: Build) -> None:
    with Executor(plain_c) as executor:
        executor.run(CYCLE)
        executor.run_bare()
        facts = executor.shared.header.facts
        assert (facts.lives, facts.step, list(facts.took), facts.status) == (0, 0, [0, 0, 0], 0)
        assert facts.microseconds > 0


@pytest.mark.parametrize("bytes_too_many", [1, 1000])
def test_a_program_that_is_too_long_is_refused(plain_c: Build, bytes_too_many: int) -> None:
    length = PROGRAM_BYTES + bytes_too_many
    skipped = (Step("drop", ("a",)),) * (length - len("finfuzz 1\n"))  # an empty line each
    with Executor(plain_c) as executor:
        with pytest.raises(UserError, match=rf"{length} bytes .* at most {PROGRAM_BYTES} can be"):
            executor.run(Program(skipped))
        assert executor.run(CYCLE).took == (4, 0, 0)


def test_a_program_that_just_fits_runs(plain_c: Build) -> None:
    imports, left = divmod(PROGRAM_BYTES - len("finfuzz 1\nnode  list\n"), len("import\n"))
    program = Program((*[Step("import")] * imports, Step("node", ("a" * left, "list"))))
    assert len(to_text(program)) == PROGRAM_BYTES
    with Executor(plain_c, Limits(deadline=60)) as executor:
        assert executor.run(program).took == (imports + 1, 0, 0)


def test_a_step_with_a_word_that_the_target_lacks_is_skipped(
    plain_c: Build,
) -> None:
    build = dataclasses.replace(plain_c, offers=EVERYTHING.without(kinds=["container"]))
    with Executor(build) as executor:
        assert executor.run(CYCLE).took == (1, 3, 0)
    assert run_fresh(build, CYCLE).took == (1, 3, 0)


def test_limits_are_those_of_a_run(fake: Fake) -> None:
    with Executor(fake("while True: pass"), Limits(deadline=60)) as executor:
        assert executor.run(IMPORT, Limits(deadline=0.1)).timed_out
        assert executor.limits == Limits(deadline=60)


def test_a_program_that_ran_just_now_is_prepared_for_other_limits(plain_c: Build) -> None:
    abusing = parse("finfuzz 1\nnode a list\nroot a static-object\n")
    with Executor(plain_c) as executor:
        took = [executor.run(abusing, Limits(abuse=abuse)).took for abuse in (False, True, False)]
    assert took == [(1, 1, 0), (2, 0, 0), (1, 1, 0)]


def test_an_import_done_ahead_looks_as_if_the_program_had_done_it(
    plain_c: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen() -> tuple[Outcome, bytes]:
        with Executor(plain_c) as executor:
            outcome = executor.run(CYCLE, events=True)
            return msgspec.structs.replace(outcome, seconds=0, peak_kib=0), everything_covered(
                executor
            )

    ahead = seen()
    monkeypatch.setattr(Build, "imports_early", False)
    assert seen() == ahead


# ---- zygotes that die -------------------------------------------------------------------------


def test_a_zygote_that_was_killed_is_replaced_and_the_program_run(plain_c: Build) -> None:
    with Executor(plain_c) as executor:
        before = executor.run(CYCLE, events=True)
        end_zygote(executor)
        after = executor.run(CYCLE, events=True)
        assert executor.replaced == 1
        end_zygote(executor)
        assert executor.run(CYCLE).took == (4, 0, 0)
        assert executor.replaced == 2
    assert (after.exit_code, after.took, after.phase, after.events) == (
        *(before.exit_code, before.took, before.phase, before.events),
    )


def test_a_zygote_that_dies_under_its_program_is_replaced(fake: Fake, tmp_path: Path) -> None:
    """The program kills the zygote the first time it runs, and not the second."""
    once = tmp_path / "once"
    kills = fake(
        f"import os\nif not os.path.exists({str(once)!r}):\n"
        f"    open({str(once)!r}, 'x').close()\n"
        "    os.kill(os.getppid(), 9)\n"
    )
    with Executor(kills) as executor:
        assert executor.run(IMPORT).took == (1, 0, 0)
        assert executor.replaced == 1


def test_two_zygotes_that_die_in_a_row_are_an_error(fake: Fake) -> None:
    with Executor(fake("import os\nos.kill(os.getppid(), 9)\n")) as executor:
        with pytest.raises(UserError, match=r"zygote of plain-c on .* not stay alive: no message"):
            executor.run(IMPORT)
        assert executor.run(EMPTY).took == (0, 0, 0)


def test_an_extension_that_is_not_there_is_an_error_that_names_it(plain_c: Build) -> None:
    gone = dataclasses.replace(plain_c, extension=Path("/nowhere/finfuzz_target.so"))
    with (
        Executor(gone) as executor,
        pytest.raises(
            UserError, match=r"not stay alive: ImportError: .*/nowhere/finfuzz_target.so"
        ),
    ):
        executor.run(EMPTY)


def test_a_runtime_of_another_layout_is_an_error_that_says_so(plain_c: Build) -> None:
    with Executor(plain_c) as executor:
        header = executor.shared.header
        right = header.size
        header.size = right + 8
        with pytest.raises(
            UserError,
            match=rf"shared memory laid out as \d+/{right + 8}, this runtime has \d+/{right}",
        ):
            executor.run(EMPTY)
        header.size, header.layout = right, header.layout + 1
        with pytest.raises(UserError, match=rf"laid out as {header.layout}/{right}, this runtime"):
            executor.run(EMPTY)
        header.layout -= 1
        assert executor.run(EMPTY).took == (0, 0, 0)


def test_a_bare_child_does_not_hide_that_the_zygote_died(plain_c: Build) -> None:
    with Executor(plain_c) as executor:
        executor.run_bare()
        end_zygote(executor)
        with pytest.raises(ZygoteDied):
            executor.run_bare()
        assert executor.run(EMPTY).took == (0, 0, 0)


def test_a_python_that_is_not_there_is_an_error_that_names_it(plain_c: Build) -> None:
    python = dataclasses.replace(plain_c.interpreter, executable=Path("/nowhere/python3"))
    with (
        Executor(dataclasses.replace(plain_c, interpreter=python)) as executor,
        pytest.raises(UserError, match="/nowhere/python3"),
    ):
        executor.run(EMPTY)


# ---- processes --------------------------------------------------------------------------------

STRAYS = """
import os, sys
stray = os.posix_spawn('/bin/sleep', ['sleep', '60'], {{}}, {})
sys.stderr.write('%d' % stray)
"""


def test_a_program_has_a_process_group_of_its_own(fake: Fake) -> None:
    """So that what it does to its group it does to itself."""
    source = "import os, sys\nsys.stderr.write('%d' % (os.getpgid(0) == os.getpid()))"
    with Executor(fake(source)) as executor:
        assert executor.run(IMPORT).stderr == "1"


def test_nothing_stays_when_an_executor_is_closed(plain_c: Build) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    executor = Executor(plain_c)
    executor.run(CYCLE)
    executor.run(EMPTY)
    pidfds = [os.pidfd_open(zygote.process.pid) for zygote in executor._zygotes.values()]
    assert len(pidfds) == 2
    executor.close()
    for pidfd in pidfds:
        assert wait_until_gone(pidfd)
        os.close(pidfd)
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def test_no_file_descriptor_stays_either(plain_c: Build) -> None:
    with Executor(plain_c) as executor:
        executor.run(CYCLE)  # whatever is opened once and for all is open now
    before = open_files()
    for _ in range(3):
        with Executor(plain_c) as executor:
            executor.run(CYCLE)
            end_zygote(executor)
            executor.run(CYCLE)
    assert open_files() == before


@pytest.mark.parametrize("how", ["setsid=True", "setpgroup=0", ""])
def test_what_a_program_leaves_running_is_ended(fake: Fake, how: str) -> None:
    """What `os.fork` starts dies with the child by itself; what is spawned does not."""
    with Executor(fake(STRAYS.format(how))) as executor:
        outcome = executor.run(IMPORT)
        assert (outcome.exit_code, outcome.took) == (0, (1, 0, 0))
        pidfd = watch(int(outcome.stderr))
        if how:  # the child's own group is ended with it
            assert outcome.stragglers
        assert pidfd is None or wait_until_gone(pidfd)
        assert executor.run(EMPTY).took == (0, 0, 0)
        assert executor.replaced == 0


HARNESS = """
import pickle, sys
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
program = parse("finfuzz 1\\nimport\\n")
with open(sys.argv[1], "rb") as file: build = pickle.load(file)
if sys.argv[2] == "fresh": run_fresh(build, program, Limits(deadline=600))
Executor(build, Limits(deadline=1)).run(program)
"""

SAYS_WHO_IT_IS_AND_HANGS = """
import os
with open({!r}, "w") as file: file.write("%d %d" % (os.getpid(), os.getppid()))
while True: pass
"""


@pytest.mark.parametrize("how", ["zygote", "fresh"])
def test_nothing_stays_when_the_harness_itself_is_killed(
    fake: Fake, tmp_path: Path, how: str
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    told = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    build = fake(SAYS_WHO_IT_IS_AND_HANGS.format(str(fifo)))
    (tmp_path / "build").write_bytes(pickle.dumps(build))
    harness = subprocess.Popen([sys.executable, "-c", HARNESS, tmp_path / "build", how])
    harness_pidfd = os.pidfd_open(harness.pid)
    assert select.select([told, harness_pidfd], [], [])[0] == [told]
    child, parent = map(os.pidfd_open, map(int, os.read(told, 100).split()))
    harness.kill()
    harness.wait()
    assert wait_until_gone(child)
    assert wait_until_gone(parent)
    for fd in (told, harness_pidfd, child, parent):
        os.close(fd)


# ---- coverage ---------------------------------------------------------------------------------


def test_a_program_covers_more_than_none(plain_c: Build) -> None:
    covered = []
    with Executor(plain_c) as executor:
        for program in (EMPTY, IMPORT, CYCLE):
            executor.shared.clear_counters()
            executor.run(program)
            covered.append(executor.shared.covered())
    empty, imported, cycle = covered
    assert len(empty) < len(imported) < len(cycle)
    # The extension's own blocks count where it runs: not before it is imported.
    assert max(empty) < EVENT_COUNTERS <= max(imported)
    assert {index for index in imported if index >= EVENT_COUNTERS} < cycle


def test_the_same_program_covers_the_same(plain_c: Build) -> None:
    """Every counter's value, in one zygote and in another."""
    seen = set()
    for _ in range(2):
        with Executor(plain_c) as executor:
            for _ in range(3):
                executor.run(IMPORT)
                executor.shared.clear_counters()
                executor.run(CYCLE)
                seen.add(everything_covered(executor))
    assert len(seen) == 1


def test_coverage_adds_up_until_it_is_cleared(plain_c: Build) -> None:
    with Executor(plain_c) as executor:
        executor.run(EMPTY)
        first = executor.shared.covered()
        executor.run(CYCLE)
        assert first < executor.shared.covered()
        executor.shared.clear_counters()
        assert executor.shared.covered() == frozenset()
