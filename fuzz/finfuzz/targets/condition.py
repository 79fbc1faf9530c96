"""Where something holds: a framework, releases of it, a policy, CPythons, as in

    FRAMEWORK>=3.0.2+POLICY, python<3.13

What names a framework without a policy means each policy of it; what names none means every target.
Of a target of two releases the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from finfuzz.support.errors import UserError
from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.frameworks.framework import Framework
from finfuzz.targets.spec import TargetSpec

_NAMES = "|".join(map(re.escape, sorted((*FRAMEWORKS, "python"), key=len, reverse=True)))
_PART = re.compile(rf"({_NAMES})([<>=!~].*?)?(?:\+(\w+))?")

#: A checkout has no version, and counts as newer than every release.
_CHECKOUT = "999"


@dataclass(frozen=True, slots=True)
class Condition:
    """All of it has to hold; what is empty does."""

    framework: str = ""
    versions: SpecifierSet = field(default_factory=SpecifierSet)
    policy: str = ""
    pythons: SpecifierSet = field(default_factory=SpecifierSet)

    def holds(self, spec: TargetSpec, python: str) -> bool:
        """Tell whether this target on this CPython is meant."""
        if self.framework and self.framework != spec.framework:
            return False
        if self.policy and self.policy != spec.policy:
            return False
        versions = self.versions.contains(spec.version or _CHECKOUT, prereleases=True)
        return versions and self.pythons.contains(python, prereleases=True)


def parse_condition(text: str) -> Condition:
    """Reads the parts, with `, ` between them. Raises UserError, which names the part."""
    found = Condition()
    for name, versions, policy in _parts(text):
        if name == "python":
            found = replace(found, pythons=versions)
        elif found.framework:
            raise UserError("one framework a line")
        else:
            found = replace(found, framework=name, versions=versions, policy=policy)
    return found


def _parts(text: str) -> Iterator[tuple[str, SpecifierSet, str]]:
    for part in text.split(", "):
        match = _PART.fullmatch(part)
        if match is None:
            known = ", ".join((*FRAMEWORKS, "python"))
            raise UserError(f"{part!r} is no condition: begin it with one of {known}")
        name, versions, policy = match.groups()
        if name != "python":
            _require_sense(FRAMEWORKS[name], versions, policy)
        elif policy:
            raise UserError("python has no policies")
        try:
            yield name, SpecifierSet(versions or ""), policy or ""
        except InvalidSpecifier:
            raise UserError(f"can't read the versions {versions!r}") from None


def _require_sense(record: Framework, versions: str | None, policy: str | None) -> None:
    if record.headers is None and (versions or policy):
        raise UserError(f"{record.name} has neither versions nor policies")
    if policy and policy not in record.policy_names:
        choices = ", ".join(record.policy_names)
        raise UserError(f"unknown policy {policy!r}: choose {choices}")
