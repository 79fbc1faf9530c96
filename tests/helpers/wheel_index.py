"""A package index of made-up wheels, in a folder: no network, and releases that never change."""

from __future__ import annotations

import platform
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

#: The last part of the tags of wheels for this kind of machine.
PLATFORM = f"manylinux_2_17_{platform.machine()}"


class WheelIndex:
    """A folder of wheels that uv takes for the only index; it has a cache of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "wheels"
        self.folder.mkdir()
        settings = folder / "config" / "uv" / "uv.toml"  # there is no variable for `no-index`
        settings.parent.mkdir(parents=True)
        settings.write_text(f"no-index = true\nfind-links = [{str(self.folder)!r}]\n")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        monkeypatch.setenv("UV_CACHE_DIR", str(folder / "uv"))

    def add(
        self,
        name: str,
        version: str,
        *needs: str,
        tag: str = "py3-none-any",
        code: str = "",
        program: str = "",
    ) -> None:
        """Add a wheel of one module.

        ``tag``: the CPython, ABI and platform that it is for. ``program``: the function that runs
        as a program of the package's name.
        """
        wheel = self.folder / f"{name}-{version}-{tag}.whl"
        record = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"{name}.py", code or f"version = {version!r}\n")
            archive.writestr(f"{record}/METADATA", _make_metadata(name, version, needs))
            archive.writestr(f"{record}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
            if program:
                text = f"[console_scripts]\n{name} = {program}\n"
                archive.writestr(f"{record}/entry_points.txt", text)
            names = [*archive.namelist(), f"{record}/RECORD"]
            archive.writestr(f"{record}/RECORD", "".join(f"{one},,\n" for one in names))


def _make_metadata(name: str, version: str, needs: Sequence[str]) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    return "\n".join([*lines, *(f"Requires-Dist: {one}" for one in needs), ""])
