"""List the controls of a finding on a framework: its build with one thing changed at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from finfuzz.targets.frameworks.framework import RELEASED
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.findings.attribution import Axis
from finfuzz.triage.findings.verdict import Verdict


class Control(NamedTuple):
    """A build to run the program on. ``axis``: the difference from the finding's own build."""

    axis: Axis
    spec: TargetSpec
    interpreter: Interpreter


#: Controls one after the other; each gets its verdict back, so that the next may depend on it.
Plan = Generator[Control, Verdict, None]


def list_controls(
    spec: TargetSpec,
    interpreter: Interpreter,
    interpreters: Sequence[Interpreter],
    releases: Sequence[str],
) -> Iterator[Control]:
    """List the controls, the most telling first: those that show the owner, then all others.

    ``interpreters``: all found ones, newest first; ``releases``: of the framework, newest first.
    """
    if spec.record.is_compiled:  # anything else has nothing that could be instrumented
        yield Control("instrumentation", spec, interpreter)
    yield from _list_without_framework(spec, interpreter)
    yield from (
        Control("policy", replace(spec, policy=policy), interpreter)
        for policy in _list_policies(spec)
        if policy != spec.policy
    )
    if spec.record.releases:
        yield from (
            Control("release", one, interpreter) for one in _list_other_releases(spec, releases)
        )
    others = [one for one in interpreters if one.includes and is_telling(one, interpreter)]
    yield from (Control("python", spec, other) for other in others)
    for bare in spec.record.controls[:1]:  # the one without any extension
        yield from (Control("python", TargetSpec(bare), other) for other in others)


def tells_owner(spec: TargetSpec, control: Control) -> bool:
    """Whether the rules for the owner read this control; the others tell how far it reaches."""
    if control.axis == "policy":
        return spec.policy != RELEASED and control.spec.policy == RELEASED
    return control.axis in ("instrumentation", "extension")


def _list_policies(spec: TargetSpec) -> tuple[str, ...]:
    """List the policies to compare with; of a control's styles, none says whose the defect is."""
    return (RELEASED,) if spec.record.is_control else spec.record.policy_names


def _list_without_framework(spec: TargetSpec, interpreter: Interpreter) -> Iterator[Control]:
    for name in spec.record.controls:
        yield Control("extension", spec.switch_alike(TargetSpec(name)), interpreter)
    if style := spec.record.find_style(spec.version, spec.policy):
        yield Control("extension", spec.switch_alike(parse_target(style)), interpreter)


def _list_other_releases(spec: TargetSpec, releases: Sequence[str]) -> Iterator[TargetSpec]:
    """List every release but the finding's own; for a target of two releases, each alone."""
    if spec.second is not None:
        releases = [one for one in (spec.version, spec.second) if one is not None]
    for release in releases:
        one = replace(spec, version=release, path=None, second=None)
        if one != spec:
            yield one


def is_telling(other: Interpreter, own: Interpreter) -> bool:
    """Whether one thing differs: the version or, from a plain build of it, the kind of build."""
    is_plain_twin = other.version == own.version and bool(own.abiflags) and not other.abiflags
    return is_plain_twin or other.differs_in_version(own)
