"""A Dask worker as a campaign sees it: its node's CPythons, kernel and processor, asked once."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import socket
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter, find_interpreters, probe


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A Dask worker and the machine that it runs on.

    ``address``: the Dask worker's. ``threads``: shards that it runs at a time. ``pythons``: paths
    of the CPythons with headers, by version (`3.13.18`, `3.14.10d`). ``finfuzz``: its version of
    finfuzz.
    """

    host: str
    address: str
    threads: int
    pythons: dict[str, str]
    kernel: str
    architecture: str
    processor: str
    cores: int
    finfuzz: str

    @property
    def name(self) -> str:
        return name_node(self.host, self.address)


def name_node(host: str, address: str) -> str:
    """Name a node by its host's name, with its address unless that is the loopback."""
    place = address.rpartition(":")[0].rpartition("/")[2]
    return host if place.startswith("127.") else f"{host} ({place})"


async def describe_node(dask_worker: Any) -> bytes:
    """Describe the node that this Dask worker runs on, as msgpack: seconds the first time."""
    facts = await asyncio.to_thread(_read_facts)
    worker = {"address": dask_worker.address, "threads": dask_worker.state.nthreads}
    return msgspec.msgpack.encode({**facts, **worker})


def find_python(version: str, path: str) -> Interpreter:
    """Find the CPython of this version, at ``path`` if it is there. Raises UserError."""
    if Path(path).is_file():
        found = probe(Path(path))
        if found.text == version:
            return found
    own = _list_pythons().get(version)
    if own is None:
        raise UserError(f"{socket.gethostname()} has no CPython {version} with headers")
    return probe(Path(own))


@cache
def _list_pythons() -> dict[str, str]:
    found = [one for one in find_interpreters() if one.includes]
    return {one.text: str(one.path) for one in reversed(found)}


@cache
def _read_facts() -> dict[str, object]:
    return {
        "host": socket.gethostname(),
        "pythons": _list_pythons(),
        "kernel": os.uname().release,
        "architecture": platform.machine(),
        "processor": read_processor(),
        "cores": len(os.sched_getaffinity(0)),
        "finfuzz": importlib.metadata.version("finfuzz"),
    }


@cache
def read_processor() -> str:
    """Read the processor's name; where the kernel gives none, the architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
