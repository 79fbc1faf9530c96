"""Generating programs, and single steps that have an effect at their place."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import partial
from random import Random

from finfuzz.generation.weights import DEFAULT, Weights, pick
from finfuzz.program.language import MAX_INTERPRETERS, OPERATIONS, PREFIXES, Role
from finfuzz.program.legal import CHECKABLE, THREAD_ROOTS
from finfuzz.program.model import Program, Step
from finfuzz.program.prefixes import is_legal, may_go_with
from finfuzz.program.scope import Scope
from finfuzz.program.walk import InterpreterLife, walk
from finfuzz.program.words import ACTION, EDGE, FLAVOUR, HOOK, KIND, ROOT, Choice

#: Words that are picked before all legal ones are listed.
_TRIES = 4
#: The share of actions of a node that are meant for its kind, where a recipe says so. Others are
#: no mistake: an action takes any object.
_MEANT = 0.8
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def generate(rng: Random, weights: Weights = DEFAULT) -> Program:
    """Generate a program in which every step has an effect, within the bounds of ``weights``."""
    low, high = weights.length
    length = min(rng.randint(low, high), rng.randint(low, high), weights.max_steps)
    scope, steps = Scope(weights.python, offers=weights.offers), []
    for left in reversed(range(length)):
        step = generate_step(rng, scope, weights, is_last=not left)
        scope.apply(step)
        steps.append(step)
    return Program(tuple(steps))


def count_starts(program: Program) -> int:
    """Count the interpreters that a program starts, and the lives that it begins."""
    return sum(step.op in ("start", "again") for step in program.steps)


def stop_all(program: Program) -> Program:
    """Add a `stop` for each interpreter that the program would leave at the end of a life."""
    alive: tuple[InterpreterLife, ...] = ()
    steps: list[Step] = []
    for visit in walk(program):
        if visit.step.op == "again":
            steps += _stops(visit.alive)
        steps.append(visit.step)
        alive = visit.alive_after
    return Program((*steps, *_stops(alive)), program.below)


def leave_out(program: Program, words: Container[str]) -> Program:
    """Leave out the steps with some operations or words; steps that refer to them stay."""
    kept = (
        step
        for step in program.steps
        if step.op not in words
        and not any(text in words for _, choice, text in step.typed() if isinstance(choice, Choice))
    )
    return Program(tuple(kept), program.below)


def import_first(program: Program) -> Program:
    """Put an `import` before all other steps, if the program uses the extension at all."""
    uses_it = any(step.imports or step.op == "self-check" for step in program.steps)
    if not uses_it or program.steps[0].imports:
        return program
    return Program((Step("import"), *program.steps), program.below)


def leaves_threads(program: Program) -> bool:
    """Whether an interpreter with a thread in it is left at the end of a life."""
    if not any(step.op == "root" and step.args[1] in THREAD_ROOTS for step in program.steps):
        return False
    threaded: set[InterpreterLife] = set()
    for visit in walk(program):
        step = visit.step
        if step.op == "again" and threaded:
            return True
        if visit.has_effect and step.op == "root" and step.args[1] in THREAD_ROOTS:
            threaded.add(visit.interpreter)
        threaded = {each for each in threaded if each in visit.alive_after and not each.is_main}
    return bool(threaded)


def _stops(alive: Iterable[InterpreterLife]) -> list[Step]:
    return [Step("stop", (each.name,)) for each in alive if not each.is_main]


def generate_step(
    rng: Random,
    scope: Scope,
    weights: Weights = DEFAULT,
    *,
    is_last: bool = False,
    among: Mapping[str, float] | None = None,
) -> Step:
    """Generate a step that has an effect in ``scope``; weights decide the operation.

    ``is_last``: no step follows that a prefix could go with. ``among``: the operations to choose
    from, with their weights instead of the stated ones; one of them must be possible.
    """
    operations = weights.operations if among is None else among
    names = [name for name in among or OPERATIONS if can_generate(name, scope)]
    if scope.started + scope.lives > weights.max_starts:
        names = [name for name in names if name not in _BEGINNING]
    if scope.prefix:
        names = [name for name in names if may_go_with(scope.prefix, name)] or names
    elif is_last:
        names = [name for name in names if name not in PREFIXES]
    op = pick(rng, names, [operations.get(name, 1) for name in names])
    return _MAKERS.get(op, _make_any)(rng, scope, weights, op)


def find_free_name(taken: set[str], stem: str = "") -> str:
    """Find the first name not taken: a, b, …, z, a1, b1, … or, with a stem, i1, i2, …"""
    number = 0
    while True:
        for letter in (stem,) if stem else _ALPHABET:
            name = f"{letter}{number}" if number else letter
            if name not in taken and (number or not stem):
                return name
        number += 1


def can_generate(op: str, scope: Scope) -> bool:
    """Whether the target has an operation, and a step of it can have an effect here."""
    if op in scope.offers.lacking_operations:
        return False
    condition = _POSSIBLE.get(op)
    if op in PREFIXES and not is_legal(op, scope):
        return False
    return condition is None or condition(scope)


#: Operations that begin an interpreter or a life, and the prefix that needs one.
_BEGINNING = ("start", "again", "released")

#: Conditions under which a step of an operation can have an effect; none where not named.
_POSSIBLE: dict[str, Callable[[Scope], bool]] = {
    "edge": lambda scope: any(scope.edges_of(kind) for kind in scope.here.values()),
    "hook": lambda scope: bool(scope.here),
    "check": lambda scope: not CHECKABLE.isdisjoint(scope.here.values()),
    "perform": lambda scope: any(_acts(scope, name) for name in scope.here),
    "root": lambda scope: bool(scope.here),
    "drop": lambda scope: bool(scope.here),
    "enter": lambda scope: bool(scope.flavours),
    "stop": lambda scope: bool(scope.flavours),
    "start": lambda scope: len(scope.flavours) < MAX_INTERPRETERS,
    "released": lambda scope: len(scope.flavours) < MAX_INTERPRETERS,
    "fork": lambda scope: scope.may_fork,
    "again": lambda scope: scope.may_live_again,
}


def pick_word(
    rng: Random,
    scope: Scope,
    weights: Weights,
    choice: Choice,
    among: Sequence[str] = (),
    fits: Callable[[str], bool] = lambda _: True,
) -> str:
    """Pick one of the choice's words (or of ``among``) that is legal here and fits, by weight."""
    if not among:
        texts, cumulative = weights.accumulate(choice)
        for _ in range(_TRIES):  # most words are legal: this saves looking at each
            text = rng.choices(texts, cum_weights=cumulative)[0]
            if scope.allows(choice, text) and fits(text):
                return text
    legal = [
        text
        for text in among or scope.offers.list_texts(choice)
        if scope.allows(choice, text) and fits(text)
    ]
    return pick(rng, legal, [weights.of_word(choice, text) for text in legal])


