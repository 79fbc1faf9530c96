"""Mutation: small changes that keep a program a program.

Every mutator takes (rng, program, weights) and returns a program or None where it finds nothing to
do. No mutator has to keep references valid: a step whose names don't stand is skipped by the child.
Those that add something aim at what has an effect.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from finfuzz.generation.generate import fresh_name, generate, generate_step, starts
from finfuzz.generation.repeat import relive, settle
from finfuzz.generation.splice import splice
from finfuzz.generation.weights import DEFAULT, Weights, pick
from finfuzz.program.language import Role
from finfuzz.program.legal import SHAPEABLE
from finfuzz.program.model import INTERPRETER_ROLES, NODE_ROLES, Program, Step
from finfuzz.program.scope import Scope
from finfuzz.program.shapes import node_count, unrolled
from finfuzz.program.words import Choice

Mutator = Callable[[Random, Program, Weights], Program | None]


class Mutation(NamedTuple):
    """A neighbour of a program, and the mutators that made it, in their order."""

    program: Program
    by: tuple[str, ...]


def mutate(rng: Random, program: Program, weights: Weights = DEFAULT) -> Program:
    """A neighbour of ``program``: it differs, and keeps to the bounds that ``weights`` set."""
    return mutation(rng, program, weights).program


def mutation(rng: Random, program: Program, weights: Weights = DEFAULT) -> Mutation:
    """The same, with what made it."""
    if rng.random() * program.cost > weights.affordable:
        return Mutation(generate(rng, weights), ("regenerate",))
    parent = cheapened(rng, program) if rng.random() < weights.cheapen else program
    changed, name = _mutate_once(rng, parent, weights)
    if changed == program:  # the mutation put back what was left out
        changed, name = _mutate_once(rng, program, weights)
    by = [name]
    while rng.random() < weights.again:
        further, name = _mutate_once(rng, changed, weights)
        if further != program:  # a second change may take the first one back
            changed = further
            by.append(name)
    return Mutation(changed, tuple(by))


def cheapened(rng: Random, program: Program) -> Program:
    """Without some of the dear steps: each stays with a chance of one by its cost."""
    kept = [step for step in program.steps if step.cost <= 1 or rng.random() < 1 / step.cost]
    return Program(tuple(kept), program.below)


def _mutate_once(rng: Random, program: Program, weights: Weights) -> tuple[Program, str]:
    names = list(MUTATORS)
    scale = [weights.mutators.get(name, 1) for name in names]
    for _ in range(8):
        name = pick(rng, names, scale)
        changed = MUTATORS[name](rng, program, weights)
        if changed is not None and changed != program and _fits(changed, program, weights):
            return changed, name
    return generate(rng, weights), "regenerate"


def _fits(changed: Program, program: Program, weights: Weights) -> bool:
    """Within the bounds; or, where ``program`` is beyond them already, no further."""
    steps = max(weights.max_steps, len(program))
    return len(changed) <= steps and starts(changed) <= max(weights.most_starts, starts(program))


def _scope_before(program: Program, index: int, weights: Weights) -> Scope:
    scope = Scope(weights.python, offers=weights.offers)
    for step in program.steps[:index]:
        scope.apply(step)
    return scope


def _replace(program: Program, index: int, *steps: Step) -> Program:
    return Program(program.steps[:index] + steps + program.steps[index + 1 :], program.below)


def insert(rng: Random, program: Program, weights: Weights) -> Program:
    """A new step somewhere that has an effect there."""
    index = rng.randint(0, len(program))
    step = generate_step(rng, _scope_before(program, index, weights), weights)
    return Program((*program.steps[:index], step, *program.steps[index:]), program.below)


def delete(rng: Random, program: Program, _: Weights) -> Program | None:
    """Without one step, or without a few in a row."""
    if not program.steps:
        return None
    start = rng.randrange(len(program))
    count = 1 if rng.random() < 0.7 else rng.randint(2, 5)
    return Program(program.steps[:start] + program.steps[start + count :], program.below)


def move(rng: Random, program: Program, _: Weights) -> Program | None:
    """One step taken out and put somewhere else."""
    if len(program) < 2:
        return None
    steps = list(program.steps)
    step = steps.pop(rng.randrange(len(steps)))
    steps.insert(rng.randint(0, len(steps)), step)
    return Program(tuple(steps), program.below)


def duplicate(rng: Random, program: Program, _: Weights) -> Program | None:
    """One step again, somewhere after itself."""
    if not program.steps:
        return None
    index = rng.randrange(len(program))
    again = rng.randint(index + 1, len(program))
    steps = program.steps
    return Program((*steps[:again], steps[index], *steps[again:]), program.below)


def _sites(program: Program, wanted: Callable[[object], bool]) -> list[tuple[int, int]]:
    """(step, argument) indices of the arguments whose parameter is wanted."""
    return [
        (number, index)
        for number, step in enumerate(program.steps)
        for index, parameter, _ in step.typed()
        if wanted(parameter)
    ]


def rewire(rng: Random, program: Program, _: Weights) -> Program | None:
    """One mention of a node becomes a mention of another: an edge's end, what a root holds."""
    sites = _sites(program, lambda parameter: parameter is Role.NODE)
    names = sorted({name for step in program.steps for name in step.names(*NODE_ROLES)})
    if not sites or len(names) < 2:
        return None
    number, index = rng.choice(sites)
    step = program.steps[number]
    others = [name for name in names if name != step.args[index]]
    return _replace(program, number, step.with_arg(index, rng.choice(others)))


