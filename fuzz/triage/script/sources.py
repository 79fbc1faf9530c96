"""The C++ that a script compiles, each in one file and reduced to what the script uses.

A header of a target says in its first line which names it puts into the module (`// offers: …`).
Where the script uses none of them it is left out, and so are the lines of the target that speak of
its `bind_<stem>`.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.target.spec import TargetSpec

TARGETS = Path(__file__).resolve().parents[2] / "child" / "targets"

_INCLUDE = re.compile(r'\s*#\s*include "(.+)"')
_OFFERS = re.compile(r"// offers: (.*)")
_BINDS = re.compile(r"\bbind_(\w+)")


def sources(spec: TargetSpec, script: str, needs_capi: bool) -> dict[str, str]:
    """The files to lie beside this script, by name."""
    name = "pybind11.cpp" if spec.framework == "pybind11" else "plain_c.cpp"
    used = frozenset(re.findall(r"\bt2?\.(\w+)", script))
    found = {"extension.cpp": one_file(TARGETS / name, used)}
    if needs_capi:
        found["capi.cpp"] = one_file(TARGETS / "capi.cpp", used)
    return found


def one_file(source: Path, used: Set[str]) -> str:
    """A source with its headers in it, each once, less those that offer nothing of ``used``."""
    file = _OneFile(used)
    lines = file.lines_of(source)
    absent = {header.stem for header in file.left_out - file.included}
    kept = [line for line in lines if absent.isdisjoint(_BINDS.findall(line))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)) + "\n"


@dataclass
class _OneFile:
    used: Set[str]
    included: set[Path] = field(default_factory=set)
    left_out: set[Path] = field(default_factory=set)

    def lines_of(self, source: Path) -> list[str]:
        found: list[str] = []
        for line in source.read_text(encoding="utf-8").splitlines():
            header = _header(source, line)
            if header is None:
                found += [] if line == "#pragma once" or _OFFERS.match(line) else [line]
            elif not self._is_used(header) and source.suffix != ".h":
                self.left_out.add(header)
            elif header not in self.included:
                self.included.add(header)
                found += self.lines_of(header)
        return found

    def _is_used(self, header: Path) -> bool:
        offers = _OFFERS.match(header.read_text(encoding="utf-8"))
        return offers is None or not self.used.isdisjoint(offers[1].split())


def _header(source: Path, line: str) -> Path | None:
    """The header of ours that a line includes; None for other lines and other headers."""
    include = _INCLUDE.match(line)
    if include is None:
        return None
    header = (source.parent / include[1]).resolve()
    return header if header.is_file() else None
