"""Bisect a finding over releases, over a framework's commits, or over CPython's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.frameworks.framework import ReleasePackage
from finfuzz.targets.interpreters import Interpreter, probe
from finfuzz.targets.releases import list_own_releases
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.attribution.commits import Repository
from finfuzz.triage.attribution.cpython_builds import BUILT, CpythonBuilds
from finfuzz.triage.attribution.search import Trial, Trials, TurningPoint
from finfuzz.triage.attribution.verdict import Wanted, build_and_judge
from finfuzz.triage.findings.verdict import Verdict

#: A trial misses a flaky defect that is there 1 time in 20 (rate.runs_to_see), and each miss would
#: mislead the search. Two misses in a row: 1 in 400, so 3 % in the 12 trials of 4,000
#: commits.
_FLAKY_TIMES = 2


class Bisection(msgspec.Struct, frozen=True):
    """A result: ``trials`` and ``changes``, oldest first."""

    trials: tuple[Trial, ...]
    changes: tuple[TurningPoint, ...]


@dataclass(frozen=True)
class Subject:
    """The subject of a bisection. ``spec``: the finding's target."""

    wanted: Wanted
    spec: TargetSpec
    limits: Limits
    announce: Callable[[str], None]
    advance: Callable[[int, int], None]

    def build(self, spec: TargetSpec, interpreter: Interpreter) -> Build:
        """Build a target for a trial."""
        return build(spec, interpreter, instrumented=False, announce=self.announce)

    def judge(self, get: Callable[[], Build]) -> Verdict:
        """Judge the program on a build; twice if it is flaky and does not fail."""
        found = self._judge_once(get)
        for _ in range(_FLAKY_TIMES - 1 if self.wanted.rate.flaky else 0):
            if found.what in ("survived", "otherwise"):
                found = self._judge_once(get)
        return found

    def _judge_once(self, get: Callable[[], Build]) -> Verdict:
        return build_and_judge(self.wanted, get, self.limits)


def bisect_releases(
    subject: Subject, interpreter: Interpreter, good: str | None = None, bad: str | None = None
) -> Bisection:
    """Bisect between two releases, in either order; without them, find every change of all.

    Raise UserError for an unknown release, and if good is not good or bad not bad.
    """
    _require_releases(subject.spec)

    def judge(name: str) -> Verdict:
        spec = replace(subject.spec, version=name, path=None)
        return subject.judge(lambda: subject.build(spec, interpreter))

    names = list_own_releases(subject.spec, interpreter)[::-1]
    trials = Trials(judge, subject.announce, subject.advance)
    if good is None or bad is None:
        return _make_bisection(trials, names, trials.find_every_change(names))
    first, last = (_parse_release(subject.spec, one, names) for one in (good, bad))
    low, high = sorted((names.index(first), names.index(last)))
    names = names[low : high + 1]
    change = trials.find_one_change(names, good_first=names[0] == first)
    return _make_bisection(trials, names, [change])


def bisect_commits(
    subject: Subject, interpreter: Interpreter, path: Path, good: str, bad: str
) -> Bisection:
    """Bisect between two revisions of a framework's checkout, in either order, without touching it.

    Raise UserError if they are not in one line, and if good is not good or bad not bad.
    """
    package = _require_package(subject.spec)
    paths = package.checkout_paths
    repository = Repository(path, *paths)

    def get(commit: str) -> Build:
        root = repository.extract_files(commit, *paths)
        return subject.build(replace(subject.spec, version=None, path=root), interpreter)

    return _bisect_history(subject, repository, get, good, bad)


def bisect_cpython(subject: Subject, path: Path, abiflags: str, good: str, bad: str) -> Bisection:
    """Bisect between two revisions of CPython, in either order, without touching the repository.

    ``abiflags``: of the finding's CPython. Raise UserError as
    ``bisect_commits`` does.
    """
    repository = Repository(path, *BUILT)
    pythons = CpythonBuilds(repository, abiflags, subject.announce)

    def get(commit: str) -> Build:
        return subject.build(subject.spec, probe(pythons.make(commit)))

    return _bisect_history(subject, repository, get, good, bad)


def _bisect_history(
    subject: Subject, repository: Repository, get: Callable[[str], Build], good: str, bad: str
) -> Bisection:
    """Find the one change between two revisions. Where it came by a merge, look inside."""

    def judge(name: str) -> Verdict:
        return subject.judge(lambda: get(name))

    names = repository.list_between(good, bad)
    good_first = names[0] == repository.find_commit(good)
    trials = Trials(judge, subject.announce, subject.advance, repository.read_subject)
    change = trials.find_one_change(names, good_first=good_first)
    while merged := repository.list_merged(change.name):
        if trials.is_bad(merged[0]) is not (not good_first):
            break  # another change on the way there: the merge is all that is known
        if trials.is_bad(merged[-1]) is not good_first:
            break  # neither side has the change: the merge itself made it
        change = trials.find_one_change(merged, good_first=good_first)
        names = [*names, *merged]
    return _make_bisection(trials, names, [change])


def _make_bisection(
    trials: Trials, names: Sequence[str], changes: Sequence[TurningPoint]
) -> Bisection:
    done = tuple(trials.done[name] for name in dict.fromkeys(names) if name in trials.done)
    return Bisection(done, tuple(changes))


def _require_releases(spec: TargetSpec) -> None:
    """Raise UserError for a target of no release: a module, a control, or two releases at once."""
    if spec.second is not None or not (spec.record.releases or (spec.package and spec.version)):
        raise UserError(f"{spec} can't be bisected: only findings of one release or checkout can")


def _require_package(spec: TargetSpec) -> ReleasePackage:
    _require_releases(spec)
    if spec.record.releases is None:
        raise UserError(f"{spec} has no checkout to try commits of: bisect without --repo")
    return spec.record.releases


def _parse_release(spec: TargetSpec, text: str, releases: Sequence[str]) -> str:
    name = f"{spec.framework}:{spec.package}" if spec.package else spec.framework
    version = parse_target(f"{name}=={text}").version or ""
    if version not in releases:
        what = spec.package or spec.framework
        raise UserError(f"{text} is no release of {what}: choose {', '.join(releases)}")
    return version