def _make_any(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    args = []
    for parameter in OPERATIONS[op].parameters:
        if isinstance(parameter, Choice):
            args.append(pick_word(rng, scope, weights, parameter))
        else:
            args.append(_name(rng, scope, parameter))
    return Step(op, tuple(args))


def _name(rng: Random, scope: Scope, role: Role) -> str:
    if role is Role.NODE:
        return rng.choice(list(scope.here))
    if role is Role.NEW_NODE:
        return find_free_name(set(scope.here))
    if role is Role.NEW_INTERPRETER:
        return find_free_name(set(scope.nodes), "i")
    return rng.choice(list(scope.flavours))


def _make_edge(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    source = rng.choice([name for name, kind in scope.here.items() if scope.edges_of(kind)])
    edges = list(scope.edges_of(scope.here[source]))
    while edges:
        edge = pick_word(rng, scope, weights, EDGE, edges)
        edges.remove(edge)
        targets = [name for name in scope.here if scope.may_refer(source, name, edge)]
        if targets:
            # A node that refers to itself is the smallest cycle: cycles live until finalization.
            itself = source in targets and rng.random() < 0.3
            return Step(op, (source, source if itself else rng.choice(targets), edge))
    raise AssertionError("every kind has an edge that takes any target")


def _make_hook(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    name = rng.choice(list(scope.here))
    hooks = list(scope.offers.hooks_of[scope.here[name]])
    while hooks:
        hook = pick(rng, hooks, [weights.of_word(HOOK, text) for text in hooks])
        hooks.remove(hook)
        fits = partial(scope.may_hook, name, hook)
        if any(map(fits, scope.offers.list_texts(ACTION))):
            return Step(op, (name, hook, _pick_action(rng, scope, weights, name, fits)))
    raise AssertionError("every kind has a hook with an action")


def _make_perform(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    name = rng.choice([name for name in scope.here if _acts(scope, name)])
    fits = partial(scope.may_perform, name)
    return Step(op, (name, _pick_action(rng, scope, weights, name, fits)))


def _pick_action(
    rng: Random, scope: Scope, weights: Weights, name: str, fits: Callable[[str], bool]
) -> str:
    """Pick an action that fits a node, often one that is meant for its kind."""
    meant = list(filter(fits, scope.offers.own.meant.get(scope.here[name], ())))
    if meant and rng.random() < _MEANT:
        return rng.choice(meant)
    return pick_word(rng, scope, weights, ACTION, fits=fits)


def _acts(scope: Scope, name: str) -> bool:
    """Whether there is an action that a node can perform now."""
    return any(scope.may_perform(name, action) for action in scope.offers.list_texts(ACTION))


def _make_check(rng: Random, scope: Scope, _: Weights, op: str) -> Step:
    return Step(op, (rng.choice([n for n, kind in scope.here.items() if kind in CHECKABLE]),))


def _make_enter(rng: Random, scope: Scope, _: Weights, op: str) -> Step:
    return Step(op, (rng.choice([name for name in scope.nodes if name != scope.current]),))


def _make_start(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    among = ("framework",) if scope.prefix and scope.prefix.op == "released" else ()
    name = _name(rng, scope, Role.NEW_INTERPRETER)
    return Step(op, (name, pick_word(rng, scope, weights, FLAVOUR, among)))


def _make_node(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    # Now and then a name is used again: the old object lives on where an edge or root holds it.
    reuse = bool(scope.here) and rng.random() < 0.05
    name = rng.choice(list(scope.here)) if reuse else find_free_name(set(scope.here))
    return Step(op, (name, pick_word(rng, scope, weights, KIND)))


def _make_shape(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    plain = _make_any(rng, scope, weights, op)
    edges = scope.offers.edges_from
    return plain.with_arg(
        2, pick_word(rng, scope, weights, KIND, fits=lambda k: bool(edges.get(k)))
    )


def _make_root(rng: Random, scope: Scope, weights: Weights, op: str) -> Step:
    name = rng.choice(list(scope.here))
    fits = partial(scope.may_hold, name)
    return Step(op, (name, pick_word(rng, scope, weights, ROOT, fits=fits)))


_MAKERS = {
    "edge": _make_edge,
    "root": _make_root,
    "hook": _make_hook,
    "perform": _make_perform,
    "check": _make_check,
    "start": _make_start,
    "enter": _make_enter,
    "node": _make_node,
    "shape": _make_shape,
}
