"""Does it die again? With the driver in fresh processes, and by a script."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from fuzz.executor.fresh import run_fresh
from fuzz.executor.limits import Limits
from fuzz.executor.zygote import Executor
from fuzz.target.build import Build
from fuzz.triage import confirm as module
from fuzz.triage.confirm import HANG_RUNS, RUNS, buckets, confirm, confirm_script
from fuzz.triage.diagnose import DIAGNOSTICS, Diagnosis, diagnose
from fuzz.triage.finding import Rate

GUARDED = "finfuzz 1\nnode a container\nedge a a append\nroot a codec\n"
SURVIVES = "finfuzz 1\nnode a container\nedge a a append\nroot a module\n"
LIMITS = Limits(deadline=10.0)


@pytest.fixture(scope="module")
def died(executor: Executor) -> Diagnosis:
    (found,) = diagnose(executor.run(GUARDED), LIMITS.memory_mib)
    return found


def test_what_dies_in_a_zygote_dies_in_each_fresh_process(destroy: Build, died: Diagnosis) -> None:
    assert confirm(destroy, GUARDED, died, LIMITS) == Rate(RUNS, RUNS)


def test_what_survives_is_confirmed_never(destroy: Build, died: Diagnosis) -> None:
    assert confirm(destroy, SURVIVES, died, LIMITS) == Rate(0, RUNS)


def test_dying_of_something_else_does_not_count(destroy: Build, died: Diagnosis) -> None:
    other = Diagnosis(died.signal, died.diagnostic, died.phase, died.detail, ("elsewhere",))
    assert confirm(destroy, GUARDED, other, LIMITS) == Rate(0, RUNS)


def test_a_survivor_has_no_bucket(plain_c: Build) -> None:
    assert buckets(run_fresh(plain_c, GUARDED, LIMITS), LIMITS) == frozenset()


def test_zygote_and_fresh_process_give_one_bucket(executor: Executor, destroy: Build) -> None:
    in_zygote, fresh = executor.run(GUARDED), run_fresh(destroy, GUARDED, LIMITS)
    assert buckets(in_zygote, LIMITS) == buckets(fresh, LIMITS) != frozenset()


def test_what_the_fuzzer_itself_uses_is_not_the_childs(plain_c: Build) -> None:
    ballast = b"x" * (128 << 20)
    outcome = run_fresh(plain_c, "finfuzz 1\n", LIMITS)
    assert outcome.peak_kib < len(ballast) // 1024


DIE = "import os, signal, sys\nsys.stderr.write({!r})\nsys.stderr.flush()\n"
ABORT = DIE + "os.abort()\n"
SEGFAULT = DIE + "os.kill(os.getpid(), signal.SIGSEGV)\n"
END = DIE

#: Every script takes this argument: then it compiles what it needs and does no more.
COMPILES = "import sys\nif sys.argv[1:] == ['--compile']: sys.exit()\n"

GUARD = "terminate called\n  what():  reentrant call detected while fetching pybind11 internals!\n"
THROWN = "terminate called after throwing an instance of 'pybind11::cast_error'\n"


@pytest.mark.parametrize(
    ("signal", "diagnostic", "script", "dies"),
    [
        ("SIGABRT", "internals-recreated", ABORT.format(GUARD), True),
        ("SIGABRT", "internals-recreated", ABORT.format(THROWN), False),  # another message
        ("SIGABRT", "internals-recreated", SEGFAULT.format(GUARD), False),  # another signal
        ("SIGABRT", "internals-recreated", END.format(GUARD), False),  # none
        ("SIGSEGV", "internals-recreated", SEGFAULT.format(GUARD), True),
        (
            "NONE",
            "internals-recreated-silently",
            END.format("finfuzz: internals created again in the same interpreter\n"),
            True,
        ),
        ("NONE", "internals-recreated-silently", END.format(""), False),
        (
            "NONE",
            "capsule-lost",
            END.format("finfuzz: global internals capsule is not there\n"),
            True,
        ),
        ("NONE", "capsule-lost", END.format("") + "sys.exit(1)\n", False),
        ("SIGABRT", "fatal-python-error", ABORT.format("Fatal Python error: x\n"), True),
        ("SIGABRT", "fatal-python-error", ABORT.format(""), False),
        ("SIGABRT", "cast-error", ABORT.format(THROWN), True),
        ("SIGABRT", "cast-error", ABORT.format(THROWN.replace("cast_error", "other")), False),
        ("SIGABRT", "uncaught-cxx-exception", ABORT.format(THROWN.replace("cast", "x")), True),
        ("SIGABRT", "uncaught-cxx-exception", ABORT.format(""), False),
        ("SIGSEGV", "none", SEGFAULT.format(""), True),
        ("SIGSEGV", "none", ABORT.format(""), False),
        ("SIGSEGV", "none", END.format(""), False),
        ("HANG", "hang", END.format(""), False),
    ],
)
def test_a_script_dies_of_the_same_or_it_does_not_count(
    signal: str,
    diagnostic: str,
    script: str,
    dies: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    plain_c: Build,
) -> None:
    monkeypatch.setattr(module, "START_SECONDS", 1)  # for the one that hangs
    monkeypatch.setattr(module, "RUNS", 2)  # these do the same each time
    (tmp_path / "repro.py").write_text(COMPILES + script)
    diagnosis = Diagnosis(signal, diagnostic, "finalizing", "", ())
    rate = confirm_script(tmp_path, plain_c, diagnosis, LIMITS)
    assert rate == Rate(2 if dies else 0, 2)


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_script_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, plain_c: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pid lies in a file for each process of it; none of them is there any more."""
    monkeypatch.setattr(module, "START_SECONDS", 1)
    write = "import os; open(f'{os.getpid()}.pid', 'w').close()"
    (tmp_path / "repro.py").write_text(
        f"{COMPILES}import subprocess, sys\n{write}\n"
        f'subprocess.run([sys.executable, "-c", "{write}; import signal; signal.pause()"])\n'
    )
    hang = Diagnosis("HANG", "hang", "running", "", ())
    rate = confirm_script(tmp_path, plain_c, hang, Limits(deadline=0.1))
    assert rate == Rate(HANG_RUNS, HANG_RUNS)
    pids = [int(path.stem) for path in tmp_path.glob("*.pid")]
    assert len(pids) == 2 * HANG_RUNS
    # SIGKILL takes its time, and what nobody waits for stays as a zombie.
    end = time.monotonic() + 30
    while (left := [pid for pid in pids if lives(pid)]) and time.monotonic() < end:
        time.sleep(0.01)
    assert left == []


def test_a_script_sees_the_users_environment_less_what_changes_the_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_c: Build
) -> None:
    monkeypatch.setenv("PYTHONMALLOC", "debug")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("FINFUZZ_OTHER", "kept")
    (tmp_path / "repro.py").write_text(
        f"{COMPILES}import os\n"
        "if not [key for key in os.environ if key.startswith('PYTHON')]:\n"
        "    if 'FINFUZZ_OTHER' in os.environ: os.abort()\n"
    )
    diagnosis = Diagnosis("SIGABRT", "none", "finalizing", "", ())
    rate = confirm_script(tmp_path, plain_c, diagnosis, LIMITS)
    assert rate == Rate(RUNS, RUNS)


def test_what_a_script_has_to_write_is_known_for_what_says_something() -> None:
    from fuzz.triage.confirm import _WRITES  # noqa: PLC0415

    assert set(DIAGNOSTICS) - set(_WRITES) == {"memory-ceiling", "hang", "none"}
