"""Find the owner of a framework's defect from the verdicts on its controls, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from finfuzz.support.cpythons import make_sort_key
from finfuzz.targets.frameworks.framework import RELEASED
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.findings.attribution import Confidence, ControlResult, Owner
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict


class Opinion(NamedTuple):
    """An owner with its reason. ``confidence``, ``notes``: as in an attribution."""

    owner: Owner
    reason: str
    confidence: Confidence = ""
    notes: tuple[str, ...] = ()


def find_owner(
    spec: TargetSpec,
    cells: Sequence[ControlResult],
    script: Rate,
    phase: str = "",
    abuse: Sequence[str] = (),
) -> Opinion:
    """Return the owner and the reason, by the first rule that applies.

    ``script``: the rate at which the finding's own script reproduced the defect. ``phase``: the
    bucket's. ``abuse``: the steps that break a rule of the C API on purpose.
    """
    plain_build = _find_first(cells, "instrumentation")
    controls = [_find_control(cells, name) for name in spec.record.controls]
    bare = controls[0] if controls else None
    if script.n and not script.k:
        return Opinion("harness", "the script does not reproduce the defect without finfuzz")
    if not script.k and plain_build and plain_build.what == "survived":
        return Opinion("harness", "survives with an extension built without instrumentation")
    if not spec.record.is_compiled or _is_same(bare):
        return Opinion("CPython", "same defect without any compiled extension")
    if abuse:
        return Opinion("target", f"it breaks a rule of the C API on purpose: {', '.join(abuse)}")
    if spec.record.is_control:
        return Opinion("target", _describe_control(spec, _find_policy(cells, RELEASED)))
    name, plain = spec.record.controls[-1], controls[-1]
    if _is_same(plain):
        return Opinion("target", f"same defect on {name}, which has no framework")
    if plain is None or plain.what not in ("survived", "otherwise"):
        why = "not run" if plain is None else str(plain)
        return Opinion("unknown", f"{name}, the control without a framework, shows nothing: {why}")
    released = _find_policy(cells, RELEASED) if spec.policy != RELEASED else None
    needs_policy = released is not None and released.what == "survived"
    required = (
        f"survives on {spec.framework} as released, so the policy `{spec.policy}` is required"
    )
    if needs_policy and spec.record.find_policy(spec.policy).is_ours:
        return Opinion("target", required)
    style = spec.record.find_style(spec.version, spec.policy)
    if style and _is_same(_find_control(cells, style)):
        reason = f"same defect on {style}, which has no framework: CPython's limit for that style"
        return Opinion("CPython", reason)
    if plain.fails_in(phase):
        reason = f"{name}, which has no framework, fails in the same phase, too ({plain.seen})"
        return Opinion("unknown", f"{reason}: the crash there may hide the same defect")
    reason = f"{_describe(plain)} on {name}, so {spec.framework} is required"
    return Opinion("framework", f"{reason}; {required}" if needs_policy else reason)


def _describe_control(spec: TargetSpec, without_style: Verdict | None) -> str:
    if spec.policy != RELEASED and without_style and without_style.what == "survived":
        name = spec.framework
        return f"survives on {name} without a style, so the style `{spec.policy}` is required"
    return "the extension is required, and has no framework"


def _describe(verdict: Verdict) -> str:
    return "survives" if verdict.what == "survived" else f"fails differently ({verdict.told})"


def list_pythons(spec: TargetSpec, python: str, cells: Sequence[ControlResult]) -> tuple[str, ...]:
    """List the CPythons with the defect, oldest first; the finding's own is one of them."""
    found = {python} | {
        cell.python
        for cell in cells
        if cell.axis == "python" and cell.target == spec.name and _is_same(cell.verdict)
    }
    return tuple(sorted(found, key=make_sort_key))


def _is_same(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.what == "same"


def _find_first(cells: Sequence[ControlResult], axis: str) -> Verdict | None:
    return next((cell.verdict for cell in cells if cell.axis == axis), None)


def _find_control(cells: Sequence[ControlResult], framework: str) -> Verdict | None:
    return next(
        (cell.verdict for cell in cells if cell.axis == "extension" and cell.target == framework),
        None,
    )


def _find_policy(cells: Sequence[ControlResult], policy: str) -> Verdict | None:
    return next(
        (
            cell.verdict
            for cell in cells
            if cell.axis == "policy" and parse_target(cell.target).policy == policy
        ),
        None,
    )
