"""What a corpus program says of itself: comments such as

    # expect: SIGABRT/internals-recreated on pybind11>=3.0.2+destroy
    # expect: SIGABRT/fatal-python-error on python<3.13

A program that says nothing is expected to survive wherever it is run. One that names a framework
without a policy means each policy of it; one that names none means every target. Of a target of two
releases the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from fuzz.errors import UserError
from fuzz.program.model import Program
from fuzz.target.spec import FRAMEWORKS, PLAIN_C, PYBIND11, Policy, TargetSpec
from fuzz.triage.diagnose import DIAGNOSTICS

_LINE = re.compile(r"expect: ([A-Z]+/[a-z0-9-]+) on (.+)")
_MEANT = re.compile(r"expects?\s*:", re.IGNORECASE)
_CONDITION = re.compile(r"([a-z][a-z0-9-]*?)([<>=!~].*?)?(?:\+(\w+))?")


_CHECKOUT = "999"


@dataclass(frozen=True, slots=True)
class Expectation:
    """``what``: a signal and a diagnostic, `SIGABRT/internals-recreated`; then where."""

    what: str
    framework: str
    versions: SpecifierSet
    policy: str
    pythons: SpecifierSet

    def speaks_of(self, spec: TargetSpec, python: str) -> bool:
        """Whether it is about this target (with a version, if of pybind11) on this CPython."""
        if self.framework and self.framework != spec.framework:
            return False
        if self.policy and self.policy != spec.policy:
            return False
        # A checkout has no version, and counts as newer than every release.
        versions = self.versions.contains(spec.version or _CHECKOUT, prereleases=True)
        return versions and self.pythons.contains(python, prereleases=True)


def expected(program: Program, spec: TargetSpec, python: str) -> frozenset[str]:
    """What is to be seen there, each as `SIGNAL/diagnostic`; empty: it survives."""
    found = expectations(program)
    return frozenset(each.what for each in found if each.speaks_of(spec, python))


def expectations(program: Program) -> list[Expectation]:
    """Reads a program's comments. Raises UserError for one that can't be understood."""
    comments = [line for step in program.steps for line in (*step.above, step.beside)]
    return [_read(line) for line in (*comments, *program.below) if _MEANT.match(line)]


def _read(line: str) -> Expectation:
    match = _LINE.fullmatch(line)
    if match is None:
        raise UserError(f"{line!r}: write `expect: SIGNAL/diagnostic on TARGET, python<3.13`")
    if match[1].partition("/")[2] not in DIAGNOSTICS:
        raise UserError(f"{line!r}: no diagnostic of that name, see docs/diagnostics.md")
    found = Expectation(match[1], "", SpecifierSet(), "", SpecifierSet())
    for name, versions, policy in _conditions(line, match[2]):
        if name == "python":
            found = replace(found, pythons=versions)
        elif found.framework:
            raise UserError(f"{line!r}: one framework a line")
        else:
            found = replace(found, framework=name, versions=versions, policy=policy)
    return found


def _conditions(line: str, text: str) -> Iterator[tuple[str, SpecifierSet, str]]:
    for part in text.split(", "):
        match = _CONDITION.fullmatch(part)
        if match is None or match[1] not in (*FRAMEWORKS, "python"):
            known = ", ".join((*FRAMEWORKS, "python"))
            raise UserError(f"{line!r}: {part!r} is no condition: begin it with one of {known}")
        if match[1] != PYBIND11 and (match[3] or (match[2] and match[1] == PLAIN_C)):
            raise UserError(f"{line!r}: {match[1]} has no policies, and plain-c no versions")
        if match[3] and match[3] not in list(Policy):
            raise UserError(f"{line!r}: unknown policy {match[3]!r}: choose {', '.join(Policy)}")
        try:
            yield match[1], SpecifierSet(match[2] or ""), match[3] or ""
        except InvalidSpecifier:
            raise UserError(f"{line!r}: can't read the versions {match[2]!r}") from None
