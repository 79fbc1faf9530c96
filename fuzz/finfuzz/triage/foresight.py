"""Crashes that wait for triage, reproduced and minimized on nodes of a cluster meanwhile.

A node needs a minute for one, and several nodes work at once; triage takes their answers in its
order. An answer that is lost costs only time: triage then does the same itself.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.triage.attribution.nodes import Minimized, MinimizeTask, Nodes, Pending, Place
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.story import describe_rate
from finfuzz.triage.reproduction import Advance

#: The longest wait between two signs of life.
_WAIT_SECONDS = 1.0
#: A slow node is not waited for any longer; a minimization takes a minute, on a busy machine ten.
_LONGEST_SECONDS = 900.0


class _UnderWay(NamedTuple):
    text: str
    pending: Pending[Minimized]


class Foresight:
    """The tasks under way for one build, by what they reproduce. Without nodes there are none."""

    def __init__(
        self,
        made: Build,
        limits: Limits,
        nodes: Nodes | None,
        announce: Callable[[str], None],
        advance: Advance,
    ) -> None:
        self._build, self._limits, self._nodes = made, limits, nodes
        self._announce, self._advance = announce, advance
        self._under_way: dict[tuple[str, bool], _UnderWay] = {}

    @property
    def is_possible(self) -> bool:
        """Whether there is a node for it now."""
        return bool(self._list_places())

    def begin(self, text: str, diagnosis: Diagnosis) -> None:
        """Have a node reproduce a crash, unless one is at it, or there is none that can."""
        key = _make_key(diagnosis)
        if self._nodes is None or key in self._under_way or not (places := self._list_places()):
            return
        task = MinimizeTask(
            target=str(self._build.spec),
            python=self._build.interpreter.text,
            text=text,
            diagnosis=diagnosis,
            deadline=self._limits.deadline,
            memory_mib=self._limits.memory_mib,
            abuse=self._limits.abuse,
        )
        self._under_way[key] = _UnderWay(text, self._nodes.minimize(task, places))

    def take(self, text: str, diagnosis: Diagnosis) -> Minimized | None:
        """Wait for the minimized program of a crash; None where triage has to do it itself."""
        self.begin(text, diagnosis)
        found = self._under_way.pop(_make_key(diagnosis), None)
        if found is None or found.text != text:
            return None
        name = f"{diagnosis} {diagnosis.bucket}"
        self._announce(f"{name}: reproducing on a node")
        try:
            done = self._wait(found.pending)
        except UserError as error:
            self._announce(f"{name} on a node: {error}: reproducing it here")
            return None
        if done.rate.k == 0:
            return None
        rate = describe_rate(diagnosis.signal, done.rate)
        self._announce(f"{name}: minimized on {done.node}, where it {rate}")
        return done

    def _wait(self, pending: Pending[Minimized]) -> Minimized:
        begin = time.monotonic()
        while (done := pending.wait(_WAIT_SECONDS)) is None:
            waited = int(time.monotonic() - begin)
            self._advance("seconds of waiting for a node", waited, 0)
            if waited > _LONGEST_SECONDS:
                pending.cancel()
                raise UserError(f"it took longer than {_LONGEST_SECONDS / 60:.0f} minutes")
        return done

    def _list_places(self) -> list[Place]:
        """List the nodes of the build's CPython: a package or a checkout is here alone.

        Triage has a core of this host for itself, and a Dask worker here would fuzz no more.
        """
        spec, python = self._build.spec, self._build.interpreter.text
        if self._nodes is None or spec.package or spec.path is not None:
            return []
        places = self._nodes.list_places({socket.gethostname()})
        return [place for place in places if python in place.pythons]


def _make_key(diagnosis: Diagnosis) -> tuple[str, bool]:
    return diagnosis.bucket, diagnosis.signal == "NONE"
