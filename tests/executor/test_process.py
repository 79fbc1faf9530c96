import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from finfuzz.executor import process
from finfuzz.executor.limits import STDERR_BYTES
from finfuzz.support.processes import end_descendants
from helpers.patience import PATIENCE
from helpers.places import PACKAGE


@pytest.fixture
def memfd() -> Iterator[int]:
    fd = os.memfd_create("test", 0)
    yield fd
    os.close(fd)


# ---- standard error ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"", ""),
        (b"one\ntwo\n", "one\ntwo\n"),
        ("é\n".encode(), "é\n"),
        (b"\xff\x00", "\\xff\x00"),
        (b"x" * STDERR_BYTES, "x" * STDERR_BYTES),
    ],
)
def test_standard_error_is_kept_whole(memfd: int, written: bytes, read: str) -> None:
    os.write(memfd, written)
    assert process.read_stderr(memfd) == read


@pytest.mark.parametrize("more", [1, 1000, STDERR_BYTES])
def test_too_much_standard_error_keeps_beginning_and_end(memfd: int, more: int) -> None:
    written = bytes(65 + number % 26 for number in range(STDERR_BYTES + more))
    os.write(memfd, written)
    first, told, last = process.read_stderr(memfd).split("\n")
    assert told == f"[finfuzz: {more} bytes left out]"
    assert len(first) + len(last) == STDERR_BYTES
    assert written.startswith(first.encode())
    assert written.endswith(last.encode())
    assert len(first) > len(last) > 0


def test_a_character_cut_in_two_is_no_trouble(memfd: int) -> None:
    os.write(memfd, "é".encode() * STDERR_BYTES)
    assert "bytes left out" in process.read_stderr(memfd)


# ---- what a child is started with -------------------------------------------------------------


def test_the_environment_is_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONMALLOC", "LD_PRELOAD", "LANG", "HOME"):
        monkeypatch.setenv(name, "/somewhere")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    assert process.environment() == {
        "PATH": "/bin",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONCOERCECLOCALE": "0",
        "LC_ALL": "C.UTF-8",
    }


PERSONALITIES = """
from finfuzz.executor import process
personality = process._libc.personality
personality(0)
with process.fixed_addresses():
    inside = personality(0xFFFFFFFF)
print(inside, personality(0xFFFFFFFF), process.can_fix_addresses())
"""


@pytest.fixture(scope="module")
def allowed() -> None:
    code = "import ctypes as c; p = c.CDLL(None).personality; p(0x0040000); print(p(0xFFFFFFFF))"
    if python("-c", code) != "262144":
        pytest.skip("personality(2) is not allowed here")


