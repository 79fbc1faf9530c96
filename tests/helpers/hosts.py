"""Several hosts on one machine: network namespaces, each with its own address and CPythons.

Linux, `ip` and root are needed. A host shares files and the hostname with the others.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from finfuzz.executor.process import tie_to_us

PORT = 8786


def can_make_hosts() -> bool:
    """Whether this machine lets the tests make network namespaces."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"ff{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return made.returncode == 0


class Hosts:
    """A head, and nodes that it reaches through a bridge of its own."""

    def __init__(self, folder: Path, nodes: int) -> None:
        self._folder = folder
        self._names = [f"ff{os.getpid()}-{number}" for number in range(nodes + 1)]
        self._started: list[subprocess.Popen[bytes]] = []
        for number, name in enumerate(self._names):
            _ip("netns", "add", name)
            self._inside(number, "link set lo up")
        self._inside(0, "link add bridge type bridge")
        self._inside(0, "link set bridge up")
        self._inside(0, f"addr add {self.address(0)}/24 dev bridge")
        for number in range(1, nodes + 1):
            self._connect(number)

    @staticmethod
    def address(number: int) -> str:
        return f"10.78.0.{number + 1}"

    def cache(self, number: int) -> Path:
        """The cache of a node that shares none."""
        return self._folder / f"home{number}" / "cache"

    @property
    def scheduler(self) -> str:
        return f"tcp://{self.address(0)}:{PORT}"

    def command(self, number: int, *command: object) -> list[str]:
        """Make a command that runs on a host; 0 is the head."""
        return ["ip", "netns", "exec", self._names[number], *map(str, command)]

    def start(self, number: int, *command: object, **variables: str) -> None:
        """Start a process on a host, which ends with this one."""
        with (self._folder / f"host{number}.log").open("ab") as log:
            self._started.append(
                subprocess.Popen(
                    tie_to_us(sys.executable, self.command(number, *command)),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={**os.environ, **variables},
                )
            )

    def start_dask(self, pythons: Mapping[int, Path], cache: Path | None = None) -> None:
        """Start a scheduler on the head, and a Dask worker on each node with one CPython.

        ``cache``: of all nodes; without it, each has one of its own.
        """
        self.start(
            0, sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard",
            "--host", self.address(0), "--port", PORT,
        )  # fmt: skip
        for number, python in pythons.items():
            home = self._folder / f"home{number}"
            home.mkdir()
            own = {"HOME": home, "PYENV_ROOT": home, "FINFUZZ_CACHE": cache or self.cache(number)}
            self.start(
                number, sys.executable, "-m", "distributed.cli.dask_worker", self.scheduler,
                "--host", self.address(number), "--nworkers", 1, "--nthreads", 1,
                "--memory-limit", 0, "--no-dashboard", "--local-directory", home / "dask",
                **{name: str(path) for name, path in own.items()},
                PATH=f"{python.parent}:/usr/bin:/bin",
            )  # fmt: skip

    def close(self) -> None:
        for process in reversed(self._started):
            process.terminate()
        for process in self._started:
            process.wait()
        for name in self._names:
            _ip("netns", "del", name)

    def _connect(self, number: int) -> None:
        _ip(
            *f"link add eth0 netns {self._names[number]} type veth".split(),
            *f"peer name to{number} netns {self._names[0]}".split(),
        )
        self._inside(0, f"link set to{number} master bridge up")
        self._inside(number, f"addr add {self.address(number)}/24 dev eth0")
        self._inside(number, "link set eth0 up")

    def _inside(self, number: int, arguments: str) -> None:
        _ip("-n", self._names[number], *arguments.split())


@contextlib.contextmanager
def hosts_in(folder: Path, nodes: int) -> Iterator[Hosts]:
    """Make hosts, and remove them in any case."""
    made = Hosts(folder, nodes)
    try:
        yield made
    finally:
        made.close()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
