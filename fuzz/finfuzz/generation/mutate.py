"""Mutation: small changes that keep a program a program.

Every mutator takes (rng, program, weights) and returns a program, or None where it finds nothing to
do. No mutator has to keep references valid: the child skips a step whose names are undefined.
Mutators that add steps aim at an effect.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from finfuzz.generation.generate import count_starts, find_free_name, generate, generate_step
from finfuzz.generation.repeat import relive, settle
from finfuzz.generation.splice import splice
from finfuzz.generation.weights import DEFAULT, Weights, pick
from finfuzz.program.language import Role
from finfuzz.program.model import INTERPRETER_ROLES, NODE_ROLES, Program, Step
from finfuzz.program.scope import Scope
from finfuzz.program.shapes import count_nodes, is_shapeable, unroll_shape
from finfuzz.program.words import Choice

Mutator = Callable[[Random, Program, Weights], Program | None]


class Mutation(NamedTuple):
    """A neighbour of a program, and the mutators that made it, in order."""

    program: Program
    by: tuple[str, ...]


def mutate(rng: Random, program: Program, weights: Weights = DEFAULT) -> Program:
    """Make a neighbour of ``program``: a different program within the bounds of ``weights``."""
    return make_mutation(rng, program, weights).program


def make_mutation(rng: Random, program: Program, weights: Weights = DEFAULT) -> Mutation:
    """Make a neighbour of ``program``, and name the mutators that made it."""
    parent = drop_expensive_steps(rng, program) if rng.random() < weights.cheapen else program
    changed, name = _mutate_once(rng, parent, weights)
    if changed == program:  # the mutation restored the steps left out
        changed, name = _mutate_once(rng, program, weights)
    by = [name]
    while rng.random() < weights.again:
        further, name = _mutate_once(rng, changed, weights)
        if further != program:  # a second change may undo the first
            changed = further
            by.append(name)
    return Mutation(changed, tuple(by))


def drop_expensive_steps(rng: Random, program: Program) -> Program:
    """Leave out some of the expensive steps: each stays with probability 1 / cost."""
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
    return insert(rng, Program(), weights), "insert"


def _fits(changed: Program, program: Program, weights: Weights) -> bool:
    """Whether a program is within the bounds or, where ``program`` exceeds them, not larger."""
    return len(changed) <= weights.bound(program) and count_starts(changed) <= max(
        weights.most_starts, count_starts(program)
    )


def _scope_before(program: Program, index: int, weights: Weights) -> Scope:
    scope = Scope(weights.python, offers=weights.offers)
    for step in program.steps[:index]:
        scope.apply(step)
    return scope


def _replace(program: Program, index: int, *steps: Step) -> Program:
    return Program(program.steps[:index] + steps + program.steps[index + 1 :], program.below)


def insert(rng: Random, program: Program, weights: Weights) -> Program:
    """Insert a new step at a place where it has an effect."""
    index = rng.randint(0, len(program))
    scope = _scope_before(program, index, weights)
    step = generate_step(rng, scope, weights, is_last=index == len(program))
    return Program((*program.steps[:index], step, *program.steps[index:]), program.below)


def delete(rng: Random, program: Program, _: Weights) -> Program | None:
    """Delete one step, or a few in a row."""
    if not program.steps:
        return None
    start = rng.randrange(len(program))
    count = 1 if rng.random() < 0.7 else rng.randint(2, 5)
    return Program(program.steps[:start] + program.steps[start + count :], program.below)


def move(rng: Random, program: Program, _: Weights) -> Program | None:
    """Move one step to another place."""
    if len(program) < 2:
        return None
    steps = list(program.steps)
    step = steps.pop(rng.randrange(len(steps)))
    steps.insert(rng.randint(0, len(steps)), step)
    return Program(tuple(steps), program.below)


def duplicate(rng: Random, program: Program, _: Weights) -> Program | None:
    """Repeat one step somewhere after itself."""
    if not program.steps:
        return None
    index = rng.randrange(len(program))
    again = rng.randint(index + 1, len(program))
    steps = program.steps
    return Program((*steps[:again], steps[index], *steps[again:]), program.below)


def _sites(program: Program, wanted: Callable[[object], bool]) -> list[tuple[int, int]]:
    """List the (step, argument) indices of arguments whose parameter is wanted."""
    return [
        (number, index)
        for number, step in enumerate(program.steps)
        for index, parameter, _ in step.typed()
        if wanted(parameter)
    ]


def rewire(rng: Random, program: Program, _: Weights) -> Program | None:
    """Replace one node's name by another node's: an edge's end, the node that a root holds."""
    sites = _sites(program, lambda parameter: parameter is Role.NODE)
    names = sorted({name for step in program.steps for name in step.names(*NODE_ROLES)})
    if not sites or len(names) < 2:
        return None
    number, index = rng.choice(sites)
    step = program.steps[number]
    others = [name for name in names if name != step.args[index]]
    return _replace(program, number, step.with_arg(index, rng.choice(others)))


def change_word(rng: Random, program: Program, weights: Weights) -> Program | None:
    """Change a kind, edge, shape, size, root, hook, action, interpreter kind or way to exit."""
    sites = _sites(program, lambda parameter: isinstance(parameter, Choice))
    if not sites:
        return None
    number, index = rng.choice(sites)
    step = program.steps[number]
    choice = step.operation.parameters[index]
    assert isinstance(choice, Choice)
    others = [text for text in weights.offers.list_texts(choice) if text != step.args[index]]
    word = pick(rng, others, [weights.of_word(choice, text) for text in others])
    return _replace(program, number, step.with_arg(index, word))


def change_interpreter(rng: Random, program: Program, _: Weights) -> Program | None:
    """Replace one interpreter's name by another interpreter's."""
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
    """Spell a shape out, so that its steps can be changed one by one."""
    shapes = [
        number
        for number, step in enumerate(program.steps)
        if step.op == "shape" and is_shapeable(step.args[2])
    ]
    if not shapes:
        return None
    number = rng.choice(shapes)
    step = program.steps[number]
    names, taken = (
        [step.args[0]],
        {name for each in program.steps for name in each.names(*NODE_ROLES)},
    )
    while len(names) < count_nodes(step.args[1], int(step.args[3])):
        names.append(find_free_name(taken | set(names)))
    return _replace(program, number, *unroll_shape(step, names))


def repeat(rng: Random, program: Program, _: Weights) -> Program | None:
    """Repeat the steps from a `start` to its `stop`, one to four times."""
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
    """Put a piece of a new program into this one."""
    return splice(rng, program, generate(rng, weights), weights.bound(program))


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
}