def change_word(rng: Random, program: Program, weights: Weights) -> Program | None:
    """Another kind, edge, shape, size, root, hook, action, sort of interpreter or way to end."""
    sites = _sites(program, lambda parameter: isinstance(parameter, Choice))
    if not sites:
        return None
    number, index = rng.choice(sites)
    step = program.steps[number]
    choice = step.operation.parameters[index]
    assert isinstance(choice, Choice)
    others = [text for text in choice.texts if text != step.args[index]]
    word = pick(rng, others, [weights.of_word(choice, text) for text in others])
    return _replace(program, number, step.with_arg(index, word))


def change_interpreter(rng: Random, program: Program, _: Weights) -> Program | None:
    """One mention of an interpreter becomes a mention of another."""
    sites = _sites(program, lambda parameter: parameter in INTERPRETER_ROLES)
    names = {name for step in program.steps for name in step.names(*INTERPRETER_ROLES)}
    if not sites:
        return None
    number, index = rng.choice(sites)
    step = program.steps[number]
    others = sorted((names | {"main", "i1"}) - {step.args[index]})
    if step.operation.parameters[index] is Role.NEW_INTERPRETER:
        others = [name for name in others if name != "main"]
    return _replace(program, number, step.with_arg(index, rng.choice(others))) if others else None


def unroll(rng: Random, program: Program, _: Weights) -> Program | None:
    """One shape becomes the steps that it stands for, so that they can be changed one by one."""
    shapes = [
        number
        for number, step in enumerate(program.steps)
        if step.op == "shape" and step.args[2] in SHAPEABLE
    ]
    if not shapes:
        return None
    number = rng.choice(shapes)
    step = program.steps[number]
    names, taken = (
        [step.args[0]],
        {name for each in program.steps for name in each.names(*NODE_ROLES)},
    )
    while len(names) < node_count(step.args[1], int(step.args[3])):
        names.append(fresh_name(taken | set(names)))
    return _replace(program, number, *unrolled(step, names))


def repeat(rng: Random, program: Program, _: Weights) -> Program | None:
    """What happens from a `start` to its `stop` happens again, once to four times."""
    lives = [
        (first, last)
        for first, step in enumerate(program.steps)
        for last in range(first + 1, len(program))
        if step.op == "start" and program.steps[last] == Step("stop", step.args[:1])
    ]
    if not lives:
        return None
    first, last = rng.choice(lives)
    life = program.steps[first : last + 1]
    again = life * rng.randint(1, 4)
    return Program((*program.steps[: last + 1], *again, *program.steps[last + 1 :]), program.below)


def splice_new(rng: Random, program: Program, weights: Weights) -> Program:
    """A piece of a new program put into this one."""
    return splice(rng, program, generate(rng, weights), weights.max_steps)


def regenerate(rng: Random, _: Program, weights: Weights) -> Program:
    """Something else altogether, so that no corpus is a dead end."""
    return generate(rng, weights)


MUTATORS: dict[str, Mutator] = {
    "insert": insert,
    "delete": delete,
    "move": move,
    "duplicate": duplicate,
    "rewire": rewire,
    "change_word": change_word,
    "change_interpreter": change_interpreter,
    "unroll": unroll,
    "repeat": repeat,
    "relive": relive,
    "settle": settle,
    "splice": splice_new,
    "regenerate": regenerate,
}
