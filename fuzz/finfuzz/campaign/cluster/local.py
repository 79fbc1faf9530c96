"""A Dask cluster of this machine, for `--cluster local:N`: the same code as with any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from finfuzz.executor.process import deaf_to_terminal, end_tree, tie_to_us
from finfuzz.support.errors import UserError
from finfuzz.support.own_python import module_command

_START_SECONDS = 60.0
#: Dask's profiler takes a hundredth of a core, its memory limit knows nothing of our children.
_QUIET = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
    "DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD": "spawn",
}


class LocalDask:
    """A scheduler and Dask workers on the loopback, which end with this process.

    A nanny starts a Dask worker that dies again. All is below ``folder``.
    """

    def __init__(self, workers: int, folder: Path) -> None:
        """Start the scheduler. Raises UserError if that does not work."""
        self._count, self._folder = workers, folder
        self._scheduler = self._start(
            "dask_scheduler", "--port", "0", "--scheduler-file", folder / "scheduler.json"
        )
        self.address = self._wait_for_address(folder / "scheduler.json")
        self._workers = self._start_workers()

    @property
    def pids(self) -> list[int]:
        return [self._scheduler.pid, self._workers.pid]

    def find_problem(self) -> str:
        """Say that the scheduler is gone; start workers again whose nanny is gone."""
        if self._scheduler.poll() is not None:
            return "the Dask scheduler is gone"
        if self._workers.poll() is not None:
            self._workers = self._start_workers()
        return ""

    def close(self) -> None:
        for process in (self._workers, self._scheduler):
            end_tree(process.pid)
            process.wait()

    def _start_workers(self) -> subprocess.Popen[bytes]:
        return self._start(
            "dask_worker",
            *(self.address, "--nworkers", self._count, "--nthreads", 1, "--memory-limit", 0),
            *("--local-directory", self._folder / "dask"),
        )

    def _start(self, module: str, *arguments: object) -> subprocess.Popen[bytes]:
        command = module_command(
            f"distributed.cli.{module}", *arguments, "--host", "127.0.0.1", "--no-dashboard"
        )
        with deaf_to_terminal(), (self._folder / f"{module}.log").open("ab") as log:
            return subprocess.Popen(
                tie_to_us(sys.executable, command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **_QUIET},
            )

    def _wait_for_address(self, file: Path) -> str:
        end = time.monotonic() + _START_SECONDS
        while self._scheduler.poll() is None and time.monotonic() < end:
            try:
                return str(json.loads(file.read_text())["address"])
            except (OSError, ValueError, KeyError):  # not there, or half written
                time.sleep(0.05)
        log = (self._folder / "dask_scheduler.log").read_text(errors="replace").splitlines()
        self._scheduler.kill()
        last = log[-1] if log else "no message"
        raise UserError(f"can't start a Dask scheduler: {last}: is finfuzz[cluster] installed?")
