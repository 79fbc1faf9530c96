"""CPythons built from commits: once each, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import probe
from finfuzz.triage.attribution.commits import Repository
from finfuzz.triage.attribution.cpython_builds import CpythonBuilds
from helpers.cpython_history import CpythonHistory
from helpers.finding_example import crashes_with, finding
from helpers.patience import wait_until

OWN = Path(sys.executable).resolve()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FINFUZZ_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "cpythons"


@pytest.fixture
def history(tmp_path: Path) -> CpythonHistory:
    return CpythonHistory(tmp_path / "cpython")


def make(history: CpythonHistory, commit: str, abiflags: str = "") -> tuple[Path, list[str]]:
    """The executable, and the lines that were announced."""
    lines: list[str] = []
    repository = Repository(history.folder)
    return CpythonBuilds(repository, abiflags, lines.append).make(commit), lines


def test_each_commit_is_built_once(history: CpythonHistory, cache: Path) -> None:
    commit = history.commit("one", OWN)
    (history.folder / "configure").write_text("somebody's work")
    before = history.git("status", "--porcelain"), history.git("worktree", "list")
    executable, lines = make(history, commit)
    assert probe(executable).executable == OWN
    assert [line.partition(": ")[2] for line in lines] == [
        "configure (1 of 4)",
        "make (2 of 4)",
        "import ctypes (3 of 4)",
        "make altinstall (4 of 4)",
    ]
    assert make(history, commit) == (executable, [])
    assert (history.git("status", "--porcelain"), history.git("worktree", "list")) == before
    assert sorted(path.name for path in cache.iterdir()) == [".lock", executable.parts[-3]]


def test_a_debug_build_is_another_build(history: CpythonHistory, cache: Path) -> None:
    commit = history.commit("one", OWN)
    assert make(history, commit)[0] != make(history, commit, "d")[0]
    assert len(list(cache.glob(f"{commit}-*"))) == 2


@pytest.mark.parametrize(
    ("commands", "problem"),
    [
        (
            "@echo 'x.c:1: warning: no'; echo 'x.c:2: error: no'; false",
            r"does not build: make fails: x\.c:2: error: no \(see \S+\.log\)",
        ),
        (
            "printf '#!/bin/sh\\necho No module named _ctypes; exit 1' > python; chmod +x python",
            r"does not build: import ctypes fails: No module named _ctypes \(see \S+\.log\)",
        ),
    ],
)
def test_a_build_that_fails(
    history: CpythonHistory, cache: Path, commands: str, problem: str
) -> None:
    """The log stays, and nothing else: the next try begins anew."""
    commit = history.commit("one", OWN, make=commands)
    with pytest.raises(UserError, match=f"^{problem}$"):
        make(history, commit)
    (log,) = (path for path in cache.iterdir() if path.name != ".lock")
    assert log.name.startswith(commit)
    assert log.suffix == ".log"


def test_the_environment_of_a_build(
    history: CpythonHistory, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another Python's variables and an outer make's do not reach it; ccache is used."""
    for name in ("ccache", "cc"):
        (tmp_path / name).write_text("#!/bin/sh\necho compiler 1.0\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("MAKEFLAGS", "--silent -j7")
    monkeypatch.delenv("CC", raising=False)
    seen = tmp_path / "seen"
    commit = history.commit("one", OWN, make=f"ln -s {OWN} python; env > {seen}")
    make(history, commit)
    variables = dict(line.partition("=")[::2] for line in seen.read_text().splitlines())
    assert variables["CC"] == f"{tmp_path}/ccache {tmp_path}/cc"
    assert "PYTHONPATH" not in variables
    assert "--silent" not in variables["MAKEFLAGS"]
    assert cache.is_dir()


def test_ctrl_c_leaves_nothing(history: CpythonHistory, cache: Path, tmp_path: Path) -> None:
    """Neither a process nor a folder: make and its children end with the command."""
    alive = tmp_path / "alive"
    history.commit("one", OWN, make=f"touch {alive}; exec sleep 1000")
    history.commit("two", OWN)
    crashes_with(tmp_path / "crashes", finding())
    history_ends = ("--good", "HEAD~1", "--bad", "HEAD")
    arguments = ("0123", "--trust", "--python-repo", history.folder, *history_ends)
    command = [sys.executable, "-m", "finfuzz", "bisect", *arguments]
    bisect = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    with bisect:
        wait_until(lambda: alive.exists() or bisect.poll() is not None, "make's child")
        family = psutil.Process(bisect.pid).children(recursive=True)
        bisect.send_signal(signal.SIGINT)
        assert bisect.stderr is not None
        printed = bisect.stderr.read()
    assert (bisect.returncode, printed.splitlines()[-1]) == (130, "finfuzz: error: interrupted")
    assert len(family) >= 2
    assert not any(one.is_running() and one.status() != "zombie" for one in family)
    assert [path.name for path in cache.iterdir()] == [".lock"]
