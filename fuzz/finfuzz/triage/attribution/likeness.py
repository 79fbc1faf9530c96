"""Compare two crashes: of one target on two builds, or of a package and of a control.

A control has none of the package's functions. So there only the telling frames in files that both
load are compared: CPython's library, its program, its standard library's modules, and those of a
dependency that is the control.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import NamedTuple, Protocol

from finfuzz.triage.diagnosis import Diagnosis, telling
from finfuzz.triage.diagnosis.bucket import COMPARED, INTERNALS
from finfuzz.triage.findings.story import describe_phase

#: The diagnostic of a framework that gives up, with its message.
_SAYS_WHY = "framework-failure"
#: Diagnostics of damaged memory, where no message is nearer to the cause.
_DAMAGE = frozenset({"none", "heap-corruption", "pymalloc-check"})
_QUOTED = re.compile(r"([\"'`]).*?\1")
_CPYTHON = re.compile(r"(lib)?python\d")


class Place(Protocol):
    """A frame of a stack, as a finding keeps it or as it is read anew."""

    @property
    def module(self) -> str: ...
    @property
    def function(self) -> str: ...


class Crash(NamedTuple):
    """A diagnosis, and those of its telling frames that are in files which both load."""

    diagnosis: Diagnosis
    shared: tuple[str, ...]


class Likeness(NamedTuple):
    """Whether two crashes are alike, and the telling frames in common where some were compared."""

    same: bool
    frames: tuple[str, ...] = ()


def make_crash(diagnosis: Diagnosis, stack: Iterable[Place], files: frozenset[str]) -> Crash:
    """Make a crash. ``files``: those that both load beside CPython's own, without suffixes."""
    named = {
        telling.normalize_function(frame.function)
        for frame in stack
        if _is_of_both(frame.module, files)
    }
    found = (
        name
        for name in diagnosis.frames
        if name in named or _is_of_both(name.partition("+0x")[0], files)
    )
    return Crash(diagnosis, tuple(found))


def compare_with_control(own: Crash, control: Crash) -> Likeness:
    """Compare a package's crash with a control's: signal, diagnostic, phase and frames.

    Where both crashed in files that both load, they have a frame in common. Where neither did, the
    rest decides. Where one did, they are not alike. A framework that gives up says why: the same
    words but for names decide.
    """
    mine, other = own.diagnosis, control.diagnosis
    if (mine.signal, mine.diagnostic, mine.coarse_phase) != (
        other.signal,
        other.diagnostic,
        other.coarse_phase,
    ):
        return Likeness(False)
    if mine.diagnostic == _SAYS_WHY and _strip_names(mine.detail) == _strip_names(other.detail):
        return Likeness(True)
    if not own.shared and not control.shared:
        return Likeness(True)
    frames = tuple(name for name in own.shared if name in control.shared)
    return Likeness(bool(frames), frames)


def _strip_names(message: str) -> str:
    return _QUOTED.sub("", message)


def are_same_defect(one: Diagnosis, other: Diagnosis) -> bool:
    """Whether two diagnoses, perhaps of two builds, are of one defect.

    The bucket is the same. On another build, functions may have other names: there diagnostic
    and phase have to be the same, and one of the telling frames. Functions of a stripped file
    may have no names to compare: there the signal has to be the same. Instead of one diagnostic,
    two of one cause will do. What a comparison shows has a key of texts: any part of that, such as
    an exception's type, is in many.
    """
    if one.bucket == other.bucket:
        return True
    if one.diagnostic in COMPARED or one.coarse_phase != other.coarse_phase:
        return False
    if one.diagnostic == other.diagnostic:
        return not one.frames or _may_be_same_frames(one, other)
    return _have_one_cause(one, other)


def describe_difference(finding: Diagnosis, seen: Diagnosis) -> str:
    """Say in which function, or with which exception, and in which phase a build did otherwise.

    Empty where nothing of that differs.
    """
    parts = [name for name in seen.frames if name not in finding.frames][:1]
    if parts and seen.signal != "NONE":
        parts = [f"in {parts[0]}"]
    if seen.coarse_phase != finding.coarse_phase and seen.phase:
        parts.append(describe_phase(seen.phase))
    return ", ".join(parts)


def _have_one_cause(one: Diagnosis, other: Diagnosis) -> bool:
    """Whether two builds report one cause in different ways, and the telling frames agree.

    pybind11 3.0.2 and later report internals that were destroyed, older ones create them anew.
    Freed memory may hold anything: the same function crashes, or the C library notices.
    """
    both = {one.diagnostic, other.diagnostic}
    if both <= INTERNALS:
        return one.frames == other.frames
    shared = set(one.frames) & set(other.frames) - {telling.TARGET_HOOK}
    return both <= _DAMAGE and bool(shared)


def _may_be_same_frames(one: Diagnosis, other: Diagnosis) -> bool:
    if telling.are_nameless(one.frames) or telling.are_nameless(other.frames):
        return one.signal == other.signal
    return not set(one.frames).isdisjoint(other.frames)


def _is_of_both(module: str, files: frozenset[str]) -> bool:
    name = PurePath(module).name
    return bool(_CPYTHON.match(name)) or name.partition(".")[0] in files
