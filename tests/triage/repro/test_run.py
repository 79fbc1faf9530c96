"""Does a script die as its finding says? In a clean environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.rate import HANG_RUNS, Rate
from finfuzz.triage.repro import run as module
from finfuzz.triage.repro.run import confirm_script, shows_held
from helpers.patience import wait_until_gone
from helpers.places import PACKAGE

LIMITS = Limits(deadline=10.0)

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
            END.format("internals created again in the same interpreter\n"),
            True,
        ),
        ("NONE", "internals-recreated-silently", END.format(""), False),
        (
            "NONE",
            "capsule-lost",
            END.format("global internals capsule is not there\n"),
            True,
        ),
        ("NONE", "capsule-lost", END.format("") + "sys.exit(1)\n", False),
        ("SIGABRT", "fatal-python-error", ABORT.format("Fatal Python error: x\n"), True),
        ("SIGABRT", "fatal-python-error", ABORT.format(""), False),
        ("SIGABRT", "cast-error", ABORT.format(THROWN), True),
        ("SIGABRT", "cast-error", ABORT.format(THROWN.replace("cast_error", "other")), False),
        ("SIGABRT", "uncaught-cxx-exception", ABORT.format(THROWN.replace("cast", "x")), True),
        ("SIGABRT", "uncaught-cxx-exception", ABORT.format(""), False),
        ("SIGABRT", "heap-corruption", ABORT.format("double free or corruption (out)\n"), True),
        ("SIGABRT", "heap-corruption", ABORT.format(THROWN), False),
        ("SIGSEGV", "heap-corruption", SEGFAULT.format(""), True),
        ("SIGABRT", "heap-corruption", SEGFAULT.format(""), True),  # chance decides
        ("SIGABRT", "heap-corruption", END.format(""), False),
        ("SIGABRT", "framework-failure", ABORT.format(THROWN.replace("cast", "x")), True),
        ("SIGABRT", "pymalloc-check", ABORT.format(""), False),
        ("NONE", "wrong-answer", END.format("self-check: static storage: 1\n"), True),
        ("NONE", "unraisable-exception", END.format("Exception ignored in: x\n"), True),
        ("NONE", "leak-report", END.format("nanobind: leaked 2 instances!\n"), True),
        ("NONE", "leak-report", END.format(""), False),
        ("SIGSEGV", "none", SEGFAULT.format(""), True),
        ("SIGSEGV", "none", SEGFAULT.format(THROWN), False),
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
    monkeypatch.setattr(module, "MOST", 2)  # these do the same each time
    (tmp_path / "repro.py").write_text(COMPILES + script)
    diagnosis = Diagnosis(signal, diagnostic, "finalizing", "", ())
    rate = confirm_script(tmp_path, plain_c, diagnosis, LIMITS)
    assert rate == Rate(2 if dies else 0, 2)


def test_a_script_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, plain_c: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pid lies in a file for each process of it; none of them is there any more."""
    monkeypatch.setattr(module, "START_SECONDS", 1)
    write = f"import os; open('{tmp_path}/' + str(os.getpid()) + '.pid', 'w').close()"
    (tmp_path / "repro.py").write_text(
        f"{COMPILES}import subprocess, sys\n{write}\n"
        f'subprocess.run([sys.executable, "-c", "{write}; import signal; signal.pause()"])\n'
    )
    hang = Diagnosis("HANG", "hang", "running", "", ())
    rate = confirm_script(tmp_path, plain_c, hang, Limits(deadline=0.1))
    assert rate == Rate(HANG_RUNS, HANG_RUNS)
    pids = [int(path.stem) for path in tmp_path.glob("*.pid")]
    assert len(pids) == 2 * HANG_RUNS
    wait_until_gone(pids)


@pytest.fixture
def never_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)


