"""SIGTERM ends a command, and what it has started, while builds are made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from finfuzz.targets.interpreters import find_interpreters
from helpers.campaigns import PATIENCE, wait_until

PYTHON = next(found.text for found in find_interpreters() if found.includes)
COMPILER = """#!/bin/sh
case "$1" in --version) echo "a compiler that never ends"; exit;; esac
exec sleep 3600
"""


def test_a_compiler_is_ended_with_the_command(tmp_path: Path) -> None:
    compiler = tmp_path / "c++"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    (tmp_path / "cache").mkdir()
    command = ["run", "--target", "plain-c", "--python", PYTHON, "--time", "1"]
    variables = {"CXX": str(compiler), "FINFUZZ_CACHE": str(tmp_path / "cache")}
    finfuzz = subprocess.Popen(
        [sys.executable, "-P", "-m", "finfuzz", *command],
        cwd=tmp_path,
        env={**os.environ, **variables},
        stderr=subprocess.PIPE,
        text=True,
    )
    ours = psutil.Process(finfuzz.pid)
    compilers: list[psutil.Process] = []
    try:
        wait_until(
            lambda: (
                compilers.extend(one for one in ours.children() if name_of(one) == "sleep")
                or compilers
            ),
            "the compiler",
        )
        finfuzz.send_signal(signal.SIGTERM)
        _, said = finfuzz.communicate(timeout=PATIENCE)
    finally:
        for one in [*compilers, ours]:
            if one.is_running():
                one.kill()
    assert finfuzz.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in said
    wait_until(lambda: not any(map(is_alive, compilers)), "the compiler's end")
    assert list((tmp_path / "cache" / "builds").glob(".*")) == []


def name_of(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.NoSuchProcess:  # the compiler that told its version
        return ""


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
