"""What to fuzz, as a user writes it: ``pybind11==3.1.0+destroy`` and the like."""

import difflib
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from packaging.version import InvalidVersion, Version

from finfuzz.support.errors import UserError

PYBIND11 = "pybind11"
PLAIN_C = "plain-c"
NO_EXTENSION = "no-extension"
#: The controls, which there is one of each.
CONTROLS = (PLAIN_C, NO_EXTENSION)
FRAMEWORKS = (PYBIND11, *CONTROLS)
OLDEST_PYBIND11 = Version("3.0.0")

_FORMS = (
    "pybind11==VERSION, pybind11==FIRST,SECOND, pybind11@PATH or pybind11, each with +POLICY if "
    "wanted, plain-c or no-extension"
)


class Policy(StrEnum):
    """How a pybind11 target treats its internals at shutdown."""

    RELEASED = "released"
    DESTROY = "destroy"
    LEAK = "leak"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """One target: a framework, where it comes from, and a shutdown policy.

    A pybind11 spec has a ``version`` or a ``path`` or, until ``releases.resolve`` fills in the
    newest release, neither. ``second`` is the release of another extension in the same process.
    ``str`` gives the canonical text, which ``parse_target`` reads back.
    """

    framework: str
    version: str | None
    path: Path | None
    policy: Policy
    second: str | None = None

    @property
    def of_second(self) -> "TargetSpec | None":
        """What the second extension alone is built for."""
        if self.second is None:
            return None
        return TargetSpec(self.framework, self.second, None, self.policy)

    def __str__(self) -> str:
        if self.framework in CONTROLS:
            return self.framework
        if self.path is not None:
            origin = f"@{self.path}"
        else:
            versions = [version for version in (self.version, self.second) if version is not None]
            origin = f"=={','.join(versions)}" if versions else ""
        return f"{self.framework}{origin}+{self.policy}"


def parse_target(text: str) -> TargetSpec:
    """Read one of six forms, where ``POLICY`` is released unless given::

        pybind11==VERSION[+POLICY]        a release, 3.0.0 or later
        pybind11==FIRST,SECOND[+POLICY]   two extensions, each built for its release
        pybind11@PATH[+POLICY]            a checkout or an include folder; need not exist yet
        pybind11[+POLICY]                 the newest release, looked up later
        plain-c                           the plain C API, no framework
        no-extension                      a module written in Python

    Raises UserError for anything else.
    """
    framework = _framework_of(text)
    rest = text[len(framework) :]
    if framework in CONTROLS:
        if rest:
            raise UserError(
                f"target {text!r}: {framework} takes no version and no policy: write {framework}"
            )
        return TargetSpec(framework, None, None, Policy.RELEASED)
    if rest.startswith("@"):
        return _parse_path(text, rest[1:])
    versions, plus, policy = rest.partition("+")
    first, second = _parse_versions(text, versions) if versions else (None, None)
    return TargetSpec(
        PYBIND11, first, None, _parse_policy(text, policy) if plus else Policy.RELEASED, second
    )


def _framework_of(text: str) -> str:
    word = re.match(r"[\w.-]*", text)
    name = word.group() if word else ""
    if name in FRAMEWORKS:
        return name
    near = difflib.get_close_matches(name, FRAMEWORKS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"write {_FORMS}"
    known = ", ".join(FRAMEWORKS)
    raise UserError(f"target {text!r}: unknown framework {name!r}; known are {known}: {hint}")


def _parse_versions(text: str, rest: str) -> tuple[str, str | None]:
    if not rest.startswith("=="):
        raise UserError(f"target {text!r}: can't read {rest!r} after pybind11: write {_FORMS}")
    first, comma, second = rest[2:].partition(",")
    if "," in second:
        raise UserError(
            f"target {text!r}: more than two releases: write two like pybind11==3.0.1,3.0.2"
        )
    return _parse_version(text, first), _parse_version(text, second) if comma else None


def _parse_version(text: str, word: str) -> str:
    try:
        version = Version(word)
    except InvalidVersion:
        raise UserError(
            f"target {text!r}: {word!r} is not a version: write one like pybind11==3.1.0"
        ) from None
    if version < OLDEST_PYBIND11:
        raise UserError(
            f"target {text!r}: pybind11 {version} is too old: choose {OLDEST_PYBIND11} or later"
        )
    return _three_numbers(version)


def _three_numbers(version: Version) -> str:
    """``3.1`` and ``3.1.0`` are one release and must not become two cache entries."""
    base = version.base_version
    return base + ".0" * (2 - base.count(".")) + str(version).removeprefix(base)


def _parse_path(text: str, rest: str) -> TargetSpec:
    path, policy = _split_path(text, rest)
    if not path:
        raise UserError(f"target {text!r}: no path after @: write pybind11@PATH")
    try:
        real = os.path.realpath(os.path.expanduser(path))
    except ValueError as error:  # a null byte, a lone surrogate
        raise UserError(f"target {text!r}: {path!r} can't be a path: {error}") from None
    return TargetSpec(PYBIND11, None, Path(real), policy)


def _split_path(text: str, rest: str) -> tuple[str, Policy]:
    path, plus, word = rest.rpartition("+")
    # Paths hold '+' too (c++/pybind11, 1.0+git5): only a last '+' followed by one word counts,
    # and a word that is no policy may still be the end of a path that exists.
    if not plus or not re.fullmatch(r"\w+", word):
        return rest, Policy.RELEASED
    if word not in list(Policy) and os.path.exists(os.path.expanduser(rest)):
        return rest, Policy.RELEASED
    return path, _parse_policy(text, word)


def _parse_policy(text: str, word: str) -> Policy:
    try:
        return Policy(word)
    except ValueError:
        raise UserError(
            f"target {text!r}: unknown policy {word!r}: choose {', '.join(Policy)}"
        ) from None
