"""Fewer interpreters, and fewer ways to and fro between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from finfuzz.program.language import MAIN
from finfuzz.program.model import Program, Step
from finfuzz.program.scope import Scope


class Span(NamedTuple):
    """One of a program's. ``start``: the index of the step that starts it, -1 for the main one."""

    start: int
    name: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A step other than `enter`, where it runs, and which interpreter it starts or stops."""

    step: Step
    home: Span
    about: Span | None


_MAIN = Span(-1, MAIN)


def placed(program: Program) -> list[Placed]:
    """The steps and where they run."""
    scope, living = Scope(abuse=True), {MAIN: _MAIN}
    steps = []
    for index, step in enumerate(program.steps):
        home = living.get(scope.current, _MAIN)
        if scope.apply(step) and step.op == "start":
            living[step.args[0]] = Span(index, step.args[0])
        if step.op == "again":
            living = {MAIN: _MAIN}
        about = living.get(step.args[0]) if step.op in ("start", "stop") else None
        if step.op != "enter":
            steps.append(Placed(step, home, about))
    return steps


def entering(steps: list[Placed]) -> Program:
    """The steps as a program, with an `enter` wherever one runs elsewhere than the one before."""
    current, written = _MAIN, []
    for each in steps:
        if each.home != current:
            written.append(Step("enter", (each.home.name,)))
            current = each.home
        written.append(each.step)
        if each.step.op == "again" or (each.step.op == "stop" and each.about == current):
            current = _MAIN
    return Program(tuple(written))


def without_interpreter(program: Program) -> Iterator[Program]:
    """Without one interpreter and all that happens in it, the last first."""
    steps = placed(program)
    for one in reversed(_started(steps)):
        gone = {one}
        for each in steps:  # what it starts goes too
            if each.step.op == "start" and each.about and each.home in gone:
                gone.add(each.about)
        left = [each for each in steps if each.home not in gone and each.about not in gone]
        yield entering(left)


def merged_interpreters(program: Program) -> Iterator[Program]:
    """What happens in one interpreter happens in the main one, or in an earlier one, instead."""
    steps = placed(program)
    started = _started(steps)
    for index, one in reversed([*enumerate(started)]):
        for into in (_MAIN, *started[:index]):
            left = [each for each in steps if each.about != one]
            yield entering(
                [replace(each, home=into) if each.home == one else each for each in left]
            )


def together(program: Program) -> Iterator[Program]:
    """What happens in an interpreter at two times happens at one, the earlier or the later."""
    yield entering(placed(program))
    stays = [list(steps) for _, steps in groupby(placed(program), key=lambda each: each.home)]
    for late, stay in enumerate(stays):
        for early in range(late - 1):
            if stays[early][0].home == stay[0].home:
                between = stays[early + 1 : late]
                for moved in ([stays[early], stay, *between], [*between, stays[early], stay]):
                    order = [*stays[:early], *moved, *stays[late + 1 :]]
                    yield entering([each for stay in order for each in stay])


def _started(steps: list[Placed]) -> list[Span]:
    return [each.about for each in steps if each.step.op == "start" and each.about]
