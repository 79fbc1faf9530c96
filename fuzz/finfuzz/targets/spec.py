"""Parse targets as a user writes them: ``FRAMEWORK==3.1.0+POLICY`` and the like."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import InvalidVersion, Version

from finfuzz.support.errors import UserError
from finfuzz.targets.forms import list_target_forms
from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.frameworks.framework import RELEASED, Framework, ReleasePackage
from finfuzz.targets.origins import ORIGINS
from finfuzz.targets.package_name import FORMS, PackageName, parse_package


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """A target: a framework, its origin, and a shutdown policy.

    A spec of a framework with releases has a ``version`` or a ``path`` or, until
    ``releases.resolve`` fills in the newest release, neither. ``second`` is the release of another
    extension in the same process. ``switches``: of its builds, in the record's order. A ``package``
    has its origin in place of the framework, the ``path`` where it is imported from, if that is not
    the CPython's own, and perhaps a ``recipe``. ``str`` gives the canonical text, which
    ``parse_target`` reads.
    """

    framework: str
    version: str | None = None
    path: Path | None = None
    policy: str = RELEASED
    second: str | None = None
    package: str = ""
    recipe: Path | None = None
    switches: tuple[str, ...] = ()

    @property
    def record(self) -> Framework:
        """The record of the framework, or of the package's origin."""
        return ORIGINS[self.framework] if self.package else FRAMEWORKS[self.framework]

    @property
    def extensions(self) -> tuple[TargetSpec, ...]:
        """One spec for each extension of the target, of one release each."""
        if self.second is None:
            return (self,)
        return replace(self, second=None), replace(self, version=self.second, second=None)

    def switch_alike(self, other: TargetSpec) -> TargetSpec:
        """Give another target the build switches of this one, as far as it has them."""
        known = other.record.switches
        return replace(other, switches=tuple(one for one in self.switches if one in known))

    @property
    def name(self) -> str:
        """Its text without the recipe: what findings and results of replays call it."""
        return str(replace(self, recipe=None))

    def __str__(self) -> str:
        if self.package:
            name = (self.framework, self.package, self.version, self.path, self.recipe)
            return str(PackageName(*name))
        switches = f"{{{','.join(self.switches)}}}" if self.switches else ""
        if self.record.releases is None:
            style = "" if self.policy == RELEASED else f"+{self.policy}"
            return f"{self.framework}{switches}{style}"
        if self.path is not None:
            origin = f"@{self.path}"
        else:
            versions = [version for version in (self.version, self.second) if version is not None]
            origin = f"=={','.join(versions)}" if versions else ""
        return f"{self.framework}{origin}{switches}+{self.policy}"


#: Build switches, at the end or before a policy.
_SWITCHES = re.compile(r"\{([^{}/]*)\}(?=\+[\w-]+\Z|\Z)")


def parse_target(text: str) -> TargetSpec:
    """Read one of five forms, where ``POLICY`` is released unless given::

        FRAMEWORK==VERSION[+POLICY]        a release
        FRAMEWORK==FIRST,SECOND[+POLICY]   two extensions, each built for its release
        FRAMEWORK@PATH[+POLICY]            a checkout or an include folder; need not exist yet
        FRAMEWORK[+POLICY]                 the newest release, looked up later
        CONTROL                            a target without a framework, which has no releases
        wheel:NAME[==VERSION], module:NAME, stdlib:NAME    a package; see ``parse_package``

    Before a policy there may be build switches, `{DETAILED_ERRORS,ASSERTS}`. Raise UserError for
    anything else.
    """
    if (name := parse_package(text)) is not None:
        origin, package, version, path, recipe = name
        return TargetSpec(origin, version, path, package=package, recipe=recipe)
    record = _find_framework(text)
    if (switched := _SWITCHES.search(text)) and not _is_path(text[: switched.end()], record):
        spec = parse_target(text[: switched.start()] + text[switched.end() :])
        return replace(spec, switches=_parse_switches(text, switched[1], record, spec.switches))
    rest = text[len(record.name) :]
    if record.releases is None:
        return _parse_control(text, rest, record)
    if rest.startswith("@"):
        return _parse_path(text, rest[1:], record)
    versions, plus, word = rest.partition("+")
    first, second = _parse_versions(text, versions, record.releases) if versions else (None, None)
    policy = _parse_policy(text, word, record) if plus else RELEASED
    return TargetSpec(record.name, first, None, policy, second)


