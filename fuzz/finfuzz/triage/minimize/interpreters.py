"""Reducers that leave out or merge interpreters, or change less often between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from finfuzz.program.model import Program, Step
from finfuzz.program.walk import FIRST, InterpreterLife, Visit, walk


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step other than `enter`, where it runs, and which interpreter it starts or stops.

    The main interpreter is the same one in all lives.
    """

    step: Step
    home: InterpreterLife
    about: InterpreterLife | None


def place_steps(program: Program) -> list[PlacedStep]:
    """List the steps and where they run."""
    steps = []
    for visit in walk(program, abuse=True):
        home = FIRST if visit.interpreter.is_main else visit.interpreter
        if visit.step.op != "enter":
            steps.append(PlacedStep(visit.step, home, _named_by(visit)))
    return steps


def _named_by(visit: Visit) -> InterpreterLife | None:
    """The interpreter that a `start` or a `stop` names."""
    if visit.step.op not in ("start", "stop"):
        return None
    named = (each for each in visit.alive + visit.alive_after if each.name == visit.step.args[0])
    return next(named, None)


def write_enters(steps: list[PlacedStep]) -> Program:
    """Make a program of the steps, with an `enter` wherever the interpreter changes."""
    current, written = FIRST, []
    for each in steps:
        if each.home != current:
            written.append(Step("enter", (each.home.name,)))
            current = each.home
        written.append(each.step)
        if each.step.op == "again" or (each.step.op == "stop" and each.about == current):
            current = FIRST
    return Program(tuple(written))


def drop_interpreter(program: Program) -> Iterator[Program]:
    """Leave out one interpreter and all that happens in it, the last first."""
    steps = place_steps(program)
    for one in reversed(_started(steps)):
        gone = {one}
        for each in steps:  # what it starts goes too
            if each.step.op == "start" and each.about and each.home in gone:
                gone.add(each.about)
        left = [each for each in steps if each.home not in gone and each.about not in gone]
        yield write_enters(left)


def merge_interpreters(program: Program) -> Iterator[Program]:
    """Let the main interpreter, or an earlier one, run the steps of another."""
    steps = place_steps(program)
    started = _started(steps)
    for index, one in reversed([*enumerate(started)]):
        for into in (FIRST, *started[:index]):
            left = [each for each in steps if each.about != one]
            yield write_enters(
                [replace(each, home=into) if each.home == one else each for each in left]
            )


def join_stays(program: Program) -> Iterator[Program]:
    """Join two stays in one interpreter to one, at the earlier or at the later time."""
    placed = place_steps(program)
    yield write_enters(placed)
    stays = [list(steps) for _, steps in groupby(placed, key=lambda each: each.home)]
    for late, stay in enumerate(stays):
        for early in range(late - 1):
            if stays[early][0].home == stay[0].home:
                between = stays[early + 1 : late]
                for moved in ([stays[early], stay, *between], [*between, stays[early], stay]):
                    order = [*stays[:early], *moved, *stays[late + 1 :]]
                    yield write_enters([each for stay in order for each in stay])


def _started(steps: list[PlacedStep]) -> list[InterpreterLife]:
    return [each.about for each in steps if each.step.op == "start" and each.about]
