"""A command is bounded in time and output, and nothing of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from finfuzz.triage.instruments.run import KEPT, Run, run, start
from helpers.patience import wait_until, wait_until_gone

#: Starts a process in a group of its own that nobody waits for; both write their ids into files.
LEAVES_ONE = """
import os, signal, sys
if os.fork() == 0:
    os.setpgid(0, 0)
    open(f"{os.getpid()}.pid", "w").close()
    signal.pause()
while not [name for name in os.listdir() if name.endswith(".pid")]: pass
open(f"{os.getpid()}.pid", "w").close()
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", textwrap.dedent(code)]


def pids_in(folder: Path) -> list[int]:
    return [int(path.stem) for path in folder.glob("*.pid")]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("print('out')", Run(0, "out\n")),
        ("import sys; sys.stderr.write('error'); sys.exit(3)", Run(3, "error")),
        ("import os; os.abort()", Run(-signal.SIGABRT, "")),
        ("import os; os.write(1, b'\\xff\\0')", Run(0, "\\xff\0")),
        ("import os, sys; print(repr(sys.stdin.read()), os.getsid(0) == os.getpid())", None),
    ],
)
def test_a_run_and_what_it_wrote(code: str, expected: Run | None, tmp_path: Path) -> None:
    assert run(python(code), tmp_path, os.environ, 60) == (expected or Run(0, "'' True\n"))


def test_its_time_is_up(tmp_path: Path) -> None:
    code = "print('begun', flush=True); import signal; signal.pause()"
    assert run(python(code), tmp_path, os.environ, 1.0) == Run(None, "begun\n")


def test_a_hundred_megabytes_keep_their_beginning_and_end(tmp_path: Path) -> None:
    code = "print('begin'); line = 'x' * 1023\nfor _ in range(100 << 10): print(line)\nprint('end')"
    before = psutil.Process().memory_info().rss
    done = run(python(code), tmp_path, os.environ, 120)
    assert done.returncode == 0  # nothing stopped it from writing
    assert done.text.startswith("begin\nxxx")
    assert done.text.endswith("xxx\nend\n")
    assert (
        f"\n[finfuzz: {len('begin') + (100 << 20) + len('end') + 2 - KEPT} bytes left out]\n"
        in (done.text)
    )
    assert psutil.Process().memory_info().rss - before < 20 << 20


def test_no_core_file(tmp_path: Path) -> None:
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    assert run(python(code), tmp_path, os.environ, 60).text == "(0, 0)\n"


def test_only_its_own_variables(tmp_path: Path) -> None:
    code = "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))"
    assert run(python(code), tmp_path, {"A": "1"}, 60).text == "['A']\n"


def test_what_it_leaves_behind_is_ended(tmp_path: Path) -> None:
    assert run(python(LEAVES_ONE), tmp_path, os.environ, 60).returncode == 0
    pids = pids_in(tmp_path)
    assert len(pids) == 2
    wait_until_gone(pids)


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        start(python("import signal; signal.pause()"), tmp_path, os.environ) as started,
    ):
        raise KeyboardInterrupt
    wait_until_gone([started.pid])


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_ending_us_ends_it(how: signal.Signals, tmp_path: Path) -> None:
    script = "open(f'{os.getpid()}.pid', 'w').close(); import signal; signal.pause()"
    us = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, sys\nfrom pathlib import Path\n"
            "from finfuzz.triage.instruments.run import run\n"
            f"run({python('import os; ' + script)!r}, Path('.'), os.environ, 600)",
        ],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: pids_in(tmp_path), "its process")
    us.send_signal(how)
    us.wait()
    (pid,) = pids_in(tmp_path)
    wait_until_gone([pid])
