"""Refuse targets that can't be built for a CPython, or of a release, before a compiler runs."""

from __future__ import annotations

from packaging.version import Version

from finfuzz.support.cpythons import Quirk, format_version, has
from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec


def require_buildable(spec: TargetSpec, interpreter: Interpreter) -> None:
    """Raise UserError unless framework and policy can be built for the CPython and the release."""
    policy = spec.record.find_policy(spec.policy)
    for quirk in (spec.record.needs_gil, policy.needs_gil):
        _require_gil(spec, interpreter, quirk)
    if policy.needs and not has(interpreter.version, policy.needs):
        raise UserError(
            f"{spec} can't be built for CPython {interpreter.text}: +{policy.name} takes "
            f"{format_version(policy.needs.value.since)} or later: give another --python"
        )
    if policy.since and spec.version and Version(spec.version) < Version(policy.since):
        raise UserError(
            f"{spec} can't be built: +{policy.name} came with {spec.framework} {policy.since}"
        )


def _require_gil(spec: TargetSpec, interpreter: Interpreter, quirk: Quirk | None) -> None:
    if interpreter.is_free_threaded and quirk and has(interpreter.version, quirk):
        raise UserError(
            f"{spec} can't be built for CPython {interpreter.text}: {quirk.value.text} "
            f"({quirk.value.issue}): give another --target, or a CPython with a GIL"
        )
