"""Compare what a program does on a build with what it did where it was found."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.program.model import Program, Step
from finfuzz.program.roles import adapt
from finfuzz.program.scope import effective
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import EVERYTHING, OwnWords, Vocabulary
from finfuzz.support.cpythons import Version, format_version
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.targets.compiler import BuildError
from finfuzz.targets.extension_words import list_offers
from finfuzz.targets.package_parts import list_standard_extensions
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.likeness import (
    Likeness,
    are_same_defect,
    compare_with_control,
    describe_difference,
    make_crash,
)
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.diagnosis.ending import UNEXPECTED_EXIT, diagnose_ending
from finfuzz.triage.diagnosis.symbols import name_stack
from finfuzz.triage.findings.finding import Finding, StackFrame
from finfuzz.triage.findings.known import find_known
from finfuzz.triage.findings.rate import Rate, runs_to_see
from finfuzz.triage.findings.verdict import Alike, Verdict, What, absent
from finfuzz.triage.oracles.compare import compare_anywhere

#: The kind whose functions the collector calls.
_VISITED = "container"
#: Asks for most names of an extension of ours, which binds each when it is first asked for.
_BIND_ALL = Step("self-check")
#: Diagnostics that any two defects may have.
_UNEXPLAINED = frozenset({"none", "hang"})


class OfPackage(msgspec.Struct, frozen=True):
    """The package of a finding. ``name``: as `wheel:optree`; ``own``: the words of its recipe.

    ``standard``: names of the standard library's compiled modules that its import loads; ``stack``:
    the finding's.
    """

    name: str
    own: OwnWords
    standard: frozenset[str] = frozenset()
    stack: tuple[StackFrame, ...] = ()


class Wanted(msgspec.Struct, frozen=True):
    """The subject of a verdict: a finding's diagnosis, program and rate.

    ``python``: the CPython it was found on, whose language the program is in. ``package``: of a
    finding on a package; ``own``: the words of its framework, of any other.
    """

    diagnosis: Diagnosis
    program: Program
    rate: Rate
    python: Version
    package: OfPackage | None = None
    own: OwnWords = OwnWords()

    @classmethod
    def from_finding(cls, finding: Finding, build: Build | None = None) -> Wanted:
        """Read the subject of verdicts off a finding. ``build``: of its target, for a package."""
        program = parse(finding.program)
        package = _describe_package(finding.stack, build) if build else None
        python = finding.target.python_version
        own = OwnWords() if package else list_offers(parse_target(finding.target.spec)).own
        return cls(finding.diagnosis, program, finding.reproduced, python, package, own)

    @classmethod
    def on(
        cls,
        made: Build,
        diagnosis: Diagnosis,
        program: Program,
        rate: Rate,
        stack: tuple[StackFrame, ...],
    ) -> Wanted:
        """Make the subject of what a program did on a build, and nobody has filed."""
        package = _describe_package(stack, made)
        own = OwnWords() if package else made.offers.own
        return cls(diagnosis, program, rate, made.interpreter.version, package, own)

    def matches(self, one: Diagnosis) -> bool:
        """Whether a diagnosis is of the same defect."""
        return are_same_defect(self.diagnosis, one)

    def is_of(self, build: Build) -> bool:
        """Whether a build has the finding's own words: it is not a control of a package."""
        return self.package is None or self.package.name == _name_package(build)

    def translate(self, offers: Vocabulary) -> tuple[Program, ...]:
        """Translate the program for a control, in each way that may be like it.

        Of a package, by the roles of the recipe's kinds, then with all of them as containers: a
        recipe's author may not know that the collector visits an object. With each action that a
        control's recipe has: none of them is known to be the package's own. And with all features
        of an extension of ours in use after each import: a package binds its own at once.
        """
        if self.package is None:
            return (adapt(self.program, self.own, offers),)
        own = self.package.own
        containers = replace(own, roles=dict.fromkeys(own.kinds, _VISITED))
        vocabularies = [
            replace(offers, own=replace(offers.own, actions=(action,)))
            for action in offers.own.actions
        ]
        made = [
            adapt(self.program, words, one)
            for words in (own, containers)
            for one in vocabularies or [offers]
        ]
        if _BIND_ALL.op not in offers.lacking_operations:
            made.append(_bind_at_import(made[0]))
        return tuple(dict.fromkeys(made))


def _bind_at_import(program: Program) -> Program:
    steps = ([step, _BIND_ALL] if step.op == "import" else [step] for step in program.steps)
    return Program(tuple(itertools.chain.from_iterable(steps)), program.below)


def _name_package(build: Build) -> str:
    return f"{build.spec.framework}:{build.spec.package}"


