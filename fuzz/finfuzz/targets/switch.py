"""Build switches: documented macros that a build defines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Switch:
    """A documented macro of the framework's. ``story`` completes "FRAMEWORK VERSION, built …"."""

    name: str
    story: str
    compile_flags: tuple[str, ...]


#: A switch of every compiled target: builds define `NDEBUG` otherwise, as released extensions do.
ASSERTS = Switch("ASSERTS", "with assertions", ("-UNDEBUG",))
