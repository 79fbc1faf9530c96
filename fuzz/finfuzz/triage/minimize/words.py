"""Reducers that use plainer words: in one step, or wherever a word occurs."""

from __future__ import annotations

from collections.abc import Iterator

from finfuzz.program.language import Role
from finfuzz.program.legal import EDGES_FROM
from finfuzz.program.model import Program, Step
from finfuzz.program.words import EDGE, KIND, Choice
from finfuzz.triage.minimize.simplicity import PLAINEST, plainer

#: (step, argument) indices of one word.
Site = tuple[int, int]


def use_plainer_word(program: Program) -> Iterator[Program]:
    """Replace one word by a plainer word, the plainest first."""
    for site, choice, word in _words(program):
        for text in plainer(choice, word):
            yield _with_word(program, [site], text)


def use_plainer_word_everywhere(program: Program) -> Iterator[Program]:
    """Replace all uses of a word by a plainer word: some words only fit all at once."""
    uses: dict[tuple[Choice, str], list[Site]] = {}
    for site, choice, word in _words(program):
        uses.setdefault((choice, word), []).append(site)
    for (choice, word), sites in uses.items():
        for text in plainer(choice, word) if len(sites) > 1 else ():
            yield _with_word(program, sites, text)


def _words(program: Program) -> Iterator[tuple[Site, Choice, str]]:
    for number, step in enumerate(program.steps):
        for index, parameter, argument in step.typed():
            if isinstance(parameter, Choice):
                yield (number, index), parameter, argument


def _with_word(program: Program, sites: list[Site], text: str) -> Program:
    steps = list(program.steps)
    kinds: dict[str, str] = {}
    for number, index in sites:
        step = steps[number]
        steps[number] = Step(step.op, (*step.args[:index], text, *step.args[index + 1 :]))
        if step.operation.parameters[index] is KIND:
            kinds.update((name, text) for name in step.names(Role.NEW_NODE))
    return Program(tuple(_fitting(step, kinds) for step in steps))


def _fitting(step: Step, kinds: dict[str, str]) -> Step:
    """Give an edge the plainest word that the new kind of its node has."""
    if step.op != "edge" or step.args[0] not in kinds:
        return step
    source, target, edge = step.args
    edges = EDGES_FROM.get(kinds[source], ())
    if edge in edges or not edges:
        return step
    return Step("edge", (source, target, min(edges, key=PLAINEST[EDGE].index)))
