"""Making the builds that the cache lacks, with their number and the time that is left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from finfuzz.cli.progress import Announce, show_progress
from finfuzz.support.durations import describe_roughly
from finfuzz.targets.build import Build, build, is_built
from finfuzz.targets.build_times import BuildTimes
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec


class Wanted(NamedTuple):
    """A build to make."""

    spec: TargetSpec
    interpreter: Interpreter
    instrumented: bool = True


def make_builds(wanted: Sequence[Wanted]) -> list[Build]:
    """Make builds, and show which one is made and how long they may take together.

    Then print what a user should know about their targets. Raise UserError and BuildError as
    `build` does.
    """
    times = BuildTimes()
    missing = [one for one in wanted if not is_built(*one)]
    with show_progress("builds") as (announce, advance):
        for number, one in enumerate(missing):
            left = times.estimate([each.spec for each in missing[number:]])
            advance(number, len(missing), left=left)
            begin = time.monotonic()
            _make(
                one, partial(_announce_with, _describe_place(number, len(missing), left), announce)
            )
            times.add(one.spec, time.monotonic() - begin)
        found = [_make(one, announce) for one in wanted]
        for line in dict.fromkeys(f"{each.spec}: {note}" for each in found for note in each.notes):
            announce(line)
    return found


def _make(one: Wanted, announce: Announce) -> Build:
    return build(one.spec, one.interpreter, instrumented=one.instrumented, announce=announce)


def _describe_place(number: int, of: int, left: float | None) -> str:
    parts = [f"build {number + 1} of {of}"] if of > 1 else []
    parts += [f"{describe_roughly(left)} left"] if left else []
    return f" ({', '.join(parts)})" if parts else ""


def _announce_with(end: str, announce: Announce, line: str) -> None:
    announce(line + end)