@pytest.mark.usefixtures("never_again")
@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("changes the interpreter", "[key for key in os.environ if key.startswith('PYTHON')]"),
        ("is the user's own", "os.environ.get('FINFUZZ_OTHER')"),
        ("is in the user's home", "os.environ['HOME'] == FORMER_HOME"),
        ("is on the user's PATH", "'/somewhere' in os.environ['PATH']"),
        ("has been installed", "[one for one in sys.path if os.path.exists(one + '/pip')]"),
        ("is ours", "importlib.util.find_spec('finfuzz')"),
        ("lies elsewhere", "os.getcwd() != HERE or sys.path[0] != HERE"),
    ],
    ids=str.split,
)
def test_a_script_sees_nothing_that(
    what: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_c: Build
) -> None:
    monkeypatch.setenv("PYTHONMALLOC", "debug")
    monkeypatch.setenv("PYTHONPATH", str(PACKAGE.parent))
    monkeypatch.setenv("FINFUZZ_OTHER", "kept")
    monkeypatch.setenv("PATH", "/somewhere", prepend=":")
    (tmp_path / "repro.py").write_text(
        f"{COMPILES}import importlib.util, os\n"
        f"HERE, FORMER_HOME = {str(tmp_path)!r}, {str(Path.home())!r}\n"
        f"if not ({code}):\n"
        "    os.abort()\n"
    )
    diagnosis = Diagnosis("SIGABRT", "none", "finalizing", "", ())
    assert confirm_script(tmp_path, plain_c, diagnosis, LIMITS) == Rate(1, 1), what


@pytest.mark.usefixtures("never_again")
def test_a_script_sees_the_compiler_that_the_user_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_c: Build
) -> None:
    monkeypatch.setenv("CXX", "c++ -march=native")
    (tmp_path / "repro.py").write_text(
        f"{COMPILES}import os\nif os.environ['CXX'] == 'c++ -march=native': os.abort()\n"
    )
    diagnosis = Diagnosis("SIGABRT", "none", "finalizing", "", ())
    assert confirm_script(tmp_path, plain_c, diagnosis, LIMITS) == Rate(1, 1)


def test_runs_are_by_paths_of_many_lengths(tmp_path: Path, plain_c: Build) -> None:
    """They are on the interpreter's heap, and decide what lies at which address there."""
    (tmp_path / "repro.py").write_text(
        f"{COMPILES}import os\n"
        f"paths = open({str(tmp_path / 'paths')!r}, 'a')\n"
        "print(len(sys.executable), len(os.getcwd()), file=paths, flush=True)\n"
        "os.abort()\n"
    )
    diagnosis = Diagnosis("SIGABRT", "none", "finalizing", "", ())
    assert confirm_script(tmp_path, plain_c, diagnosis, LIMITS) == Rate(10, 10)
    lines = (tmp_path / "paths").read_text().splitlines()
    pythons, scripts = zip(*(map(int, line.split()) for line in lines), strict=True)
    assert len({length // 16 for length in pythons}) == 5
    assert len(set(scripts)) >= 9


def test_a_script_that_does_not_compile_says_so(tmp_path: Path, plain_c: Build) -> None:
    (tmp_path / "repro.py").write_text("import sys; sys.exit('g++: error: no such file')\n")
    diagnosis = Diagnosis("SIGABRT", "none", "finalizing", "", ())
    with pytest.raises(UserError, match=r"repro\.py does not compile: g\+\+: error: no such file$"):
        confirm_script(tmp_path, plain_c, diagnosis, LIMITS)


@pytest.mark.parametrize(
    ("stderr", "key", "shown"),
    [
        ("types held unseen: Colour 1\n", "type Colour", True),
        ("types held unseen: Box 2, Colour 1\n", "type Colour", True),
        ("types held unseen: NativeColour 1\n", "type Colour", False),
        ("types held unseen: \n", "type Colour", False),
        ("Colour 1\n", "type Colour", False),
    ],
)
def test_a_script_names_a_type_that_is_held(stderr: str, key: str, shown: bool) -> None:
    assert shows_held(stderr, key) == shown
