"""Bisect a finding over releases, or over the commits of a checkout."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.releases import list_releases
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.attribution.commits import Repository
from finfuzz.triage.attribution.verdict import Wanted, build_and_judge
from finfuzz.triage.findings.verdict import Verdict

#: Digits of a commit's id that messages show.
SHOWN = 12

#: A trial misses a flaky defect that is there 1 time in 20 (rate.runs_to_see), and each miss would
#: mislead the search. Two misses in a row: 1 in 400, so 3 % in the 12 trials of 4,000
#: commits.
_FLAKY_TIMES = 2


class Trial(msgspec.Struct, frozen=True):
    """A trial of one release or commit. ``name``: the version, or the commit's full id."""

    name: str
    verdict: Verdict

    @property
    def bad(self) -> bool | None:
        """Whether the defect is there; None if the trial leaves that open.

        A crash of another kind is not this defect: good. A known defect may hide this one: open.
        """
        return {"same": True, "survived": False, "otherwise": False}.get(self.verdict.what)


class TurningPoint(msgspec.Struct, frozen=True):
    """A change between two releases or commits. ``name``: the first that is bad, or good again.

    ``after``: the last before the change. ``skipped``: those between the two, which could not be
    judged: any of them may be the first.
    """

    what: Literal["first bad", "first good"]
    name: str
    subject: str
    after: str
    skipped: tuple[str, ...] = ()


class Bisection(msgspec.Struct, frozen=True):
    """A result. ``over``: `releases`, or a repository. ``trials``, ``changes``: oldest first."""

    over: str
    target: str
    python: str
    trials: tuple[Trial, ...]
    changes: tuple[TurningPoint, ...]


@dataclass(frozen=True)
class Subject:
    """The subject of a bisection. ``spec``: each trial has its policy and another origin."""

    wanted: Wanted
    spec: TargetSpec
    interpreter: Interpreter
    limits: Limits
    announce: Callable[[str], None]
    advance: Callable[[int, int], None]

    def judge(self, at: Callable[[], TargetSpec]) -> Verdict:
        """Judge the program on the build of a target; twice if it is flaky and does not fail."""
        found = self._judge_once(at)
        for _ in range(_FLAKY_TIMES - 1 if self.wanted.rate.flaky else 0):
            if found.what in ("survived", "otherwise"):
                found = self._judge_once(at)
        return found

    def _judge_once(self, at: Callable[[], TargetSpec]) -> Verdict:
        return build_and_judge(
            self.wanted,
            lambda: build(at(), self.interpreter, instrumented=False, announce=self.announce),
            self.limits,
        )


def bisect_releases(subject: Subject, good: str | None = None, bad: str | None = None) -> Bisection:
    """Bisect between two releases, in either order; without them, find every change of all.

    Raise UserError for an unknown release, and if good is not good or bad not bad.
    """
    _require_releases(subject.spec)

    def judge(name: str) -> Verdict:
        return subject.judge(lambda: replace(subject.spec, version=name, path=None))

    names = list_releases(subject.spec.framework)[::-1]
    trials = Trials(judge, subject.announce, subject.advance)
    if good is None or bad is None:
        return _make_bisection(subject, "releases", trials, names, trials.find_every_change(names))
    first, last = (_parse_release(subject.spec, one, names) for one in (good, bad))
    low, high = sorted((names.index(first), names.index(last)))
    names = names[low : high + 1]
    change = trials.find_one_change(names, good_first=names[0] == first)
    return _make_bisection(subject, "releases", trials, names, [change])


def bisect_commits(subject: Subject, path: Path, good: str, bad: str) -> Bisection:
    """Bisect between two revisions of a framework's checkout, in either order, without touching it.

    Raise UserError if they are not in one line, and if good is not good or bad not bad.
    """
    _require_releases(subject.spec)
    assert subject.spec.record.headers
    repository = Repository(path, subject.spec.record.headers.checkout_include)

    def judge(name: str) -> Verdict:
        return subject.judge(
            lambda: replace(subject.spec, version=None, path=repository.extract_headers(name))
        )

    names = repository.list_between(good, bad)
    trials = Trials(judge, subject.announce, subject.advance, repository.read_subject)
    change = trials.find_one_change(names, good_first=names[0] == repository.find_commit(good))
    return _make_bisection(subject, str(path), trials, names, [change])


