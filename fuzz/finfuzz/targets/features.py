"""Read the features of an extension's sources: the names of each header, and their needs.

One file lists them, ``child/extensions/NAME/features.h``, which the compiler reads too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = "features.h"

_ROW = re.compile(r"^    FEATURE\((\w+), \"([^\"]*)\"\)", re.MULTILINE)
_NEED = re.compile(r"^// (\w+): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Features:
    """Features. ``rows``: names by the stem of their header; ``needs``: names that a name needs."""

    rows: Mapping[str, tuple[str, ...]]
    needs: Mapping[str, tuple[str, ...]]


@cache
def read_features(folder: Path) -> Features:
    """Read the features of the sources in ``folder``; there are none without their file."""
    file = folder / FILE
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return Features(
        rows={stem: tuple(names.split()) for stem, names in _ROW.findall(text)},
        needs={name: tuple(needed.split()) for name, needed in _NEED.findall(text)},
    )
