"""Which controls a finding is run on: its own build with one thing changed at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.findings.attribution import Axis


class Control(NamedTuple):
    """A build to run the program on. ``axis``: what differs from the finding's own."""

    axis: Axis
    spec: TargetSpec
    interpreter: Interpreter


def controls(
    spec: TargetSpec,
    interpreter: Interpreter,
    interpreters: Sequence[Interpreter],
    releases: Sequence[str],
) -> Iterator[Control]:
    """The controls in the order of what they tell: an owner is mostly clear after the first four.

    ``interpreters``: those found, newest first; ``releases``: of the framework, newest first.
    """
    if spec.record.is_compiled:  # anything else has nothing that could be instrumented
        yield Control("instrumentation", spec, interpreter)
    yield from _without_framework(spec, interpreter)
    yield from (
        Control("policy", replace(spec, policy=policy), interpreter)
        for policy in spec.record.policy_names
        if policy != spec.policy
    )
    if spec.record.headers:
        yield from (Control("release", one, interpreter) for one in _releases(spec, releases))
    others = [one for one in interpreters if one.include and one.version != interpreter.version]
    yield from (Control("python", spec, other) for other in others)
    for bare in spec.record.controls[:1]:  # the one without any extension
        yield from (Control("python", TargetSpec(bare), other) for other in others)


def _without_framework(spec: TargetSpec, interpreter: Interpreter) -> Iterator[Control]:
    for name in spec.record.controls:
        yield Control("extension", TargetSpec(name), interpreter)


def _releases(spec: TargetSpec, releases: Sequence[str]) -> Iterator[TargetSpec]:
    """Every release but the finding's own; of two in one process, each of them twice as well."""
    if spec.second is not None:
        releases = [one for one in (spec.version, spec.second) if one is not None]
    for release in releases:
        one = replace(spec, version=release, path=None, second=None)
        if one != spec:
            yield one
