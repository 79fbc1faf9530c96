"""Programs as a child reads them."""

from __future__ import annotations

from typing import NamedTuple

from finfuzz.program.keeping import keeps_nothing
from finfuzz.program.language import VERSION
from finfuzz.program.model import Program
from finfuzz.program.prefixes import list_effects
from finfuzz.program.scope import Scope
from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.support.cpythons import Version


class Prepared(NamedTuple):
    """A program for the child of one build.

    ``text`` has a line for each step, empty where the step has no effect: the number of a line is
    the number of its step, and the child counts what it skips. A shape's line ends in its edge, the
    first that its kind has on that target.

    ``begins_by_importing``: the first step that has an effect imports the extension, in the main
    interpreter. ``keeps_nothing``: what is left of its objects at the end has leaked.
    """

    text: str
    begins_by_importing: bool
    keeps_nothing: bool


def prepare(
    program: Program,
    python: Version,
    *,
    abuse: bool = False,
    offers: Vocabulary = EVERYTHING,
) -> Prepared:
    """Prepare a program for that CPython and for a target with those words."""
    effects = list_effects(program, Scope(python, abuse, offers))
    lines = [f"finfuzz {VERSION}"]
    taken = []
    for step, has_effect in zip(program.steps, effects, strict=True):
        words = [step.op, *step.args] if has_effect else []
        if words:
            taken.append(step)
            if step.op == "shape":
                words.append(offers.edges_from[step.args[2]][0])
        lines.append(" ".join(words))
    return Prepared(
        text="\n".join(lines) + "\n",
        begins_by_importing=bool(taken) and taken[0].imports,
        keeps_nothing=keeps_nothing(Program(tuple(taken)), offers),
    )
