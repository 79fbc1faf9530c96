"""The frameworks that a package's own compiled modules are made with."""

from __future__ import annotations

from pathlib import Path

from finfuzz.targets.build import Build
from finfuzz.targets.packages.files import describe_file


def name_frameworks(build: Build) -> tuple[str, ...]:
    """Name the frameworks that a package's own compiled modules are made with."""
    if build.package is None:
        return ()
    own = dict.fromkeys(build.package.extensions.values())
    files = (describe_file(Path(one), Path(one).parent) for one in own)
    return tuple(dict.fromkeys(name for file in files if file for name in file.frameworks))
