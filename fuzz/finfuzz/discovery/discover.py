"""Start a discovery in the package's own Python, read its answer, and end all that it leaves."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from finfuzz.discovery.answer import (
    Death,
    Discovery,
    End,
    Ended,
    Failed,
    Found,
    Imported,
    Isolated,
    Kind,
    Line,
    Progress,
    parse_line,
)
from finfuzz.executor.process import end_tree
from finfuzz.support.errors import UserError
from finfuzz.targets.instrumentation import make_variables, read_instrumentation
from finfuzz.targets.interpreters import probe

_START = Path(__file__).resolve().parent.parent / "child" / "packages" / "discover" / "start.py"
_ISOLATION = Path(__file__).resolve().parent / "isolation.py"
#: Seconds after the given time until the process is killed: a probe takes two at most.
_GRACE = 10
#: Bytes of the package's standard error that are read for an error message.
_STDERR_BYTES = 1 << 16

Show = Callable[[Progress], None]


def discover(
    python: Path,
    paths: Sequence[Path],
    module: str,
    seconds: float,
    *,
    site: bool = True,
    show: Show = lambda _: None,
) -> Discovery:
    """Find out in about ``seconds`` what a module's types are and which references they hold.

    ``python``: the CPython or a virtual environment's python. ``paths``: folders to import from,
    before its own. ``site``: whether it sees its own site-packages. ``show`` gets the progress.

    Raises UserError if the module can't be imported there.
    """
    interpreter = probe(python)
    version = interpreter.text
    collected = _Collected(module, f"{python} (CPython {version})", seconds)
    command = [str(python.absolute()), *("-s", "-B", "-X", "utf8"), *(() if site else ("-S",))]
    request = {
        "command": [*command, str(_START)],
        "module": module,
        "paths": [str(path.absolute()) for path in paths],
        "seconds": seconds,
        "limit_memory": read_instrumentation(interpreter.executable).limits_memory,
    }
    with _start(request, make_variables(interpreter)) as (process, answer, stderr):
        for line in _read_lines(answer, seconds + _GRACE):
            if isinstance(line, Progress):
                show(line)
            collected.add(line)
        end_tree(process.pid)
        process.wait()
        return collected.finish(version, _read_last_line(stderr))


class _Collected:
    """The lines of a discovery, added up."""

    def __init__(self, module: str, place: str, seconds: float) -> None:
        self.module = module
        self.place = place
        self.seconds = seconds
        self.imported: Imported | None = None
        self.found: Found | None = None
        self.ended: Ended | None = None
        self.took: float | None = None
        self.failure = ""
        self.missing: tuple[str, ...] = ()
        self.kinds: list[Kind] = []
        self.deaths: list[Death] = []

    def add(self, line: Line) -> None:
        match line:
            case Isolated(missing=missing):
                self.missing = missing
            case Imported():
                self.imported = line
            case Failed(text=text):
                self.failure = text
            case Kind():
                self.kinds.append(line)
            case Death():
                self.deaths.append(line)
            case Found():
                self.found = line
            case End(seconds=seconds):
                self.took = seconds
            case Ended():
                self.ended = line

    def finish(self, version: str, stderr: str) -> Discovery:
        """Make the result. Raise UserError if the module was not imported."""
        if self.imported is None:
            raise UserError(f"can't import {self.module} in {self.place}: {self._explain(stderr)}")
        found = self.found or Found((), len(self.kinds), time_up=False)
        return Discovery(
            module=self.module,
            python=version,
            imported=self.imported,
            kinds=tuple(self.kinds),
            uses=found.uses,
            made=found.made,
            deaths=tuple(self.deaths),
            notes=tuple(self._list_notes(self.imported, found)),
            seconds=self.took if self.took is not None else self.seconds,
        )

    def _explain(self, stderr: str) -> str:
        if self.failure:
            return self.failure
        written = f", after it wrote: {stderr}" if stderr else ""
        if self.ended is None:
            return f"the import takes longer than {self.seconds:g} s{written}"
        return f"the import {_describe_end(self.ended)}{written}"

    def _list_notes(self, imported: Imported, found: Found) -> Iterator[str]:
        if not imported.compiled:
            yield "pure Python: nothing to fuzz but CPython"
        elif self.kinds and all(kind.layer == "python" for kind in self.kinds):
            yield "none of its objects is of a type in C: these kinds are Python classes"
        if imported.threads > 1:
            yield (
                f"the import starts {imported.threads - 1} threads: forked probes lack them, "
                "and may hang or miss something"
            )
        if self.missing:
            yield f"not kept apart from this machine: {', '.join(self.missing)}"
        if {"processes", "network"} & set(self.missing):
            yield "public functions were not called, as they might reach other processes"
        if found.time_up:
            yield f"{self.seconds:g} s were not enough: some types were not probed; give --time"
        if self.took is None:
            how = _describe_end(self.ended) if self.ended else "was killed: it did not end in time"
            yield f"the discovery is incomplete: its process {how}"


def _describe_end(ended: Ended) -> str:
    if ended.signal:
        return f"ends the process by {signal.Signals(ended.signal).name}"
    return f"ends the process with exit code {ended.code}"


@contextlib.contextmanager
def _start(
    request: Mapping[str, object], variables: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], int, IO[bytes]]]:
    """Start the discovery. Yield the process, the pipe with its answer, and its standard error."""
    receiver, sender = os.pipe()
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryFile() as stderr:
        whole = {**request, "scratch": scratch, "report": sender}
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_ISOLATION), json.dumps(whole)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            pass_fds=(sender,),
            cwd=scratch,
            env={**_make_environment(scratch), **variables},
            process_group=0,
        )
        os.close(sender)
        try:
            yield process, receiver, stderr
        finally:
            end_tree(process.pid)
            process.wait()
            os.close(receiver)


def _make_environment(scratch: str) -> dict[str, str]:
    """Make an environment that is the same everywhere and leads to no file of the user's."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {
        **kept,
        "HOME": scratch,
        "TMPDIR": scratch,
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        # Numeric libraries start a thread a core: forked children would lack them.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


def _read_lines(answer: int, seconds: float) -> Iterator[Line]:
    """Yield lines until the process ends or the time is up. What is no line of ours is left out."""
    deadline = time.monotonic() + seconds
    pending = b""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([answer], [], [], left)[0]:
            return
        data = os.read(answer, 1 << 16)
        *lines, pending = (pending + data).split(b"\n")
        for text in lines:
            with contextlib.suppress(msgspec.DecodeError):
                line = parse_line(text)
                yield line
                if isinstance(line, Ended):
                    return
        if not data:
            return


def _read_last_line(stderr: IO[bytes]) -> str:
    size = stderr.seek(0, os.SEEK_END)
    stderr.seek(max(0, size - _STDERR_BYTES))
    lines = stderr.read().decode("utf-8", "backslashreplace").strip().splitlines()
    return lines[-1][:500] if lines else ""
