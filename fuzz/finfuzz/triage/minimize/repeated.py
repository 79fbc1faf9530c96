"""The repeated form of a program: whole lives of interpreters, many times.

A defect that needs memory to be used again shows in a small program by an accident of the heap, on
one CPython and not on the next. Whole lives before it, forty in place of one, leave nothing to
chance.
"""

from __future__ import annotations

from collections.abc import Iterator

from finfuzz.program.model import Program, Step
from finfuzz.program.walk import walk

#: Of two findings that died on 3.13.0 alone, both die on each of six CPythons so (#15).
TIMES = 40


def repeat_lives(program: Program) -> Iterator[Program]:
    """Yield the program with each whole life of a subinterpreter repeated.

    First without those in which nothing happens, then with them. Nothing where there is no such
    life: a life is whole if it runs from `start` to `stop` and nothing else runs in between.
    """
    lives = _find_whole_lives(program)
    busy = [life for life in lives if len(life) > 2]
    if busy and len(busy) < len(lives):
        yield _repeat(program, busy, left_out=[life for life in lives if life not in busy])
    if lives:
        yield _repeat(program, busy or lives, left_out=[])


def _find_whole_lives(program: Program) -> list[range]:
    found = []
    started: dict[str, int] = {}
    for visit in walk(program, abuse=True):
        if visit.step.op == "start" and visit.has_effect:
            started[visit.step.args[0]] = visit.position
        for ended in visit.ends:
            begin = started.get(ended.name)
            if visit.step.op == "stop" and begin is not None:
                life = range(begin, visit.position + 1)
                if _is_whole(program, life, ended.name):
                    found.append(life)
    return found


def _is_whole(program: Program, life: range, name: str) -> bool:
    inner = [program.steps[at] for at in life[1:-1]]
    if not inner:
        return True
    others = {"start", "stop", "again", "fork", "exit", "enter"}
    return inner[0] == Step("enter", (name,)) and all(step.op not in others for step in inner[1:])


def _repeat(program: Program, lives: list[range], left_out: list[range]) -> Program:
    gone = {at for life in left_out for at in life}
    ends = {life[-1]: life for life in lives}
    steps: list[Step] = []
    for at, step in enumerate(program.steps):
        if at in gone:
            continue
        steps.append(step)
        if at in ends:
            steps += [program.steps[one] for one in ends[at]] * (TIMES - 1)
    return Program(tuple(steps))
