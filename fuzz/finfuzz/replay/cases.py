"""Read programs and findings as cases, each with its expected outcome on a build."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from finfuzz.program.file import read_program
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import OwnWords
from finfuzz.replay.expectations import Expectation, find_holding, read_expectations
from finfuzz.replay.judge import Judgement, judge
from finfuzz.support.errors import UserError
from finfuzz.targets.extension_words import collect_own_words
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.attribution.likeness import are_same_defect
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.finding import Finding, load
from finfuzz.triage.findings.trust import require_target_trust

#: The (target, CPython) of a build, as finding.json writes them.
BuildName = tuple[str, str]


@dataclass(frozen=True)
class Case:
    """A program or a finding to replay. ``name`` is its path below the requested folder, and its
    whole path where two would have one name: results are kept by it.

    A program has ``expectations`` and a ``path``. A finding has ``seen``: its outcome on each build
    where it has run. A finding on a package also has the words of its recipe, ``own``, and its
    target with that recipe, ``found_on``; ``folder`` is the finding's own, and ``defect`` what it
    is about. ``problem`` says why a case can't be read; its program is empty then.
    """

    name: str
    program: Program = field(default_factory=Program)
    expectations: tuple[Expectation, ...] = ()
    seen: dict[BuildName, frozenset[str]] | None = None
    flaky: bool = False
    problem: str = ""
    path: Path | None = None
    own: OwnWords = field(default_factory=OwnWords)
    found_on: TargetSpec | None = None
    folder: Path | None = None
    defect: Diagnosis | None = None

    def choose_target(self, spec: TargetSpec) -> TargetSpec:
        """Give a package its recipe in the finding, unless the user has named another."""
        same = self.found_on is not None and self.found_on.package == spec.package
        if same and self.found_on is not None and spec.recipe is None:
            return replace(spec, recipe=self.found_on.recipe)
        return spec

    def require_trust(self, spec: TargetSpec) -> None:
        """Raise UserError where the target would get the recipe of somebody else's finding."""
        if self.folder is not None and self.choose_target(spec) != spec:
            require_target_trust(self.folder, "replay")

    def find_expected(self, spec: TargetSpec, python: str) -> frozenset[str] | None:
        """Return the expected `SIGNAL/diagnostic` texts on a build; empty means survival.

        None means a finding that has never run on this build.
        """
        if self.seen is not None:
            return self.seen.get((spec.name, python))
        return find_holding(self.expectations, spec, python)

    def judge(
        self, expected: frozenset[str] | None, seen: frozenset[str], found: Iterable[Diagnosis] = ()
    ) -> Judgement:
        """Compare the outcome with the expected one. For a finding, further defects don't count.

        A finding is one defect, and its controls were examined for this defect alone: where that
        was there, it may end by another signal. It records what survived there; no comment of a
        program does.
        """
        if self.seen is not None and expected and expected < seen:
            return "as expected"
        if expected == frozenset({str(self.defect)}) and any(map(self._is_defect, found)):
            return "as expected"
        return judge(expected, seen, recorded=self.seen is not None)

    def _is_defect(self, found: Diagnosis) -> bool:
        return self.defect is not None and are_same_defect(self.defect, found)


def collect_cases(paths: Iterable[Path]) -> list[Case]:
    """Read all cases below files and folders, programs first; damaged ones have a problem.

    A file that two paths lead to is one case. Raise UserError if a path does not exist or there are
    no cases.
    """
    read = [pair for path in paths for pair in _read_cases(path)]
    found = _name_apart({os.path.abspath(place): (place, case) for place, case in read}.values())
    if not found:
        raise UserError(
            f"nothing to replay in {', '.join(map(str, paths))}: "
            "name a folder of programs or findings"
        )
    return found


def _name_apart(read: Iterable[tuple[Path, Case]]) -> list[Case]:
    """Give cases of one name their paths as names, until no name is left that two have."""
    found = [(str(place), _spell(case)) for place, case in read]
    while shared := {name for name, times in _count_names(found).items() if times > 1}:
        spelled = [(place, _spell(replace(case, name=place))) for place, case in found]
        renamed = [
            new if old[1].name in shared else old for old, new in zip(found, spelled, strict=True)
        ]
        if renamed == found:  # a byte that is not UTF-8, and its escape: two paths spelled the same
            return [replace(case, name=f"{case.name} ({at})") for at, (_, case) in enumerate(found)]
        found = renamed
    return [case for _, case in found]


def _count_names(found: Iterable[tuple[str, Case]]) -> Counter[str]:
    return Counter(case.name for _, case in found)


def _spell(case: Case) -> Case:
    """Spell out what is not UTF-8 in the file's name: reports are UTF-8."""
    name, problem = (
        text.encode("utf-8", "backslashreplace").decode() for text in (case.name, case.problem)
    )
    return replace(case, name=name, problem=problem)


def _read_cases(path: Path) -> Iterator[tuple[Path, Case]]:
    """Read the cases of a file or below a folder, each with its own path."""
    if not path.exists():
        raise UserError(f"there is no {path} to replay: name a program, a finding or a folder")
    if path.is_file():
        yield path, _read_program(path, path.name)
        return
    findings = {found.parent for found in path.rglob("finding.json")}
    for program in sorted(path.rglob("*.fin")):
        if findings.isdisjoint(program.parents) and "unconfirmed" not in program.parts:
            yield program, _read_program(program, str(program.relative_to(path)))
    for folder in sorted(findings):
        name = folder.name if folder == path else str(folder.relative_to(path))
        yield folder, _read_finding(folder, name)


def _read_program(path: Path, name: str) -> Case:
    try:
        program = read_program(path)
    except UserError as error:
        return Case(name, problem=str(error))
    try:
        expected = tuple(read_expectations(program))
    except UserError as error:
        return Case(name, problem=f"{path}: {error}")
    own = collect_own_words()
    return Case(name.removesuffix(".fin"), program, expected, path=path, own=own)


def _read_finding(folder: Path, name: str) -> Case:
    try:
        finding = load(folder)
        own, found_on = finding.target.read_own_words(folder), finding.target.find_spec(folder)
    except UserError as error:
        return Case(name, problem=str(error))
    program, seen = parse(finding.program), _collect_seen(finding)
    return Case(
        name,
        program,
        seen=seen,
        flaky=finding.flaky,
        own=own,
        found_on=found_on,
        folder=folder,
        defect=finding.diagnosis,
    )


#: Verdicts that tell nothing about the defect on a build.
_NOTHING = ("absent", "known", "not comparable")


def _collect_seen(finding: Finding) -> dict[BuildName, frozenset[str]]:
    own = frozenset({f"{finding.signal}/{finding.diagnostic}"})
    found = {(finding.target.spec, finding.target.python): own}
    for cell in finding.attribution.cells if finding.attribution else ():
        verdict = cell.verdict
        if cell.axis == "instrumentation" or verdict.what in _NOTHING:
            continue
        what = {"same": own, "survived": frozenset[str]()}.get(
            verdict.what, frozenset({verdict.seen})
        )
        found[cell.target, cell.python] = what
    return found
