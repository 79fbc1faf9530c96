"""Where something holds: a framework, releases of it, a policy, CPythons, as in

    pybind11>=3.0.2+destroy, python<3.13

What names a framework without a policy means each policy of it; what names none means every target.
Of a target of two releases the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from finfuzz.support.errors import UserError
from finfuzz.targets.spec import FRAMEWORKS, PYBIND11, Policy, TargetSpec

_PART = re.compile(r"([a-z][a-z0-9-]*?)([<>=!~].*?)?(?:\+(\w+))?")

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
        """Whether this target (with a version, if of pybind11) on this CPython is meant."""
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
        if match is None or match[1] not in (*FRAMEWORKS, "python"):
            known = ", ".join((*FRAMEWORKS, "python"))
            raise UserError(f"{part!r} is no condition: begin it with one of {known}")
        if match[1] != PYBIND11 and (match[3] or (match[2] and match[1] != "python")):
            raise UserError(f"{match[1]} has no policies, only python and pybind11 have versions")
        if match[3] and match[3] not in list(Policy):
            raise UserError(f"unknown policy {match[3]!r}: choose {', '.join(Policy)}")
        try:
            yield match[1], SpecifierSet(match[2] or ""), match[3] or ""
        except InvalidSpecifier:
            raise UserError(f"can't read the versions {match[2]!r}") from None
