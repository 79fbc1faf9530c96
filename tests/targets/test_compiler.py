import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.compiler import BuildError, find_compiler, read_version, run_compiler


def tool(path: Path, body: str = "exit 0") -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_finds_one_on_path_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("clang++", "g++", "c++"):
        made = tool(tmp_path / name)
        assert find_compiler() == made


def test_cxx_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tool(tmp_path / "my-c++")
    monkeypatch.setenv("CXX", f"{mine} -O3")
    assert find_compiler() == mine


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"no C\+\+ compiler on PATH .* apt install g\+\+"):
        find_compiler()


def test_cxx_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-c++ -O3")
    with pytest.raises(UserError, match=r"\$CXX names 'no-such-c\+\+'"):
        find_compiler()


def test_version_is_the_first_line(tmp_path: Path) -> None:
    assert read_version(tool(tmp_path / "c++", "echo 'c++ 12.2'; echo more")) == "c++ 12.2"


def test_version_that_fails(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"bad --version fails .* apt install"):
        read_version(tool(tmp_path / "bad", "exit 3"))


def test_a_failed_compile_shows_what_the_compiler_said(tmp_path: Path) -> None:
    (tmp_path / "a b.cpp").write_text("int main() { return nothing_here; }")
    command = [str(find_compiler()), "-c", "a b.cpp"]
    with pytest.raises(BuildError) as caught:
        run_compiler(command, tmp_path)
    first, *rest = str(caught.value).splitlines()
    assert first == f"the compiler failed with exit code 1: {shlex.join(command)}"
    assert any("error" in line and "nothing_here" in line for line in rest)


def test_long_output_is_cut_from_the_first_error_on(tmp_path: Path) -> None:
    noisy = tool(tmp_path / "c++", "seq -f 'warning %g' 30; seq -f 'error %g' 60; exit 1")
    with pytest.raises(BuildError) as caught:
        run_compiler([str(noisy)], tmp_path)
    lines = str(caught.value).splitlines()
    assert lines[1] == "error 1"
    assert lines[40:] == ["error 40", "… (50 more lines)"]


def test_a_good_compile_runs_in_the_folder(tmp_path: Path) -> None:
    run_compiler([shutil.which("touch") or "", "made"], tmp_path)
    assert (tmp_path / "made").exists()


def test_the_first_error_names_files_without_their_folders() -> None:
    error = BuildError(
        "the compiler failed with exit code 1: c++ -c /home/me/a.cpp\n"
        "/home/me/include/a.h:3:1: error: no /home/me/b.h in there"
    )
    assert error.first_error == "a.h:3:1: error: no /home/me/b.h in there"


INTERRUPTED = """
import subprocess, sys, threading
from finfuzz.targets.compiler import run_all, run_compiler
over = threading.Event()

def run(name):
    if name == "first":
        over.set()
        raise KeyboardInterrupt
    over.wait()
    run_compiler(["sleep", "3600"], ".")

try:
    run_all(run, ["first", "second", "third"])
except KeyboardInterrupt:
    sys.exit(7)
"""


def test_a_compiler_that_starts_while_others_are_ended_is_ended_too() -> None:
    """`finfuzz run` waited for it after SIGTERM, once in a busy run of these tests."""
    assert subprocess.run([sys.executable, "-c", INTERRUPTED], check=False).returncode == 7
