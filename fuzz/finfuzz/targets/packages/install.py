"""Install packages into the cache, one folder for a set of requirements and a CPython."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from packaging.requirements import Requirement

from finfuzz.targets.cache import find_cache
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages import uv
from finfuzz.targets.packages.failures import explain, explain_install
from finfuzz.targets.packages.folders import fill_once
from finfuzz.targets.packages.requirements import parse_requirement
from finfuzz.targets.packages.uv import Package, UvError

RECORD = "installed.json"
_SITE = "site-packages"


@dataclass(frozen=True, slots=True)
class Installed:
    """Packages in the cache: ``folder`` is to be put on `sys.path`, and never written to.

    ``packages``: those that were asked for, in that order, then all others by name.
    """

    folder: Path
    packages: tuple[Package, ...]

    @property
    def pins(self) -> tuple[str, ...]:
        """What `pip install` takes to install the same, as `name==version`."""
        return tuple(package.pin for package in self.packages)


class _Record(msgspec.Struct):
    requirements: list[str]
    python: str
    from_source: bool
    packages: tuple[Package, ...]


def install(
    requirements: tuple[str, ...],
    interpreter: Interpreter,
    *,
    from_source: bool = False,
    announce: Callable[[str], None] = lambda _: None,
) -> Installed:
    """Return these packages and all that they need, for a CPython; install what the cache lacks.

    The index is the one that uv is set up for (`UV_DEFAULT_INDEX`, `uv.toml` of the user).
    A requirement that leaves the release open gets the newest at the time, and keeps it in the
    cache. Nothing is built from source unless ``from_source``, and then only what has no wheel.
    ``announce`` gets one line before an installation and none otherwise. Safe to call from many
    processes at once. Raise UserError for a requirement that is none, for a package, a release or a
    wheel that doesn't exist, and if the package index can't be reached.
    """
    asked = [parse_requirement(text) for text in requirements]
    directory = find_cache() / "packages" / _name_folder(asked, interpreter, from_source)

    def fill(folder: Path) -> _Record:
        announce(f"installing {', '.join(map(str, asked))} for CPython {interpreter.text}")
        packages = choose_packages(asked, interpreter, from_source)
        _install_into(folder / _SITE, packages, interpreter, from_source)
        return _Record(list(map(str, asked)), interpreter.text, from_source, packages)

    record = fill_once(directory, RECORD, _Record, fill)
    return Installed(directory / _SITE, record.packages)


def choose_packages(
    asked: list[Requirement], interpreter: Interpreter, from_source: bool
) -> tuple[Package, ...]:
    """Choose releases: first those that were asked for. Raise UserError as ``install`` does."""
    try:
        chosen = uv.lock(map(str, asked), interpreter, from_source=from_source)
    except UvError as error:
        raise explain(error, asked, interpreter) from None
    order = {requirement.name: place for place, requirement in enumerate(asked)}
    return tuple(sorted(chosen, key=lambda one: (order.get(one.name, len(order)), one.name)))


def _name_folder(asked: list[Requirement], interpreter: Interpreter, from_source: bool) -> str:
    # The version in full: markers and `Requires-Python` may ask for its last number.
    facts = (*map(str, asked), interpreter.text, interpreter.ext_suffix, from_source)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _install_into(
    folder: Path, packages: tuple[Package, ...], interpreter: Interpreter, from_source: bool
) -> None:
    lines = [package.exact_pin for package in packages]
    try:
        uv.install(lines, interpreter, "--target", str(folder), from_source=from_source)
    except UvError as error:
        raise explain_install(error, [one.pin for one in packages], interpreter) from None
    (folder / ".lock").unlink(missing_ok=True)  # uv's
