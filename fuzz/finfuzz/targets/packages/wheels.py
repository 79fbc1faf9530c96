"""Say which of a release's wheels a CPython takes."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from packaging.tags import Tag, compatible_tags, cpython_tags, platform_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from finfuzz.targets.interpreters import Interpreter


def rank_wheel(name: str, interpreter: Interpreter) -> int:
    """Return the place of a wheel among all that a CPython takes: the lower, the better it fits.

    One that it doesn't take comes last.
    """
    order = _order_tags(interpreter.version[:2], interpreter.abiflags)
    try:
        *_, tags = parse_wheel_filename(name)
    except InvalidWheelFilename:
        return len(order)
    return min(order.get(tag, len(order)) for tag in tags)


@functools.cache
def _order_tags(version: tuple[int, int], abiflags: str) -> Mapping[Tag, int]:
    # Its platforms are those of finfuzz's own Python: both run on this machine.
    own = "cp{}{}".format(*version)
    # A debug build also loads what was compiled for a release build.
    abis = dict.fromkeys((own + abiflags, own + abiflags.replace("d", "")))
    platforms = list(platform_tags())
    tags = [
        *cpython_tags(version, list(abis), platforms),
        *compatible_tags(version, own, platforms),
    ]
    return {tag: place for place, tag in reversed(list(enumerate(tags)))}
