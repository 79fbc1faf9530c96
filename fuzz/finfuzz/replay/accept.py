"""Write observed outcomes into programs as `expect` lines: remove wrong lines, add missing ones.

A new line holds for the observed builds only, with one exception: a line that holds for the newest
release or CPython observed holds for newer ones too, and likewise for the oldest. A checkout is
newer than every release. Packages, controls, targets of two releases and those with build switches
are left out: no condition can name them.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.version import Version

from finfuzz.program.text import parse
from finfuzz.replay.expectations import Expectation, find_holding, read_expectations
from finfuzz.replay.judge import SILENT, Result
from finfuzz.support.cpythons import split_abiflags
from finfuzz.support.files import write_whole
from finfuzz.targets.condition import BUILDS, CHECKOUT
from finfuzz.targets.spec import TargetSpec, parse_target

#: The byte-order mark that some editors put first.
_MARK = "\ufeff"


class ReleaseBuild(NamedTuple):
    """A build of a released framework in the terms of conditions.

    ``python``: the CPython's version without its ABI flags, which ``build`` names.
    """

    framework: str
    version: str
    policy: str
    python: str
    build: str


#: The outcomes of one program by build, each as `SIGNAL/diagnostic` texts; none means survival.
Observed = Mapping[tuple[TargetSpec, str], frozenset[str]]


def collect_observed(results: Iterable[Result]) -> Observed:
    """Collect what a program did; flaky outcomes and those without a run are left out.

    So is what no condition can tell: two CPythons of one version on which it did not do the same.
    """
    seen: dict[tuple[TargetSpec, str], set[frozenset[str]]] = {}
    for one in results:
        if one.judgement not in {"flaky", *SILENT}:
            build = parse_target(one.target), one.python.partition(" ")[0]
            seen.setdefault(build, set()).add(frozenset(one.seen))
    return {build: next(iter(found)) for build, found in seen.items() if len(found) == 1}


def can_be_named(spec: TargetSpec) -> bool:
    """Whether a condition can tell a target from others: a release or a checkout, as it comes."""
    named = not spec.package and spec.second is None and not spec.switches
    return named and spec.record.releases is not None


def rewrite_expectations(path: Path, observed: Observed) -> bool:
    """Rewrite a program's `expect` lines by its outcome on each (target, CPython).

    Return whether the file changed. Raise UserError if its lines can't be read.
    """
    observed = {build: found for build, found in observed.items() if can_be_named(build[0])}
    text = path.read_text(encoding="utf-8")
    written = read_expectations(parse(text))
    right = [line for line in written if _is_right(line, observed)]
    new = _make_lines(observed, right)
    wrong = [line for line in written if line not in right]
    if not new and not wrong:
        return False
    write_whole(path, _edit(text, wrong, new))
    return True


def _is_right(line: Expectation, observed: Observed) -> bool:
    return all(
        line.outcome in outcomes
        for (spec, python), outcomes in observed.items()
        if line.where.holds(spec, python)
    )


def _make_lines(observed: Observed, right: Sequence[Expectation]) -> list[str]:
    """Make lines for the outcomes that no right line covers."""
    builds: dict[ReleaseBuild, frozenset[str]] = {}
    covered: dict[ReleaseBuild, frozenset[str]] = {}
    for (spec, python), outcomes in observed.items():
        build = _name_build(spec, python)
        builds[build] = outcomes
        covered[build] = find_holding(right, spec, python)
    found = []
    for outcome in sorted(frozenset[str]().union(*builds.values())):
        has = {build for build, outcomes in builds.items() if outcome in outcomes}
        lacks = {build for build in has if outcome not in covered[build]}
        found += [f"expect: {outcome} on {where}" for where in _make_conditions(builds, has, lacks)]
    return found


def _make_conditions(
    every: Collection[ReleaseBuild], has: set[ReleaseBuild], lacks: set[ReleaseBuild]
) -> Iterator[str]:
    """Yield conditions that cover all builds that lack a line, and only builds with the outcome."""
    versions = sorted({build.version for build in every}, key=Version)
    one_kind = len({build.build for build in every}) == 1
    named = {(build.framework, build.policy, build.build) for build in lacks}
    for framework, policy, kind in sorted(named):
        pythons = sorted({one.python for one in every if one.build == kind}, key=Version)
        spans: dict[tuple[int, int], list[int]] = {}
        for number, python in enumerate(pythons):
            row = [ReleaseBuild(framework, one, policy, python, kind) for one in versions]
            for first, last in _find_spans([build in has for build in row]):
                if any(build in lacks for build in row[first : last + 1]):
                    spans.setdefault((first, last), []).append(number)
        bounds = list(_name_bounds(pythons))
        suffix = "" if one_kind else f"+{kind}"
        for (first, last), numbers in spans.items():
            # There may be releases between the last with the outcome and the next observed one.
            below = f"<={versions[last]}" if last < len(versions) - 1 else ""
            where = f"{framework}{_format_range(versions, first, below)}+{policy}"
            for begin, end in _group_consecutive(numbers):
                below = f"<{bounds[end + 1]}" if end < len(pythons) - 1 else ""
                span = _format_range(bounds, begin, below) + suffix
                yield where + (f", python{span}" if span else "")


def _name_bounds(pythons: Sequence[str]) -> Iterator[str]:
    """Name where each CPython begins: 3.13, or 3.13.18 after another of its branch."""
    before = ""
    for python in pythons:
        branch = python.rpartition(".")[0]
        yield python if branch == before else branch
        before = branch


def _format_range(items: Sequence[str], first: int, below: str) -> str:
    """Format `>=3.0.2,<=3.0.4`, without a lower bound at the first item."""
    return ",".join(filter(None, (f">={items[first]}" if first else "", below)))


def _find_spans(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield the first and last index of each span of true flags."""
    return _group_consecutive([index for index, flag in enumerate(flags) if flag])


def _group_consecutive(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    pairs = itertools.groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    for _, group in pairs:
        run = [number for _, number in group]
        yield run[0], run[-1]


def _name_build(spec: TargetSpec, python: str) -> ReleaseBuild:
    number, abiflags = split_abiflags(python)
    kind = next(name for name, holds in BUILDS.items() if holds(abiflags))
    return ReleaseBuild(spec.framework, spec.version or CHECKOUT, spec.policy, number, kind)


def _edit(text: str, wrong: Iterable[Expectation], new: Sequence[str]) -> str:
    """Remove the wrong lines, and those beside a step, and insert new ones above the first step."""
    plain = text.removeprefix(_MARK)
    mark = text[: len(text) - len(plain)]
    removed = {str(one) for one in wrong}
    kept = [line for old in plain.split("\n") if (line := _remove(old, removed)) is not None]
    steps = (
        number
        for number, line in enumerate(kept)
        if (words := line.partition("#")[0].split()) and words[0] != "finfuzz"
    )
    at = next(steps, len(kept) if kept[-1] else len(kept) - 1)
    return mark + "\n".join([*kept[:at], *(f"# {line}" for line in new), *kept[at:]])


def _remove(line: str, comments: Collection[str]) -> str | None:
    """Remove one of these comments from a line; None where nothing is left of it."""
    body, _, comment = line.partition("#")
    if comment.strip() not in comments:
        return line
    return body.rstrip() or None
