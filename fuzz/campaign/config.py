"""What a campaign is to do."""

from __future__ import annotations

from typing import Literal

import msgspec

Engine = Literal["atheris", "random"]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """``target`` and ``python`` (a path) are resolved; the folders exist and are writable.

    ``seconds`` of fuzzing, not counting builds. ``corpus`` is read and added to. ``attribute``:
    whether new findings are run on their controls.
    """

    target: str
    python: str
    seconds: float
    engine: Engine
    seed: int
    corpus: str
    crashes: str
    deadline: float
    memory_mib: int
    abuse: bool
    attribute: bool = True
