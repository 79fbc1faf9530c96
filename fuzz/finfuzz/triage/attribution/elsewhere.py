"""Trying a finding on another node than those that have met and filed it.

A crash that one machine alone shows may be that machine's.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from finfuzz.executor.limits import Limits
from finfuzz.support.cpythons import parse_version
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.attribution.nodes import JudgeTask, Nodes, Place
from finfuzz.triage.findings.finding import Finding, load, update
from finfuzz.triage.findings.record import Elsewhere

_WAIT_SECONDS = 1.0


def try_elsewhere(
    folder: Path,
    spec: TargetSpec,
    limits: Limits,
    nodes: Nodes,
    announce: Callable[[str], None],
) -> Iterator[tuple[int, int]]:
    """Judge a finding on another node, and write the verdict into its finding.json.

    One with the finding's CPython if there is any, else with the nearest. Yield (nodes done, of
    how many) each second. Raise UserError if the finding is damaged, or the node is lost.
    """
    finding = load(folder)
    if finding.elsewhere or spec.package or spec.path is not None:
        return
    on = finding.first_seen.on
    here = {socket.gethostname(), *([on.node] if on else [])}
    place = find_other(nodes.list_places(here), finding.target.python)
    if place is None:
        return
    python = _choose_python(place, finding.target.python)
    yield 0, 1
    pending = nodes.submit(_make_task(finding, spec, python, limits), [place])
    while (judged := pending.wait(_WAIT_SECONDS)) is None:
        yield 0, 1
    finding = load(folder)
    on_node = (judged.build, judged.processor, judged.system, judged.verdict)
    finding.elsewhere = (Elsewhere(place.name, python, *on_node),)
    update(folder, finding)
    announce(f"{folder.name}: {finding.elsewhere[0]}")
    yield 1, 1


def find_other(places: list[Place], python: str) -> Place | None:
    """Find the node for a finding: one with its CPython if there is any. None without nodes."""
    with_python = [place for place in places if place.pythons]
    return min(
        with_python, key=lambda place: (python not in place.pythons, place.name), default=None
    )


def _choose_python(place: Place, python: str) -> str:
    """Choose the finding's CPython, or that of the nearest version, the newer of two."""
    own = parse_version(python)

    def rate(text: str) -> tuple[bool, bool, int, bool, str]:
        version = parse_version(text)
        return (
            text != python,
            text[-1].isalpha() != python[-1].isalpha(),
            abs(version[1] - own[1]),
            version < own,
            text,
        )

    return min(place.pythons, key=rate)


def _make_task(finding: Finding, spec: TargetSpec, python: str, limits: Limits) -> JudgeTask:
    return JudgeTask(
        finding=finding,
        axis="instrumentation",  # the whole extension, as scripts have it
        target=str(spec),
        python=python,
        deadline=limits.deadline,
        memory_mib=limits.memory_mib,
    )
