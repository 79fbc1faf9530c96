"""Narrows a finding down: over releases, or over the commits of a checkout."""

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
from finfuzz.targets.releases import released_versions
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.attribution.commits import Repository
from finfuzz.triage.attribution.verdict import Wanted, judged
from finfuzz.triage.findings.verdict import Verdict

#: Digits of a commit's id.
SHOWN = 12

#: A flaky finding is missed 1 time in 20 where it is there (rate.runs_to_see), and each miss would
#: send the search the wrong way. Missed twice running: 1 in 400, so 3 % in the 12 trials that 4,000
#: commits take.
_FLAKY_TIMES = 2


class Trial(msgspec.Struct, frozen=True):
    """One release or commit that was tried. ``name``: the version, or the commit's full id."""

    name: str
    verdict: Verdict

    @property
    def bad(self) -> bool | None:
        """Whether the defect is there; None where the trial does not say.

        A death of something else is no defect of this finding's: good. A known defect may hide it.
        """
        return {"same": True, "survived": False, "otherwise": False}.get(self.verdict.what)


class Turn(msgspec.Struct, frozen=True):
    """``name``: the first that is bad, or good again. ``after``: the last that was not.

    ``skipped``: those between the two, which could not be judged: any of them may be the first.
    """

    what: Literal["first bad", "first good"]
    name: str
    subject: str
    after: str
    skipped: tuple[str, ...] = ()


class Bisection(msgspec.Struct, frozen=True):
    """``over``: `releases`, or a repository. ``trials`` and ``changes``: oldest first."""

    over: str
    target: str
    python: str
    trials: tuple[Trial, ...]
    changes: tuple[Turn, ...]


@dataclass(frozen=True)
class Subject:
    """What is narrowed down. ``spec``: whose policy is kept while what it is built from changes."""

    wanted: Wanted
    spec: TargetSpec
    interpreter: Interpreter
    limits: Limits
    announce: Callable[[str], None]
    advance: Callable[[int, int], None]

    def verdict(self, at: Callable[[], TargetSpec]) -> Verdict:
        """What the program does on the build of a target; a flaky one has more than one chance."""
        found = self._once(at)
        for _ in range(_FLAKY_TIMES - 1 if self.wanted.rate.flaky else 0):
            if found.what in ("survived", "otherwise"):
                found = self._once(at)
        return found

    def _once(self, at: Callable[[], TargetSpec]) -> Verdict:
        return judged(
            self.wanted,
            lambda: build(at(), self.interpreter, instrumented=False, announce=self.announce),
            self.limits,
        )


def over_releases(subject: Subject, good: str | None = None, bad: str | None = None) -> Bisection:
    """Between two releases, either way round; without them all releases, for every change.

    Raises UserError for a release that there is not, and where good is not good or bad not bad.
    """
    _require_releases(subject.spec)

    def judge(name: str) -> Verdict:
        return subject.verdict(lambda: replace(subject.spec, version=name, path=None))

    names = released_versions(subject.spec.framework)[::-1]
    trials = Trials(judge, subject.announce, subject.advance)
    if good is None or bad is None:
        return _bisection(subject, "releases", trials, names, trials.every_change(names))
    first, last = (_release(subject.spec, one, names) for one in (good, bad))
    low, high = sorted((names.index(first), names.index(last)))
    names = names[low : high + 1]
    change = trials.one_change(names, good_first=names[0] == first)
    return _bisection(subject, "releases", trials, names, [change])


def over_commits(subject: Subject, path: Path, good: str, bad: str) -> Bisection:
    """Bisect between two revisions of a framework's checkout, in either order, without touching it.

    Raises UserError where they are not in one line, and where good is not good or bad not bad.
    """
    _require_releases(subject.spec)
    assert subject.spec.record.headers
    repository = Repository(path, subject.spec.record.headers.checkout_include)

    def judge(name: str) -> Verdict:
        return subject.verdict(
            lambda: replace(subject.spec, version=None, path=repository.headers(name))
        )

    names = repository.between(good, bad)
    trials = Trials(judge, subject.announce, subject.advance, repository.subject)
    change = trials.one_change(names, good_first=names[0] == repository.commit(good))
    return _bisection(subject, str(path), trials, names, [change])


def middle(low: int, high: int, without: Container[int]) -> int | None:
    """The index nearest to the middle between two, those aside that are known to say nothing."""
    left = [index for index in range(low + 1, high) if index not in without]
    return min(left, key=lambda index: abs(2 * index - low - high), default=None)


@dataclass
class Trials:
    """Judges each name once. ``subject_of``: what a name is about, in a line."""

    judge: Callable[[str], Verdict]
    announce: Callable[[str], None]
    advance: Callable[[int, int], None]
    subject_of: Callable[[str], str] = lambda _: ""
    done: dict[str, Trial] = field(default_factory=dict)

    def every_change(self, names: Sequence[str]) -> list[Turn]:
        """Tries all of them."""
        for name in names:
            self._bad(name)
            self.advance(len(self.done), len(names))
        telling = [index for index, name in enumerate(names) if self._bad(name) is not None]
        return [
            self._change(names, low, high)
            for low, high in pairwise(telling)
            if self._bad(names[low]) != self._bad(names[high])
        ]

    def one_change(self, names: Sequence[str], *, good_first: bool) -> Turn:
        """Tries both ends, then halves what lies between them, as long as something there tells.

        Raises UserError where an end is not what it should be.
        """
        low, high = 0, len(names) - 1
        self._require(names[low], bad=not good_first)
        self._require(names[high], bad=good_first)
        nothing: set[int] = set()
        while (index := middle(low, high, nothing)) is not None:
            self.advance(len(self.done), len(self.done) + math.ceil(math.log2(high - low)))
            bad = self._bad(names[index])
            if bad is None:
                nothing.add(index)
            elif bad == good_first:
                high = index
            else:
                low = index
        return self._change(names, low, high)

    def _bad(self, name: str) -> bool | None:
        if name not in self.done:
            self.done[name] = Trial(name, self.judge(name))
            self.announce(f"{self._told(name)}: {self.done[name].verdict}")
        return self.done[name].bad

    def _require(self, name: str, *, bad: bool) -> None:
        if self._bad(name) != bad:
            is_not = "bad" if bad else "good"
            raise UserError(
                f"{self._told(name)} is not {is_not}: {self.done[name].verdict}: "
                f"give another with --{is_not}"
            )

    def _change(self, names: Sequence[str], low: int, high: int) -> Turn:
        return Turn(
            what="first bad" if self._bad(names[high]) else "first good",
            name=names[high],
            subject=self.subject_of(names[high]),
            after=names[low],
            skipped=tuple(names[low + 1 : high]),
        )

    def _told(self, name: str) -> str:
        subject = self.subject_of(name)
        return f"{name[:SHOWN]} ({subject})" if subject else name


def _bisection(
    subject: Subject, over: str, trials: Trials, names: Sequence[str], changes: Sequence[Turn]
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


def _release(spec: TargetSpec, text: str, releases: Sequence[str]) -> str:
    version = parse_target(f"{spec.framework}=={text}").version or ""
    if version not in releases:
        raise UserError(f"{text} is no release of {spec.framework}: choose {', '.join(releases)}")
    return version
