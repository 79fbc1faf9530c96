"""Say since which CPython a defect exists and where it is fixed, from the verdicts on controls."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from finfuzz.support.cpythons import make_sort_key, split_abiflags
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.findings.attribution import ControlResult
from finfuzz.triage.findings.verdict import What


def describe_python_range(spec: TargetSpec, python: str, cells: Sequence[ControlResult]) -> str:
    """Describe the affected CPythons: `since CPython 3.12.1 (3.11.7 survives), fixed between …`.

    Empty if no other CPython of the same ABI flags decides anything.
    """
    affected = {python: True, **_read_verdicts(spec, python, cells, ("same", "survived"))}
    tried = sorted(affected, key=make_sort_key)
    if len(tried) == 1:
        return ""
    if all(affected.values()):
        return f"on every CPython tried, {tried[0]} to {tried[-1]}"
    unclear = _read_verdicts(spec, python, cells, ("otherwise", "known"))
    begin = _describe_begin(tried, affected, sorted(unclear, key=make_sort_key))
    return ", ".join([begin, *_describe_end(tried, affected)])


def _read_verdicts(
    spec: TargetSpec, python: str, cells: Sequence[ControlResult], whats: Collection[What]
) -> dict[str, bool]:
    """Read whether each other CPython has the defect, with the finding's target.

    A crash of another kind may hide the defect, and decides nothing.
    """
    _, abiflags = split_abiflags(python)
    return {
        cell.python: cell.verdict.what == "same"
        for cell in cells
        if cell.axis == "python"
        and cell.target == spec.name
        and cell.verdict.what in whats
        and split_abiflags(cell.python)[1] == abiflags
    }


def _describe_begin(tried: Sequence[str], affected: dict[str, bool], unclear: Sequence[str]) -> str:
    number = next(number for number, one in enumerate(tried) if affected[one])
    if number == 0:
        return f"since CPython {tried[0]} or before"
    last, first = tried[number - 1], tried[number]
    between = [one for one in unclear if _is_between(last, one, first)]
    if not between:
        return f"since CPython {first} ({last} survives)"
    fails = f"{' and '.join(between)} fail{'s' * (len(between) == 1)} differently"
    return f"since CPython {first} or one after {last}, which survives ({fails})"


def _is_between(low: str, text: str, high: str) -> bool:
    return make_sort_key(low) < make_sort_key(text) < make_sort_key(high)


def _describe_end(tried: Sequence[str], affected: dict[str, bool]) -> list[str]:
    """Describe each fix: one in every branch, if 3.13.18 got the fix of 3.14.10."""
    fixes = [(a, b) for a, b in pairwise(tried) if affected[a] and not affected[b]]
    told = [f"fixed {' and '.join(f'between {a} and {b}' for a, b in fixes)}"] if fixes else []
    return [*told, f"not fixed in {tried[-1]}"] if affected[tried[-1]] else told