def _describe_package(stack: tuple[StackFrame, ...], build: Build) -> OfPackage | None:
    if build.package is None:
        return None
    standard = frozenset(list_standard_extensions(build.package))
    return OfPackage(_name_package(build), build.offers.own, standard, stack)


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

    A finding's program has no step without effect. So one that breaks a rule on purpose did so
    where it was found.
    """
    limits = replace(limits, abuse=True)
    of_package = wanted.package is not None and wanted.is_of(build)
    programs = (wanted.program,) if of_package else wanted.translate(build.offers)
    first, *others = programs
    verdict = _judge_program(wanted, first, build, limits)
    for program in others if verdict.what != "same" else ():
        again = _judge_program(wanted, program, build, limits)
        if again.what == "same":
            return again
    return verdict


def _judge_program(wanted: Wanted, program: Program, build: Build, limits: Limits) -> Verdict:
    own = wanted.package.own if wanted.package and wanted.is_of(build) else build.offers.own
    language = replace(EVERYTHING, own=own)

    def find_effective(python: Version) -> Program:
        return effective(program, python, abuse=limits.abuse, offers=language)

    python = build.interpreter.version
    if find_effective(python) != find_effective(wanted.python):
        return absent(f"parts of the program have no effect on CPython {format_version(python)}")
    most = 1 if wanted.diagnosis.diagnostic == "hang" else max(runs_to_see(wanted.rate), 3)
    same: list[Likeness] = []
    runs = 0
    others: Counter[tuple[What, str, str]] = Counter()
    differs: dict[tuple[What, str, str], str] = {}
    while runs < most:
        runs += 1
        outcome = run_fresh(build, program, limits.patient)
        diagnostic = wanted.diagnosis.diagnostic
        outcome = compare_anywhere(diagnostic, build, program, outcome, limits)
        found = [
            *_compare(wanted, build, outcome, limits),
            *_compare_leak(wanted, outcome),
            *_compare_ending(wanted, outcome, program),
        ]
        if alike := [likeness for _, likeness in found if likeness.same]:
            same.append(max(alike, key=lambda one: len(one.frames)))
        elif found:
            key = _name_difference(found[0][0], build)
            others[key] += 1
            differs.setdefault(key, describe_difference(wanted.diagnosis, found[0][0]))
            if found[0][0].diagnostic == "hang" and not wanted.rate.flaky:
                break  # each takes ten times the deadline
    if same:
        return Verdict(
            "same",
            Rate(len(same), runs),
            _tell_frames(same),
            _tell_likeness(wanted, build, same),
        )
    if others:
        (key, count), *_ = others.most_common(1)
        what, seen, phase = key
        text = differs[key] if what == "otherwise" else ""
        return Verdict(what, Rate(count, runs), seen, phase=phase, differs=text)
    survived = Rate(runs, runs)
    if lacking := build.offers.missing(find_effective(wanted.python)):
        return Verdict("not comparable", survived, f"it has no {', '.join(lacking)}")
    return Verdict("survived", survived)


def _compare(
    wanted: Wanted, build: Build, outcome: Outcome, limits: Limits
) -> Iterator[tuple[Diagnosis, Likeness]]:
    """Compare each diagnosis of an outcome with the finding's."""
    if wanted.package is None or wanted.is_of(build):
        for one in diagnose(outcome, limits.memory_mib):
            yield one, Likeness(wanted.matches(one))
        return
    # A package does not show when its framework makes its internals anew, as our extensions do.
    outcome = msgspec.structs.replace(outcome, recreated=0, capsule_lost=())
    files = wanted.package.standard | _list_files(build)
    own = make_crash(wanted.diagnosis, wanted.package.stack, files)
    stack = name_stack(outcome.frames)
    for one in diagnose(outcome, limits.memory_mib):
        yield one, compare_with_control(own, make_crash(one, stack, files))


def _compare_leak(wanted: Wanted, outcome: Outcome) -> Iterator[tuple[Diagnosis, Likeness]]:
    """Compare what is left with a leak report: most builds, controls among them, report nothing."""
    if wanted.diagnosis.diagnostic == "leak-report" and outcome.alive and not outcome.died:
        yield wanted.diagnosis, Likeness(True)


def _compare_ending(
    wanted: Wanted, outcome: Outcome, program: Program
) -> Iterator[tuple[Diagnosis, Likeness]]:
    """Compare how a process ended by itself, of a subject that is such an ending."""
    if wanted.diagnosis.diagnostic == UNEXPECTED_EXIT:
        ending = diagnose_ending(outcome, program)
        if ending is not None:
            yield ending, Likeness(wanted.matches(ending))


def _list_files(build: Build) -> frozenset[str]:
    """List the compiled modules of a control that is a package, by their files' names."""
    own = build.package.extensions.values() if build.package else ()
    return frozenset(Path(file).name.partition(".")[0] for file in own)


def _tell_likeness(wanted: Wanted, build: Build, same: list[Likeness]) -> Alike:
    """Tell how far a control's defect is like the finding's: empty on a build of its own target."""
    if wanted.is_of(build):
        return ""
    if any(one.frames for one in same):
        return "frames"
    return "signal" if wanted.diagnosis.diagnostic in _UNEXPLAINED else "diagnostic"


def _tell_frames(same: list[Likeness]) -> str:
    frames = dict.fromkeys(name for one in same for name in one.frames)
    return f"both in {' < '.join(frames)}" if frames else ""


def _name_difference(found: Diagnosis, build: Build) -> tuple[What, str, str]:
    explained = find_known(found, build.spec, build.interpreter.text)
    if explained:
        return "known", explained.title, ""
    return "otherwise", str(found), found.coarse_phase
