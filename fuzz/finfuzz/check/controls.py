"""Controls of a check: does the same scenario end the same without the extension?

They are the scenario without any extension, and with each module of the standard library that the
package imports, alone. Where one dies the same, the defect is CPython's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from finfuzz.targets.build import Build
from finfuzz.targets.packages.files import describe_file
from finfuzz.targets.packages.recipe import find_shipped
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.diagnosis import Diagnosis

#: Modules of the standard library that are tried; a large package imports some forty, and most
#: have no types of their own. Those that finfuzz has a recipe for come first.
_MOST_MODULES = 8


def list_controls(build: Build) -> list[TargetSpec]:
    """List the controls of a target, the one without any extension first."""
    spec = build.spec
    bare = [spec.switch_alike(TargetSpec(name)) for name in spec.record.controls]
    return [*bare, *islice(_list_modules(build), _MOST_MODULES)]


def _list_modules(build: Build) -> Iterator[TargetSpec]:
    """List the compiled modules of the standard library that the import brings."""
    if build.package is None or build.spec.framework == "stdlib":
        return
    imported = build.package.probe.imported
    names = dict.fromkeys(map(_name_public, (*imported.extensions, *imported.builtin)))
    found = [name for name in names if name in sys.stdlib_module_names]
    found.sort(key=lambda name: find_shipped(name) is None)
    yield from (TargetSpec("stdlib", package=name) for name in found)


def _name_public(module: str) -> str:
    """Name the module that a user imports: `_datetime` is behind `datetime`."""
    public = module.lstrip("_")
    return public if public in sys.stdlib_module_names else module


def dies_the_same(here: Diagnosis, there: Diagnosis | None) -> bool:
    """Whether a control died the same: by signal and diagnostic, and where both have frames they
    share one. The package's own frames are not in the control."""
    if there is None or str(here) != str(there):
        return False
    if not here.frames or not there.frames:
        return True
    return not set(here.frames).isdisjoint(there.frames)


def name_frameworks(build: Build) -> tuple[str, ...]:
    """Name the frameworks that a package's own compiled modules are made with."""
    if build.package is None:
        return ()
    files = (describe_file(Path(one), Path(one).parent) for one in _list_own(build))
    return tuple(dict.fromkeys(name for file in files if file for name in file.frameworks))


def _list_own(build: Build) -> Iterator[str]:
    assert build.package is not None
    yield from dict.fromkeys(build.package.extensions.values())
