"""Find the owner of a package's defect: the package, unless a control has it, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from finfuzz.program.model import Program
from finfuzz.program.roles import list_own_words
from finfuzz.program.words import ACTION
from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.packages.recipe import Unsupported
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.attribution.owner import Opinion
from finfuzz.triage.findings.attribution import Axis, Confidence, ControlResult, Owner
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Alike

#: Axes whose controls are other targets, in place of the package.
IN_PLACE: tuple[Axis, ...] = ("extension", "standard library", "framework", "dependency")
#: What a control is, where it has the defect, too, and whose the defect is then.
_CAUSES: dict[Axis, tuple[Owner, str]] = {
    "extension": ("CPython", "an extension that uses the C API alone"),
    "standard library": ("CPython", "a part of CPython's standard library, without {package}"),
    "framework": ("framework", "an extension of the framework that {package} is made with"),
    "dependency": ("dependency", "which {package} loads, alone"),
}
#: The confidence in a control with the same defect, by how far the two could be compared.
_CONFIDENCE: dict[Alike, Confidence] = {"frames": "high", "diagnostic": "medium", "signal": "low"}
_LIKENESS = tuple(_CONFIDENCE)
#: The confidence where the controls did not even do what the package did.
_LOWER: dict[Confidence, Confidence] = {"high": "medium", "medium": "low", "low": "low"}


def find_package_owner(
    spec: TargetSpec,
    cells: Sequence[ControlResult],
    script: Rate,
    notes: Sequence[str] = (),
    *,
    lacks_control: bool = False,
    unlike: Sequence[str] = (),
) -> Opinion:
    """Return the owner, the reason and the confidence, by the first rule that applies.

    ``script``: the rate at which the finding's own script reproduced the defect. ``lacks_control``:
    the package is made with a framework that no control is made with. ``unlike``: what the program
    does that no control does.
    """
    owner, reason, confidence = _decide(spec, cells, script, lacks_control)
    if unlike and owner == "extension":
        confidence = _LOWER[confidence]
        notes = [f"no control does the same as {_join(list(unlike))}", *notes]
    return Opinion(owner, reason, confidence, tuple(notes))


def list_notes(
    marks: dict[str, str],
    like: Sequence[TargetSpec],
    unsupported: Unsupported | None,
    program: Program,
) -> Iterator[str]:
    """List what a reader should know beside the owner of a package's defect.

    ``marks``: frameworks that made it, with the text that shows it; ``like``: their releases that
    are controls.
    """
    for name in list_uncontrolled(marks, like):
        lacking = "no release leaves that mark" if name in FRAMEWORKS else "finfuzz has none"
        yield f"made with {name} ({marks[name]}), and no control is: {lacking}"
    if unsupported and (words := _find_unsupported(unsupported, program)):
        yield f"its documentation rules out {', '.join(words)}: {unsupported.why}"


def list_unlike(diagnostic: str, program: Program) -> list[str]:
    """List what a program does with a package that no control does in its place.

    A kind and an edge have a counterpart by their role. An action of the recipe is translated to
    any call of the control's. Its questions are asked of no control.
    """
    actions = sorted(list_own_words(program, (ACTION,)))
    found = [f"the recipe's action `{word}`" for word in actions]
    return [*found, *(["the questions of its recipe"] if diagnostic == "wrong-answer" else [])]


def list_uncontrolled(marks: dict[str, str], like: Sequence[TargetSpec]) -> list[str]:
    """List the frameworks that made a package and that no control is made with."""
    controlled = {spec.framework for spec in like}
    return [name for name in marks if name not in controlled]


def _decide(
    spec: TargetSpec, cells: Sequence[ControlResult], script: Rate, lacks_control: bool
) -> tuple[Owner, str, Confidence]:
    if script.n and not script.k:
        return "harness", "the script does not reproduce the defect without finfuzz", "high"
    if alike := _find_most_alike(cells):
        return _blame_control(spec, alike)
    if spec.framework == "stdlib":
        return "CPython", f"{spec.package} is part of CPython's standard library", "high"
    bare = spec.record.controls[0]
    in_place = [cell for cell in cells if cell.axis in IN_PLACE]
    telling = [cell for cell in in_place if cell.verdict.what in ("survived", "otherwise")]
    if not any(cell.axis == "extension" and cell.target != bare for cell in telling):
        plain = [cell for cell in in_place if cell.axis == "extension"][1:]
        why = f"{plain[0].target}: {plain[0].verdict}" if plain else "not run"
        return "unknown", f"the control against the C API alone shows nothing: {why}", "low"
    is_sure = len(telling) == len(in_place) and not lacks_control
    names = _join(list(dict.fromkeys(map(_name_control, telling))))
    reason = f"no defect like it on {names}, so {spec.package} is required"
    return "extension", reason, "high" if is_sure else "medium"


def _find_most_alike(cells: Sequence[ControlResult]) -> ControlResult | None:
    """Find the control with the same defect that is most like it, in the order of the axes.

    Of targets with several modules, take the one with the fewest.
    """
    alike = [cell for cell in cells if cell.axis in IN_PLACE and cell.verdict.what == "same"]
    return min(
        alike,
        key=lambda cell: (
            _LIKENESS.index(cell.verdict.alike),
            IN_PLACE.index(cell.axis),
            cell.target.count(","),
        ),
        default=None,
    )


def _blame_control(spec: TargetSpec, cell: ControlResult) -> tuple[Owner, str, Confidence]:
    owner, what = _CAUSES[cell.axis]
    if cell.target == spec.record.controls[0]:
        what = "without any compiled extension"
    compared = f" ({cell.verdict.seen})" if cell.verdict.seen else ""
    reason = f"same defect on {cell.target}, {what.format(package=spec.package)}{compared}"
    return owner, reason, _CONFIDENCE[cell.verdict.alike]


def _find_unsupported(unsupported: Unsupported, program: Program) -> list[str]:
    used = {word for step in program.steps for word in (step.op, *step.args)}
    return [word for word in unsupported.words if word in used]


def _name_control(cell: ControlResult) -> str:
    if cell.axis == "standard library":
        count = parse_target(cell.target).package.count(",") + 1
        return f"{count} modules of the standard library" if count > 1 else cell.target
    return cell.target


def _join(names: list[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
