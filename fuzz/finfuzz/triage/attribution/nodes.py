"""The machines that triage may use: this one, or the nodes of a cluster.

Triage asks for a verdict, and does not know where the program runs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.attribution import Axis
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict

Answer_co = TypeVar("Answer_co", covariant=True)


class JudgeTask(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Judge a finding's program on a build: a pure function of these values.

    ``target`` on the CPython of version ``python`` (`3.13.18`). ``axis``: how the build differs
    from the finding's own. ``deadline``, ``memory_mib``: as of ``Limits``.
    """

    finding: Finding
    axis: Axis
    target: str
    python: str
    deadline: float
    memory_mib: int


class Judged(msgspec.Struct, frozen=True):
    """A verdict, and what it was reached on. ``build``: the build's id there, if it was made."""

    verdict: Verdict
    build: str
    processor: str
    system: str


class MinimizeTask(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Reproduce a crash of a program, and minimize it: a pure function of these values.

    ``target``, ``python``, ``deadline`` and ``memory_mib``: as of ``JudgeTask``. ``abuse``: as of
    ``Limits``.
    """

    target: str
    python: str
    text: str
    diagnosis: Diagnosis
    deadline: float
    memory_mib: int
    abuse: bool


class Minimized(msgspec.Struct, frozen=True):
    """A minimized program. ``rate``: its own in fresh processes of ``node``, 0 of 0 for none."""

    text: str
    rate: Rate
    node: str


class Place(NamedTuple):
    """A node with its CPythons, by version. ``name``: as findings and the screen have it."""

    name: str
    address: str
    pythons: frozenset[str]


class Pending(Protocol[Answer_co]):
    """A task under way."""

    def wait(self, seconds: float) -> Answer_co | None:
        """Wait so long at most; None if the answer has not come. Raises UserError if none will."""
        ...

    def cancel(self) -> None:
        """Do without the answer."""
        ...


class Nodes(Protocol):
    """Nodes that run tasks."""

    def list_places(self, avoid: Collection[str] = ()) -> list[Place]:
        """List the nodes there are now, without those of the names in ``avoid``."""
        ...

    def submit(self, task: JudgeTask, places: Sequence[Place]) -> Pending[Judged]:
        """Run a task on one of these nodes, the first that is free."""
        ...

    def minimize(self, task: MinimizeTask, places: Sequence[Place]) -> Pending[Minimized]:
        """Do the same with a program to minimize."""
        ...
