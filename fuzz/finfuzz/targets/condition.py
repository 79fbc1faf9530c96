"""Parse conditions on a target and a CPython, such as

    FRAMEWORK>=3.0.2+POLICY, python<3.13.8+debug

A framework without a policy means all its policies, a control without a style all its styles, and
python without a build all builds of it; a condition without a framework means every target. Of a
target of two releases the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from finfuzz.support.cpythons import split_abiflags
from finfuzz.support.errors import UserError
from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.frameworks.framework import Framework
from finfuzz.targets.spec import TargetSpec

_NAMES = "|".join(map(re.escape, sorted((*FRAMEWORKS, "python"), key=len, reverse=True)))
_PART = re.compile(rf"({_NAMES})([<>=!~].*?)?(?:\+([\w-]+))?")

#: What `python+…` may ask of a build's ABI flags.
BUILDS: dict[str, Callable[[str], bool]] = {
    "release": lambda abiflags: not abiflags,
    "debug": lambda abiflags: "d" in abiflags,
    "free-threaded": lambda abiflags: "t" in abiflags,
}

#: The version of a checkout, newer than every release.
CHECKOUT = "999"


@dataclass(frozen=True, slots=True)
class Condition:
    """All parts have to hold; an empty part always does. ``build``: one of BUILDS."""

    framework: str = ""
    versions: SpecifierSet = field(default_factory=SpecifierSet)
    policy: str = ""
    pythons: SpecifierSet = field(default_factory=SpecifierSet)
    build: str = ""

    def is_about(self, spec: TargetSpec) -> bool:
        """Whether it is about a target like this one, of any version and on any CPython."""
        return self.framework in ("", spec.framework) and self.policy in ("", spec.policy)

    def holds(self, spec: TargetSpec, python: str) -> bool:
        """Whether the condition is true of a target on a CPython, `3.13.0` or `3.14.10d`."""
        if not self.is_about(spec):
            return False
        number, abiflags = split_abiflags(python)
        if self.build and not BUILDS[self.build](abiflags):
            return False
        versions = self.versions.contains(spec.version or CHECKOUT, prereleases=True)
        return versions and self.pythons.contains(number, prereleases=True)


def parse_condition(text: str) -> Condition:
    """Parse the parts, separated by `, `. Raise UserError, which names the bad part."""
    found = Condition()
    for name, versions, policy in _read_parts(text):
        if name == "python":
            found = replace(found, pythons=versions, build=policy)
        elif found.framework:
            raise UserError("one framework a line")
        else:
            found = replace(found, framework=name, versions=versions, policy=policy)
    return found


def _read_parts(text: str) -> Iterator[tuple[str, SpecifierSet, str]]:
    for part in text.split(", "):
        match = _PART.fullmatch(part)
        if match is None:
            known = ", ".join((*FRAMEWORKS, "python"))
            raise UserError(f"{part!r} is no condition: begin it with one of {known}")
        name, versions, policy = match.groups()
        if name != "python":
            _require_sense(FRAMEWORKS[name], versions, policy)
        elif policy and policy not in BUILDS:
            raise UserError(f"python has no build {policy!r}: choose {', '.join(BUILDS)}")
        try:
            yield name, SpecifierSet(versions or ""), policy or ""
        except InvalidSpecifier:
            raise UserError(f"can't read the versions {versions!r}") from None


def _require_sense(record: Framework, versions: str | None, policy: str | None) -> None:
    if record.releases is None and versions:
        raise UserError(f"{record.name} has no versions")
    if policy and len(record.policies) == 1:
        raise UserError(f"{record.name} has no policies")
    if policy and policy not in record.policy_names:
        choices = ", ".join(record.policy_names)
        raise UserError(f"unknown policy {policy!r}: choose {choices}")
