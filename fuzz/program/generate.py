"""Programs from nothing, and single steps that have an effect where they are put."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fuzz.program.language import (
    ABUSE,
    CHECKABLE,
    CONTAINERS,
    EDGES_FROM,
    KIND,
    MAIN,
    MAX_INTERPRETERS,
    OPERATIONS,
    Choice,
    Role,
)
from fuzz.program.model import Program, Step
from fuzz.program.scope import Scope
from fuzz.program.weights import DEFAULT, Weights, pick

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def generate(rng: Random, weights: Weights = DEFAULT) -> Program:
    """A new program in which every step has an effect, within the bounds of ``weights``."""
    low, high = weights.length
    length = min(rng.randint(low, high), rng.randint(low, high), weights.max_steps)
    scope, steps = Scope(), []
    for _ in range(length):
        step = generate_step(rng, scope, weights)
        scope.apply(step)
        steps.append(step)
    return Program(tuple(steps))


def starts(program: Program) -> int:
    """How many interpreters a program starts."""
    return sum(step.op == "start" for step in program.steps)


def stop_all(program: Program) -> Program:
    """The program with a `stop` at its end for each interpreter that it would leave."""
    scope = Scope()
    for step in program.steps:
        scope.apply(step)
    stops = tuple(Step("stop", (name,)) for name in scope.flavours)
    return Program(program.steps + stops, program.below)


def generate_step(rng: Random, scope: Scope, weights: Weights = DEFAULT) -> Step:
    """A step that has an effect in ``scope``; which operation is decided by weight."""
    names = [name for name in OPERATIONS if _possible(name, scope)]
    if scope.started >= weights.max_starts and "start" in names:
        names.remove("start")
    op = pick(rng, names, [weights.operations.get(name, 1) for name in names])
    return _MAKERS.get(op, _make_plain)(rng, scope, weights, op)


def pick_word(rng: Random, choice: Choice, weights: Weights, among: tuple[str, ...] = ()) -> str:
    """One of the choice's words (or of ``among``) by weight."""
    texts = list(among or choice.texts)
    return pick(rng, texts, [weights.words.get(text, 1) for text in texts])


def fresh_name(taken: set[str], stem: str = "") -> str:
    """The first name not taken: a, b, …, z, a1, b1, … or, with a stem, i1, i2, …"""
    number = 0
    while True:
        for letter in (stem,) if stem else _ALPHABET:
            name = f"{letter}{number}" if number else letter
            if name not in taken and (number or not stem):
                return name
        number += 1


def _possible(op: str, scope: Scope) -> bool:
    condition = _POSSIBLE.get(op)
    return condition is None or condition(scope)


#: What has to stand before a step of an operation can have an effect; not named: nothing.
_POSSIBLE: dict[str, Callable[[Scope], bool]] = {
    "edge": lambda scope: any(EDGES_FROM[kind] for kind in scope.here.values()),
    "hook": lambda scope: not CONTAINERS.isdisjoint(scope.here.values()),
    "check": lambda scope: not CHECKABLE.isdisjoint(scope.here.values()),
    "root": lambda scope: bool(scope.here),
    "drop": lambda scope: bool(scope.here),
    "enter": lambda scope: bool(scope.flavours),
    "stop": lambda scope: bool(scope.flavours),
    "start": lambda scope: len(scope.flavours) < MAX_INTERPRETERS,
}


def _make_plain(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    args = []
    for parameter in OPERATIONS[op].parameters:
        if isinstance(parameter, Choice):
            args.append(pick_word(rng, parameter, weights))
        else:
            args.append(_name(rng, scope, parameter))
    return Step(op, tuple(args))


def _name(rng: Random, scope: Scope, role: Role) -> str:
    if role is Role.NODE:
        return rng.choice(list(scope.here))
    if role is Role.NEW_NODE:
        return fresh_name(set(scope.here))
    if role is Role.NEW_INTERPRETER:
        return fresh_name(set(scope.nodes), "i")
    return rng.choice(list(scope.flavours))


def _make_edge(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    source = rng.choice([name for name, kind in scope.here.items() if EDGES_FROM[kind]])
    among = EDGES_FROM[scope.here[source]]
    edge = pick(rng, list(among), [weights.words.get(text, 1) for text in among])
    # A reference to itself is the smallest cycle there is, and cycles are what reaches the end.
    target = source if rng.random() < 0.3 else rng.choice(list(scope.here))
    return Step(op, (source, target, edge))


def _make_hook(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    name = rng.choice([name for name, kind in scope.here.items() if kind in CONTAINERS])
    while True:
        hook, action = (
            pick_word(rng, choice, weights)
            for choice in OPERATIONS[op].parameters
            if isinstance(choice, Choice)
        )
        if (hook, action) not in ABUSE:
            return Step(op, (name, hook, action))


def _make_root(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    choice = OPERATIONS[op].parameters[1]
    assert isinstance(choice, Choice)
    among = tuple(word.text for word in choice.words if scope.current == MAIN or not word.main_only)
    return Step(op, (rng.choice(list(scope.here)), pick_word(rng, choice, weights, among)))


def _make_check(rng: Random, scope: Scope, _: Weights, op: str) -> Step:
    return Step(op, (rng.choice([n for n, kind in scope.here.items() if kind in CHECKABLE]),))


def _make_enter(rng: Random, scope: Scope, _: Weights, op: str) -> Step:
    return Step(op, (rng.choice([name for name in scope.nodes if name != scope.current]),))


def _make_node(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    # Now and then a name is used again: the old object lives on where an edge or root holds it.
    reuse = bool(scope.here) and rng.random() < 0.05
    name = rng.choice(list(scope.here)) if reuse else fresh_name(set(scope.here))
    return Step(op, (name, pick_word(rng, KIND, weights)))


_MAKERS = {
    "edge": _make_edge,
    "hook": _make_hook,
    "root": _make_root,
    "check": _make_check,
    "enter": _make_enter,
    "node": _make_node,
}
