"""The meaning of each step of a program, to compare the same step on another build or earlier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from finfuzz.program.language import Role
from finfuzz.program.model import Program, Step
from finfuzz.program.vocabulary import Vocabulary
from finfuzz.program.walk import InterpreterLife, walk
from finfuzz.program.words import SIZE, Choice
from finfuzz.support.cpythons import Version


class Meaning(NamedTuple):
    """A step that has an effect, as its place in the program says.

    ``words``: the operation and its words, without names and sizes: `("edge", "append")`.
    ``kinds``: of the nodes that the step names. ``needs``: the numbers of the steps that made these
    nodes. ``place``: the life of the interpreter that the step runs in. ``imports``: whether it
    imports the extension, if that is not imported yet.
    """

    number: int
    words: tuple[str, ...]
    kinds: tuple[str, ...]
    needs: tuple[int, ...]
    place: InterpreterLife
    imports: bool


def list_meanings(
    program: Program, python: Version, offers: Vocabulary, *, abuse: bool = False
) -> dict[int, Meaning]:
    """List the steps that have an effect on that CPython and target, by number from 1."""
    made: dict[tuple[InterpreterLife, str], tuple[str, int]] = {}
    found: dict[int, Meaning] = {}
    for visit in walk(program, python, abuse=abuse, offers=offers):
        if not visit.has_effect:
            continue
        step, number = visit.step, visit.position + 1
        named = [made.get((visit.interpreter, name)) for name in step.names(Role.NODE)]
        nodes = [node for node in named if node is not None]
        found[number] = Meaning(
            number,
            (step.op, *_list_words(step)),
            tuple(kind for kind, _ in nodes),
            tuple(maker for _, maker in nodes),
            visit.interpreter,
            step.imports,
        )
        for name in step.names(Role.NEW_NODE):
            made[visit.interpreter, name] = (_find_kind(step), number)
    return found


def _list_words(step: Step) -> Iterator[str]:
    for _, parameter, text in step.typed():
        if isinstance(parameter, Choice) and parameter is not SIZE:
            yield text


def _find_kind(step: Step) -> str:
    return step.args[-1 if step.op == "node" else 2]
