"""Compare the outcomes of the same programs on two builds: two targets, or two CPythons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from finfuzz.replay.judge import SILENT, WORSE, Result
from finfuzz.replay.matrix import expand_policies, plan_python
from finfuzz.replay.run import PlannedBuild
from finfuzz.support.errors import UserError
from finfuzz.support.files import shorten_home
from finfuzz.triage.attribution.likeness import are_same_defect

What = Literal["fails here only", "fails there only", "fails differently"]
#: A build and the one to compare with.
Pair = tuple[PlannedBuild, PlannedBuild]


class Difference(msgspec.Struct, frozen=True):
    """A program with another outcome ``here``, on the build that is judged, than ``there``."""

    what: What
    here: Result
    there: Result

    @property
    def worse(self) -> bool:
        """Whether it makes the replay fail.

        A finding that has never run here is expected to do what it did there.
        """
        unknown = self.here.judgement == "new here" and self.what != "fails there only"
        return self.here.judgement in WORSE or unknown


@dataclass(frozen=True)
class Comparison:
    """All programs on a pair of builds. ``cases``: the results here that could be compared.

    ``untold``: how many others there are, of which one side says nothing.
    """

    here: str
    there: str
    cases: tuple[Result, ...]
    untold: int
    differences: tuple[Difference, ...]

    @property
    def worse(self) -> list[Difference]:
        return [one for one in self.differences if one.worse]

    @property
    def total(self) -> str:
        """The counts: `A against B: 2 of 9 programs differ (2 fail here only)`."""
        counts = Counter(one.what for one in self.differences)
        parts = [
            f"{count} {what if count == 1 else what.replace('fails', 'fail')}"
            for what, count in sorted(counts.items())
        ]
        parts += [f"{self.untold} can't be compared"] if self.untold else []
        differ = f"{len(self.differences)} of {len(self.cases)} programs differ"
        told = f" ({', '.join(parts)})" if parts else ""
        return f"{self.here} against {self.there}: {differ}{told}"


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
    """Pair each build with the same target on another CPython. Raise UserError if it is none."""
    python, problem = plan_python(against)
    pairs = [(one, PlannedBuild(one.spec, python, problem)) for one in builds]
    return _tell_apart(pairs, f"--against-python {against}")


def _tell_apart(pairs: Sequence[Pair], option: str) -> list[Pair]:
    """Leave out pairs of a build with itself, and name CPythons of one version by their paths."""
    different = [(here, there) for here, there in pairs if here != there]
    if not different:
        raise UserError(f"{option}: {pairs[0][0].name} is the same build: give another")
    places: dict[str, set[str]] = {}
    for python in (one.interpreter for pair in different for one in pair):
        places.setdefault(python.text, set()).add(str(python.executable))

    def name(one: PlannedBuild) -> PlannedBuild:
        python = one.interpreter
        alone = len(places[python.text]) == 1
        return replace(one, place="" if alone else shorten_home(python.executable))

    return [(name(here), name(there)) for here, there in different]


def compare_all(results: Iterable[Result], pairs: Sequence[Pair]) -> list[Comparison]:
    """Compare the results of each pair, program by program."""
    rows: dict[str, dict[str, Result]] = {}
    for one in results:
        rows.setdefault(one.build, {})[one.case] = one
    return [
        _compare(here.name, there.name, rows.get(here.name, {}), rows.get(there.name, {}))
        for here, there in pairs
    ]


def _compare(
    here: str, there: str, results: dict[str, Result], others: dict[str, Result]
) -> Comparison:
    both = [(one, others[case]) for case, one in results.items() if case in others]
    told = [pair for pair in both if SILENT.isdisjoint(one.judgement for one in pair)]
    cases = tuple(one for one, _ in told)
    return Comparison(here, there, cases, len(both) - len(told), tuple(_list_differences(told)))


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
