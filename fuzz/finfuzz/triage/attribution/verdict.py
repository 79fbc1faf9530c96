"""Compare what a program does on a build with what it did where it was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.model import Program
from finfuzz.program.roles import adapt
from finfuzz.program.scope import effective, find_missing_words
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import OwnWords
from finfuzz.support.cpythons import Version, format_version
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.targets.compiler import BuildError
from finfuzz.triage.diagnosis import Diagnosis, diagnose, telling
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.known import find_known
from finfuzz.triage.findings.rate import Rate, runs_to_see
from finfuzz.triage.findings.verdict import Verdict, What, absent


class Wanted(msgspec.Struct, frozen=True):
    """The subject of a verdict: a finding's diagnosis, program and rate.

    ``python``: the CPython it was found on, whose language the program is in. ``own``: the words of
    the recipe that the program was written with.
    """

    diagnosis: Diagnosis
    program: Program
    rate: Rate
    python: Version
    own: OwnWords = OwnWords()

    @classmethod
    def from_finding(cls, finding: Finding, folder: Path | None = None) -> Wanted:
        """Read the subject of verdicts off a finding; ``folder`` has its recipe."""
        return cls(
            finding.diagnosis,
            parse(finding.program),
            finding.reproduced,
            finding.target.python_version,
            finding.target.read_own_words(folder) if folder else OwnWords(),
        )

    def matches(self, one: Diagnosis) -> bool:
        """Whether a diagnosis is of the same defect."""
        return are_same_defect(self.diagnosis, one)


def are_same_defect(one: Diagnosis, other: Diagnosis) -> bool:
    """Whether two diagnoses, perhaps of two builds, are of one defect.

    The bucket is the same. On another build, functions may have other names: there diagnostic
    and phase have to be the same, and one of the telling frames. Functions of a stripped file
    may have no names to compare: there the signal has to be the same.
    """
    if one.bucket == other.bucket:
        return True
    return (
        one.diagnostic == other.diagnostic
        and one.coarse_phase == other.coarse_phase
        and (not one.frames or _may_be_same_frames(one, other))
    )


def _may_be_same_frames(one: Diagnosis, other: Diagnosis) -> bool:
    if telling.are_nameless(one.frames) or telling.are_nameless(other.frames):
        return one.signal == other.signal
    return not set(one.frames).isdisjoint(other.frames)


def build_and_judge(
    wanted: Wanted,
    get: Callable[[], Build],
    limits: Limits,
) -> Verdict:
    """Judge the program on the build that ``get`` makes; a build that fails is a verdict too."""
    try:
        build = get()
    except BuildError as error:
        return absent(f"does not compile: {error.first_error}")
    except UserError as error:
        return absent(str(error))
    return judge_build(wanted, build, limits)


def judge_build(wanted: Wanted, build: Build, limits: Limits) -> Verdict:
    """Run the program in fresh processes of a build, often enough to see it at its rate.

    On a target without the program's own words, it is translated by their roles.
    """
    program = adapt(wanted.program, wanted.own, build.offers)
    python = build.interpreter.version
    if effective(wanted.program, python, abuse=limits.abuse) != effective(
        wanted.program, wanted.python, abuse=limits.abuse
    ):
        return absent(f"parts of the program have no effect on CPython {format_version(python)}")
    most = 1 if wanted.diagnosis.diagnostic == "hang" else max(runs_to_see(wanted.rate), 3)
    same, runs = 0, 0
    others: Counter[tuple[What, str]] = Counter()
    while runs < most:
        runs += 1
        found = diagnose(run_fresh(build, program, limits.patient), limits.memory_mib)
        if any(wanted.matches(one) for one in found):
            same += 1
        elif found:
            others[_name_difference(found[0], build)] += 1
    if same:
        return Verdict("same", Rate(same, runs))
    if others:
        ((what, seen), count), *_ = others.most_common(1)
        return Verdict(what, Rate(count, runs), seen)
    survived = Rate(runs, runs)
    offers = build.offers
    if lacking := find_missing_words(program, wanted.python, offers, abuse=limits.abuse):
        return Verdict("not comparable", survived, f"it has no {', '.join(lacking)}")
    return Verdict("survived", survived)


def _name_difference(found: Diagnosis, build: Build) -> tuple[What, str]:
    explained = find_known(found, build.spec, build.interpreter.text)
    return ("known", explained.title) if explained else ("otherwise", str(found))
