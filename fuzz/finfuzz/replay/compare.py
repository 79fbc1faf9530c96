"""Compare the outcomes of the same programs on two builds: two targets, or two CPythons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from finfuzz.replay.judge import SILENT, Judgement, Result
from finfuzz.replay.matrix import expand_policies, plan_python
from finfuzz.replay.run import PlannedBuild, name_places
from finfuzz.support.counting import count
from finfuzz.support.errors import UserError
from finfuzz.triage.attribution.likeness import are_same_defect

What = Literal["fails here only", "fails there only", "fails differently"]
#: Judgements of a failure that do not make a replay fail, though the other build differs.
_EXCUSED: frozenset[Judgement] = frozenset({"as expected", "flaky"})
#: A build and the one to compare with.
Pair = tuple[PlannedBuild, PlannedBuild]


class Difference(msgspec.Struct, frozen=True):
    """A program with another outcome ``here``, on the build that is judged, than ``there``."""

    what: What
    here: Result
    there: Result

    @property
    def worse(self) -> bool:
        """Whether it makes the replay fail: it fails here, steadily, and is not expected to."""
        return self.what != "fails there only" and self.here.judgement not in _EXCUSED


@dataclass(frozen=True)
class Comparison:
    """All programs on a pair of builds. ``cases``: the results here that could be compared.

    ``untold``: how many others there are, of which one side says nothing. ``labels``: the short
    names of here and there, enough to tell one from the other.
    """

    here: str
    there: str
    labels: tuple[str, str]
    cases: tuple[Result, ...]
    untold: int
    differences: tuple[Difference, ...]

    @property
    def worse(self) -> list[Difference]:
        return [one for one in self.differences if one.worse]

    @property
    def total(self) -> str:
        """The counts: `A against B: 2 of 9 programs differ: 2 fail on A only; …`."""
        told = f"{self.here} against {self.there}: {self._count_differences()}"
        if self.untold and self.cases:
            told += f"; {self.untold} can't be compared"
        if not self.differences:
            return told
        return f"{told}; {len(self.worse) or 'nothing'} worse than expected"

    def _count_differences(self) -> str:
        if not self.cases:
            return "no program could be compared"
        programs = count(len(self.cases), "program")
        if not self.differences:
            return f"{programs}, none differs"
        counts = Counter(one.what for one in self.differences)
        here, there = self.labels
        texts: dict[What, str] = {
            "fails here only": f"on {here} only",
            "fails there only": f"on {there} only",
            "fails differently": "differently",
        }
        parts = [
            f"{counts[what]} fail{'s' if counts[what] == 1 else ''} {text}"
            for what, text in texts.items()
            if counts[what]
        ]
        differ = "differs" if len(self.differences) == 1 else "differ"
        return f"{len(self.differences)} of {programs} {differ}: {', '.join(parts)}"


def pair_with_target(
    builds: Sequence[PlannedBuild], against: str, policies: Sequence[str]
) -> list[Pair]:
    """Pair each build with a target on the same CPython, of the same policy where there is one.

    Raise UserError if no build is another.
    """
    specs = expand_policies(against, policies)

    def find_spec(build: PlannedBuild) -> PlannedBuild:
        same = [spec for spec in specs if spec.policy == build.spec.policy]
        return replace(build, spec=(same or specs)[0])

    return _tell_apart([(one, find_spec(one)) for one in builds], f"--against {against}")


def pair_with_python(builds: Sequence[PlannedBuild], against: str) -> list[Pair]:
    """Pair each build with the same target on another CPython. Raise UserError if there is none."""
    python, problem = plan_python(against)
    if problem:  # every program would be there to find that out
        raise UserError(problem.replace("--python", "--against-python", 1))
    pairs = [(one, PlannedBuild(one.spec, python)) for one in builds]
    return _tell_apart(pairs, f"--against-python {against}")


def _tell_apart(pairs: Sequence[Pair], option: str) -> list[Pair]:
    """Leave out pairs of a build with itself, and name CPythons of one version by their paths."""
    # Two environments of one CPython are equal until their paths are in their names.
    named = name_places([one for pair in pairs for one in pair])
    different = [(a, b) for a, b in zip(named[::2], named[1::2], strict=True) if a != b]
    if not different:
        raise UserError(f"{option}: {pairs[0][0].name} is the same build: give another")
    return different


def compare_all(results: Iterable[Result], pairs: Sequence[Pair]) -> list[Comparison]:
    """Compare the results of each pair, program by program."""
    rows: dict[str, dict[str, Result]] = {}
    for one in results:
        rows.setdefault(one.build, {})[one.case] = one
    return [_compare(pair, *(rows.get(one.name, {}) for one in pair)) for pair in pairs]


def _compare(pair: Pair, results: dict[str, Result], others: dict[str, Result]) -> Comparison:
    here, there = pair
    both = [(one, others[case]) for case, one in results.items() if case in others]
    told = [pair for pair in both if SILENT.isdisjoint(one.judgement for one in pair)]
    return Comparison(
        here.name,
        there.name,
        _label(here, there),
        cases=tuple(one for one, _ in told),
        untold=len(both) - len(told),
        differences=tuple(_list_differences(told)),
    )


def _label(here: PlannedBuild, there: PlannedBuild) -> tuple[str, str]:
    """Name two builds by what differs: their targets, or their CPythons."""
    if here.spec != there.spec:
        return str(here.spec), str(there.spec)
    return f"CPython {here.python}", f"CPython {there.python}"


def _list_differences(pairs: Iterable[tuple[Result, Result]]) -> Iterator[Difference]:
    for here, there in pairs:
        if here.seen and not there.seen:
            yield Difference("fails here only", here, there)
        elif there.seen and not here.seen:
            yield Difference("fails there only", here, there)
        elif not _is_same(here, there):
            yield Difference("fails differently", here, there)


def _is_same(one: Result, other: Result) -> bool:
    """Whether each defect on one side is on the other side too."""
    mine, others = one.diagnoses, other.diagnoses
    return all(any(are_same_defect(each, that) for that in others) for each in mine) and all(
        any(are_same_defect(each, this) for this in mine) for each in others
    )
