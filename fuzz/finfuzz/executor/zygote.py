"""The parent's side of a zygote: one process per build that forks a child per program."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile

from finfuzz.executor import process
from finfuzz.executor.gil import refuse_gil
from finfuzz.executor.limits import MOST_WAITED, Limits
from finfuzz.executor.outcome import Outcome, read_outcome
from finfuzz.executor.prepare import prepare_for
from finfuzz.executor.shared_memory import SharedMemory
from finfuzz.program.model import Program
from finfuzz.program.prepared import Prepared
from finfuzz.support.errors import UserError
from finfuzz.support.processes import end_descendants
from finfuzz.targets.build import Build
from finfuzz.targets.instrumentation import read_instrumentation

#: The zygote enforces a child's deadline. This long after the latest one, the zygote is killed.
_GRACE_SECONDS = MOST_WAITED + 20.0


class ZygoteDied(Exception):
    """The zygote has ended, which says nothing about the program."""


class Executor:
    """Runs programs on one build, each in a child of its zygote.

    There are two zygotes. Programs that begin by importing the extension run in the one that has
    imported it already, which saves a fifth of a child's time. A zygote that dies is replaced;
    ``replaced`` counts that. Use as a context manager, or call ``close``.
    """

    def __init__(self, build: Build, limits: Limits | None = None) -> None:
        self.build = build
        self.limits = limits or Limits()
        self.shared = SharedMemory(
            build.blocks, build.second_blocks, build.cpython_blocks, build.gated
        )
        self.replaced = 0
        self._instrumentation = read_instrumentation(build.interpreter.executable)
        self._stderr = os.memfd_create("finfuzz-stderr", 0)
        self._zygotes: dict[bool, _Zygote] = {}
        self._last: tuple[Program, bool, Prepared] | None = None

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self, program: Program, limits: Limits | None = None, *, events: bool = False
    ) -> Outcome:
        """Run a program, within the executor's own limits where none are given.

        Raises UserError where the program is too long, where a free-threaded CPython's GIL came on,
        and, with the zygote's last message, where two zygotes in a row died under the program.
        """
        limits = (limits or self.limits).fit(self._instrumentation)
        prepared = self._prepare(program, limits)
        try:
            return self._run(prepared, limits, events)
        except ZygoteDied:
            self.replaced += 1
            self._end_zygotes()
        try:
            return self._run(prepared, limits, events)
        except ZygoteDied as died:
            self._end_zygotes()
            raise UserError(
                f"the zygote of {self.build.spec} on CPython {self.build.interpreter.text} "
                f"does not stay alive: {died}"
            ) from died

    def run_bare(self, *, imported: bool = False) -> None:
        """Fork a bare child, which only finalizes: the unit of speed. Raises ZygoteDied.

        ``imported``: of the zygote that has imported the extension.
        """
        zygote = self._alive(imported)
        self.shared.prepare("", self.limits)
        zygote.serve(self.limits.deadline + _GRACE_SECONDS, b"b")

    def close(self) -> None:
        """Kill the zygotes and all their descendants."""
        self._end_zygotes()
        self.shared.close()
        os.close(self._stderr)

    def _prepare(self, program: Program, limits: Limits) -> Prepared:
        """Prepare a program, once where the same one runs many times in a row."""
        if self._last and self._last[0] is program and self._last[1] == limits.abuse:
            return self._last[2]
        prepared = prepare_for(self.build, program, limits)
        self._last = (program, limits.abuse, prepared)
        return prepared

    def _run(self, prepared: Prepared, limits: Limits, events: bool) -> Outcome:
        zygote = self._alive(self.build.imports_early and prepared.begins_by_importing)
        os.ftruncate(self._stderr, 0)
        self.shared.prepare(prepared.text, limits)
        zygote.serve(limits.deadline + _GRACE_SECONDS)
        if self.shared.header.facts.stragglers:
            end_descendants(zygote.process.pid)
        refuse_gil(self.build, self.shared.header.facts)
        return read_outcome(
            self.shared,
            process.read_stderr(self._stderr),
            "zygote",
            keeps_nothing=prepared.keeps_nothing,
            events=events,
        )

    def _alive(self, imported: bool) -> _Zygote:
        if imported not in self._zygotes:
            self._zygotes[imported] = _Zygote(self.build, self.shared, self._stderr, imported)
        return self._zygotes[imported]

    def _end_zygotes(self) -> None:
        while self._zygotes:
            self._zygotes.popitem()[1].close()


class _Zygote:
    def __init__(self, build: Build, shared: SharedMemory, stderr: int, imported: bool) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed in close()
        request_read, self._request = os.pipe()
        self._response, response_write = os.pipe()
        # A description of its own, so that children append from the start after each truncation.
        appending = os.open(f"/proc/self/fd/{stderr}", os.O_WRONLY | os.O_APPEND)
        fds = (shared.fd, request_read, response_write, appending)
        self.process: subprocess.Popen[bytes] = process.start(
            build, fds, self._errors, int(imported)
        )
        for fd in fds[1:]:
            os.close(fd)

    def serve(self, seconds: float, request: bytes = b"r") -> None:
        """Run the program in shared memory. Raises ZygoteDied."""
        try:
            os.write(self._request, request)
        except BrokenPipeError:
            raise ZygoteDied(self._last_error_line()) from None
        poller = select.poll()
        poller.register(self._response, select.POLLIN)
        if not poller.poll(seconds * 1000) or not os.read(self._response, 1):
            raise ZygoteDied(self._last_error_line())

    def close(self) -> None:
        process.end_tree(self.process.pid)
        self.process.wait()
        self._errors.close()
        os.close(self._request)
        os.close(self._response)

    def _last_error_line(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "no message"
