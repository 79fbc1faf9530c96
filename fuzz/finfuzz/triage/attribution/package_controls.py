"""Plan the controls of a finding on a package. What a control shows decides what is tried next."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.version import Version

from finfuzz.support.errors import UserError
from finfuzz.targets.built import Build
from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.frameworks.framework import RELEASED
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.package_parts import (
    describe_own_files,
    list_dependencies,
    list_standard_modules,
)
from finfuzz.targets.packages.recipe import find_shipped
from finfuzz.targets.releases import list_marked, list_own_releases
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.attribution.controls import Control, Plan, is_telling
from finfuzz.triage.attribution.search import Trial, find_middle, send

#: The control against the C API alone.
_PLAIN = next(one.name for one in FRAMEWORKS.values() if one.is_control and one.is_compiled)


@dataclass(frozen=True)
class Parts:
    """What a package is made of, as far as controls need it.

    ``marks``: the frameworks that made its own files, each with the text by which it is known;
    ``like``: its releases that leave the same text, as targets, newest first; ``standard``: modules
    of the standard library; ``dependencies``: other packages with compiled modules.
    """

    marks: dict[str, str]
    like: tuple[TargetSpec, ...]
    is_abi3: bool
    standard: tuple[str, ...]
    dependencies: tuple[TargetSpec, ...]


def find_parts(build: Build) -> Parts:
    """Find what the package of a build is made of."""
    assert build.package is not None
    files = describe_own_files(build.package)
    marks = {name: text for file in files for name, text in file.marks.items()}
    return Parts(
        marks=marks,
        like=tuple(_list_like(marks)),
        is_abi3=any(file.is_abi3 for file in files),
        standard=list_standard_modules(build.package),
        dependencies=list_dependencies(build),
    )


def plan_package_controls(build: Build, parts: Parts, interpreters: Sequence[Interpreter]) -> Plan:
    """Plan the controls, the most telling first. ``interpreters``: all found, newest first."""
    spec, interpreter = build.spec, build.interpreter
    yield from (Control("extension", TargetSpec(one), interpreter) for one in spec.record.controls)
    style = "abi3" if parts.is_abi3 else RELEASED
    yield Control("extension", TargetSpec(_PLAIN, policy=style), interpreter)
    if spec.framework != "stdlib":
        yield from _plan_standard_library(parts.standard, interpreter)
    yield from _plan_until_same(Control("framework", like, interpreter) for like in parts.like)
    for dependency in parts.dependencies:
        yield Control("dependency", dependency, interpreter)
    yield from _plan_releases(spec, interpreter)
    if spec.framework == "module":  # it is compiled for this CPython
        return
    for other in interpreters:
        if other.includes and is_telling(other, interpreter):
            yield Control("python", spec, other)


def search_releases(names: Sequence[str]) -> Generator[str, bool | None, None]:
    """Search for the first good release, outward from the first name, which is bad.

    Yield a release to try and receive whether it is bad, None if that can't be told. The search
    takes it that there is one change.
    """
    far = len(names) - 1
    while far > 0 and (is_bad := (yield names[far])) is None:
        far //= 2
    if far <= 0 or is_bad:
        return
    low, high, untold = 0, far, set[int]()
    while (index := find_middle(low, high, untold)) is not None:
        is_bad = yield names[index]
        if is_bad is None:
            untold.add(index)
        elif is_bad:
            low = index
        else:
            high = index


def _plan_standard_library(names: Sequence[str], interpreter: Interpreter) -> Plan:
    """Plan all modules at once, then alone those with a recipe.

    If all at once have the defect, try the others alone, too. Without a recipe a module is only
    imported; with one, its objects take the place of the package's.
    """
    if not names:
        return
    together = yield _make_standard(names, interpreter)
    known = [name for name in names if find_shipped(name)]
    others = [name for name in names if name not in known] if together.what == "same" else []
    alone = [*known, *others] if len(names) > 1 else []
    yield from _plan_until_same(_make_standard([name], interpreter) for name in alone)


def _make_standard(names: Sequence[str], interpreter: Interpreter) -> Control:
    spec = TargetSpec("stdlib", package=",".join(names))
    return Control("standard library", spec, interpreter)


def _plan_until_same(controls: Iterator[Control]) -> Plan:
    for control in controls:
        verdict = yield control
        if verdict.what == "same":
            return


def _plan_releases(spec: TargetSpec, interpreter: Interpreter) -> Plan:
    own = spec.version
    if own is None:
        return
    releases = try_listing(lambda: list_own_releases(spec, interpreter))
    older = [one for one in releases if Version(one) < Version(own)]
    newer = [one for one in reversed(releases) if Version(one) > Version(own)]
    for outward in (newer, older):
        search = search_releases([own, *outward])
        name = next(search, None)
        while name is not None:
            verdict = yield Control("release", replace(spec, version=name), interpreter)
            name = send(search, Trial(name, verdict).bad)


def try_listing(list_them: Callable[[], list[str]]) -> list[str]:
    """List releases; none without a package index, and with nothing in the cache."""
    try:
        return list_them()
    except UserError:
        return []


def _list_like(marks: dict[str, str]) -> Iterator[TargetSpec]:
    for name, mark in marks.items():
        if name in FRAMEWORKS:
            for release in try_listing(lambda name=name, mark=mark: list_marked(name, mark)):  # type: ignore[misc]
                yield TargetSpec(name, release)