def find_middle(low: int, high: int, without: Container[int]) -> int | None:
    """Return the index nearest to the middle between two, except those in ``without``."""
    left = [index for index in range(low + 1, high) if index not in without]
    return min(left, key=lambda index: abs(2 * index - low - high), default=None)


@dataclass
class Trials:
    """Judge each name once. ``subject_of``: returns a name's subject, in a line."""

    judge: Callable[[str], Verdict]
    announce: Callable[[str], None]
    advance: Callable[[int, int], None]
    subject_of: Callable[[str], str] = lambda _: ""
    done: dict[str, Trial] = field(default_factory=dict)

    def find_every_change(self, names: Sequence[str]) -> list[TurningPoint]:
        """Try all names and return every change."""
        for name in names:
            self._is_bad(name)
            self.advance(len(self.done), len(names))
        telling = [index for index, name in enumerate(names) if self._is_bad(name) is not None]
        return [
            self._make_turning_point(names, low, high)
            for low, high in pairwise(telling)
            if self._is_bad(names[low]) != self._is_bad(names[high])
        ]

    def find_one_change(self, names: Sequence[str], *, good_first: bool) -> TurningPoint:
        """Try both ends, then halve the names between them until none there can be judged.

        Raise UserError if an end is not what it should be.
        """
        low, high = 0, len(names) - 1
        self._require(names[low], bad=not good_first)
        self._require(names[high], bad=good_first)
        nothing: set[int] = set()
        while (index := find_middle(low, high, nothing)) is not None:
            self.advance(len(self.done), len(self.done) + math.ceil(math.log2(high - low)))
            bad = self._is_bad(names[index])
            if bad is None:
                nothing.add(index)
            elif bad == good_first:
                high = index
            else:
                low = index
        return self._make_turning_point(names, low, high)

    def _is_bad(self, name: str) -> bool | None:
        if name not in self.done:
            self.done[name] = Trial(name, self.judge(name))
            self.announce(f"{self._describe(name)}: {self.done[name].verdict}")
        return self.done[name].bad

    def _require(self, name: str, *, bad: bool) -> None:
        if self._is_bad(name) != bad:
            is_not = "bad" if bad else "good"
            raise UserError(
                f"{self._describe(name)} is not {is_not}: {self.done[name].verdict}: "
                f"give another with --{is_not}"
            )

    def _make_turning_point(self, names: Sequence[str], low: int, high: int) -> TurningPoint:
        return TurningPoint(
            what="first bad" if self._is_bad(names[high]) else "first good",
            name=names[high],
            subject=self.subject_of(names[high]),
            after=names[low],
            skipped=tuple(names[low + 1 : high]),
        )

    def _describe(self, name: str) -> str:
        subject = self.subject_of(name)
        return f"{name[:SHOWN]} ({subject})" if subject else name


def _make_bisection(
    subject: Subject,
    over: str,
    trials: Trials,
    names: Sequence[str],
    changes: Sequence[TurningPoint],
) -> Bisection:
    return Bisection(
        over=over,
        target=str(subject.spec),
        python=subject.interpreter.text,
        trials=tuple(trials.done[name] for name in names if name in trials.done),
        changes=tuple(changes),
    )


def _require_releases(spec: TargetSpec) -> None:
    if spec.record.headers is None or spec.second is not None:
        raise UserError(f"{spec} can't be bisected: only findings of one release or checkout can")


def _parse_release(spec: TargetSpec, text: str, releases: Sequence[str]) -> str:
    version = parse_target(f"{spec.framework}=={text}").version or ""
    if version not in releases:
        raise UserError(f"{text} is no release of {spec.framework}: choose {', '.join(releases)}")
    return version