def python(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.usefixtures("allowed")
def test_addresses_are_fixed_inside_and_only_there() -> None:
    assert python("-c", PERSONALITIES) == "262144 0 True"


@pytest.mark.usefixtures("allowed")
def test_what_is_started_has_its_stack_at_the_same_address_each_time() -> None:
    code = "print(next(line for line in open('/proc/self/maps') if '[stack]' in line))"
    with process.fixed_addresses():
        assert len({python("-I", "-S", "-c", code).split("-")[1] for _ in range(3)}) == 1


# ---- ending -----------------------------------------------------------------------------------

FAMILY = """
import os, signal
if os.fork() and os.fork():
    os.write(1, b"ready")
while True: signal.pause()
"""


@pytest.fixture
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A process with two children."""
    root = subprocess.Popen([sys.executable, "-I", "-S", "-c", FAMILY], stdout=subprocess.PIPE)
    assert root.stdout is not None
    assert root.stdout.read(5) == b"ready"
    yield root
    process.end_tree(root.pid)
    root.wait()
    root.stdout.close()


def wait_until_gone(pidfds: list[int]) -> None:
    """Waits for processes to end; a zombie has."""
    for pidfd in pidfds:
        assert select.select([pidfd], [], [], PATIENCE)[0] == [pidfd]
        os.close(pidfd)


def children(root: subprocess.Popen[bytes]) -> list[int]:
    found = [os.pidfd_open(child.pid) for child in psutil.Process(root.pid).children()]
    assert len(found) == 2
    return found


def test_a_tree_is_ended_with_its_root(family: subprocess.Popen[bytes]) -> None:
    pidfds = [*children(family), os.pidfd_open(family.pid)]
    process.end_tree(family.pid)
    wait_until_gone(pidfds)


def test_descendants_are_ended_without_their_root(family: subprocess.Popen[bytes]) -> None:
    pidfds = children(family)
    end_descendants(family.pid)
    wait_until_gone(pidfds)
    assert family.poll() is None


@pytest.mark.parametrize("end", [process.end_tree, end_descendants])
def test_ending_what_is_gone_is_no_error(end: Callable[[int], None]) -> None:
    zombie = subprocess.Popen([sys.executable, "-I", "-S", "-c", ""])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    end(zombie.pid)
    assert zombie.wait() == 0
    end(2**22 + 1)  # more than Linux has ids for


LISTENS = """
import signal, sys, time
sys.path.insert(0, {root!r})
print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []), flush=True)
sys.stdin.readline()
from finfuzz.executor import process
process.ignore_terminal()
print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []), flush=True)
"""


def test_a_ctrl_c_before_a_process_can_hear_it_is_not_its_end() -> None:
    """A campaign under load ended in a traceback of a worker that still imported."""
    code = LISTENS.format(root=str(PACKAGE.parent))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with process.deaf_to_terminal():
        child = subprocess.Popen([sys.executable, "-c", code], text=True, **pipes)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert child.stdout
    assert child.stdout.readline() == "True\n"
    child.send_signal(signal.SIGINT)
    assert child.communicate("go on\n") == ("False\n", "")
    assert child.returncode == 0


INHERITS = """
import signal, subprocess, sys
sys.path.insert(0, {root!r})
from finfuzz.executor.process import ignore_terminal
from finfuzz.support.signals import ignore_alone, ignores
signal.signal(signal.SIGINT, signal.SIG_IGN)
{ignore}()
print(ignores(signal.SIGINT), flush=True)
signal.raise_signal(signal.SIGINT)
child = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
subprocess.run([sys.executable, "-c", child])
"""


@pytest.mark.parametrize("ignore", ["ignore_terminal", "ignore_alone"])
def test_what_is_ignored_is_not_ignored_by_what_is_started(ignore: str) -> None:
    """`exit interrupt` did nothing in a campaign, in a replay and wherever nohup was used."""
    code = INHERITS.format(root=str(PACKAGE.parent), ignore=ignore)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\nTrue\n"


#: Runs for ever, on the first processor.
SPINS = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\nwhile 1: 1"


def test_what_a_process_waits_for_a_processor_is_read() -> None:
    """Of two that share one."""
    spinning, other = (subprocess.Popen([sys.executable, "-c", SPINS]) for _ in range(2))
    end = time.monotonic() + PATIENCE
    try:
        while (found := process.read_scheduled(spinning.pid)).waited < 0.05:
            assert time.monotonic() < end
        assert found.ran > 0
        assert found.ready
        spinning.send_signal(signal.SIGSTOP)
        while process.read_scheduled(spinning.pid).ready:
            assert time.monotonic() < end
    finally:
        for one in (spinning, other):
            one.kill()
            one.wait()
    assert process.read_scheduled(spinning.pid) == (0, 0, False)


FORKS = "import os\nif os.fork():\n    os.wait()\nwhile True: pass"


def test_what_a_fork_has_of_a_processor_counts_for_its_parent() -> None:
    """The parent only waits: a busy machine made a hang of a fork that was kept waiting."""
    parent = subprocess.Popen([sys.executable, "-I", "-S", "-c", FORKS], process_group=0)
    end = time.monotonic() + PATIENCE
    try:
        while process.read_scheduled(parent.pid).ran < 0.5:  # the start of Python takes 0.02 s
            assert time.monotonic() < end
        (child,) = psutil.Process(parent.pid).children()
        assert parent.poll() is None
        assert process.read_scheduled(parent.pid).ran > process.read_scheduled(child.pid).ran > 0
    finally:
        process.end_tree(parent.pid)
        parent.wait()