def _is_path(text: str, record: Framework) -> bool:
    """Whether braces are of a path that exists."""
    path = text[len(record.name) :]
    return path.startswith("@") and os.path.exists(os.path.expanduser(path[1:]))


def _parse_switches(
    text: str, names: str, record: Framework, others: tuple[str, ...]
) -> tuple[str, ...]:
    given = [*others, *(name.strip() for name in names.split(","))]
    for name in given:
        if name not in record.switches:
            if not record.switches:
                raise UserError(
                    f"target {text!r}: {record.name} is not compiled: no build switches"
                )
            near = difflib.get_close_matches(name.upper(), record.switches, n=1)
            hint = f"did you mean {near[0]}?" if near else f"choose {', '.join(record.switches)}"
            raise UserError(f"target {text!r}: unknown build switch {name!r}: {hint}")
    return tuple(name for name in record.switches if name in given)


def _parse_control(text: str, rest: str, record: Framework) -> TargetSpec:
    if not rest:
        return TargetSpec(record.name)
    if len(record.policies) == 1:
        raise UserError(
            f"target {text!r}: {record.name} takes no version and no policy: write {record.name}"
        )
    if not rest.startswith("+"):
        raise UserError(
            f"target {text!r}: {record.name} takes no version: write {record.name} or "
            f"{record.name}+STYLE, with one of {', '.join(record.policy_names)}"
        )
    return TargetSpec(record.name, policy=_parse_policy(text, rest[1:], record))


def _find_framework(text: str) -> Framework:
    # The longest name first: one may begin with another.
    for name in sorted(FRAMEWORKS, key=len, reverse=True):
        if re.match(rf"{re.escape(name)}(?![\w.-])", text):
            return FRAMEWORKS[name]
    word = re.match(r"[\w.-]*", text)
    name = word.group() if word else ""
    near = difflib.get_close_matches(name, FRAMEWORKS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"write {', '.join(FORMS)} for any extension"
    known = ", ".join(FRAMEWORKS)
    raise UserError(f"target {text!r}: unknown framework {name!r}; known are {known}: {hint}")


def _parse_versions(text: str, rest: str, package: ReleasePackage) -> tuple[str, str | None]:
    name = package.name
    if not rest.startswith("=="):
        raise UserError(f"target {text!r}: can't read {rest!r} after {name}: {list_target_forms()}")
    first, comma, second = rest[2:].partition(",")
    if "," in second:
        raise UserError(
            f"target {text!r}: more than two releases: write two like {name}==FIRST,SECOND"
        )
    return (
        _parse_version(text, first, package),
        _parse_version(text, second, package) if comma else None,
    )


def _parse_version(text: str, word: str, package: ReleasePackage) -> str:
    try:
        version = Version(word)
    except InvalidVersion:
        raise UserError(
            f"target {text!r}: {word!r} is not a version: "
            f"write one like {package.name}=={package.oldest}"
        ) from None
    if version < Version(package.oldest):
        raise UserError(
            f"target {text!r}: {package.name} {version} is too old: "
            f"choose {package.oldest} or later"
        )
    return _pad_version(version)


def _pad_version(version: Version) -> str:
    """Pad a version to three numbers: 3.1 and 3.1.0 are one release, and one cache entry."""
    base = version.base_version
    return base + ".0" * (2 - base.count(".")) + str(version).removeprefix(base)


def _parse_path(text: str, rest: str, record: Framework) -> TargetSpec:
    path, policy = _split_path(text, rest, record)
    if not path:
        raise UserError(f"target {text!r}: no path after @: write {record.name}@PATH")
    try:
        real = os.path.realpath(os.path.expanduser(path))
    except ValueError as error:  # a null byte, a lone surrogate
        raise UserError(f"target {text!r}: {path!r} can't be a path: {error}") from None
    return TargetSpec(record.name, None, Path(real), policy)


def _split_path(text: str, rest: str, record: Framework) -> tuple[str, str]:
    path, plus, word = rest.rpartition("+")
    # Paths hold '+' too (c++/include, 1.0+git5): only a last '+' followed by one word counts,
    # and a word that is no policy may still be the end of a path that exists.
    if not plus or not re.fullmatch(r"\w+", word):
        return rest, RELEASED
    if word not in record.policy_names and os.path.exists(os.path.expanduser(rest)):
        return rest, RELEASED
    return path, _parse_policy(text, word, record)


def _parse_policy(text: str, word: str, record: Framework) -> str:
    if word not in record.policy_names:
        choices = ", ".join(record.policy_names)
        raise UserError(f"target {text!r}: unknown policy {word!r}: choose {choices}")
    return word
