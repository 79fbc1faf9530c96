"""Parse and print a package as a target: ``wheel:kiwisolver==1.5.1+recipe=kiwi.toml``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from finfuzz.support.errors import UserError
from finfuzz.targets.origins import ORIGINS

FORMS = {
    "wheel:NAME[==VERSION]": "a package, installed from its wheels",
    "module:NAME[+path=FOLDER]": "a module that the chosen CPython or virtual environment imports",
    "stdlib:NAME": "a module of CPython's standard library",
}

_ORIGIN = re.compile(rf"({'|'.join(ORIGINS)}):(.*)\Z", re.DOTALL)
_OPTION = re.compile(r"\+(?=(?:path|recipe)=)")
_NAMES = {
    "wheel": re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?\Z", re.ASCII),
    "module": re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\Z"),
}


class PackageName(NamedTuple):
    """A package: its origin, its name there, the release of a wheel, the folder to import a module
    from, and the recipe. ``str`` gives the canonical text."""

    origin: str
    name: str
    version: str | None = None
    path: Path | None = None
    recipe: Path | None = None

    def __str__(self) -> str:
        version = f"=={self.version}" if self.version else ""
        path = f"+path={self.path}" if self.path else ""
        recipe = f"+recipe={self.recipe}" if self.recipe else ""
        return f"{self.origin}:{self.name}{version}{path}{recipe}"


def parse_package(text: str) -> PackageName | None:
    """Read a package; None for a text that begins with no origin. Raise UserError."""
    match = _ORIGIN.match(text)
    if match is None:
        return None
    origin, rest = match.groups()
    words, *options = _OPTION.split(rest)
    name, equals, version = words.partition("==")
    if not _NAMES.get(origin, _NAMES["module"]).match(name):
        raise UserError(f"target {text!r}: {name!r} is no name: write {_get_form(origin)}")
    if equals and origin != "wheel":
        raise UserError(f"target {text!r}: only a wheel has a version: write {_get_form(origin)}")
    paths = dict(_parse_option(text, origin, option) for option in options)
    release = _parse_version(text, version) if equals else None
    return PackageName(origin, name, release, paths.get("path"), paths.get("recipe"))


def _get_form(origin: str) -> str:
    return next(form for form in FORMS if form.startswith(origin))


def _parse_version(text: str, word: str) -> str:
    try:
        return str(Version(word))
    except InvalidVersion:
        raise UserError(f"target {text!r}: {word!r} is not a version") from None


def _parse_option(text: str, origin: str, option: str) -> tuple[str, Path]:
    key, _, value = option.partition("=")
    if key == "path" and origin != "module":
        raise UserError(f"target {text!r}: only a module has a path")
    if not value:
        raise UserError(f"target {text!r}: no path after +{key}=")
    try:
        return key, Path(os.path.realpath(os.path.expanduser(value)))
    except ValueError as error:  # a null byte, a lone surrogate
        raise UserError(f"target {text!r}: {value!r} can't be a path: {error}") from None
