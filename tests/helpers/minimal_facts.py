"""What a program would have done: stands in for the process, and knows neither names nor order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random

from finfuzz.generation.generate import generate
from finfuzz.generation.mutate import mutate
from finfuzz.program.model import Program, Step
from finfuzz.program.scope import Scope
from finfuzz.program.shapes import count_nodes, unroll_shape
from finfuzz.program.text import parse, to_text

Predicate = Callable[[Program], bool]


@dataclass(eq=False)
class Object:
    """A node. ``inside``: the kind of the interpreter that it is of, empty for the main one."""

    kind: str
    inside: str
    life: int
    edges: list[Object] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    hooks: set[tuple[str, str]] = field(default_factory=set)
    roots: set[str] = field(default_factory=set)

    def reaches(self) -> Iterator[Object]:
        """The objects that it refers to, itself only if there is a cycle."""
        seen: set[Object] = set()
        pending = list(self.edges)
        while pending:
            one = pending.pop()
            if one not in seen:
                seen.add(one)
                pending += one.edges
                yield one

    @property
    def in_a_cycle(self) -> bool:
        return self in self.reaches()


class Facts:
    """All that a program with ``steps`` makes, in the order in which it happens."""

    def __init__(self, program: Program) -> None:
        self.objects: list[Object] = []
        self.did: list[tuple[str, str]] = []  # (operation, kind of interpreter)
        self.elsewhere: list[str] = []
        self.replaced = 0  # objects whose name another one took
        self._scope = Scope()
        self._names: dict[tuple[str, str], Object] = {}
        for step in program.steps:
            where, elsewhere = self._scope.flavour or "main", self._scope.is_elsewhere
            if self._scope.apply(step):
                self.did.append((step.op, where))
                if elsewhere and step.op != "elsewhere":
                    self.elsewhere.append(step.op)
                self._take(step)

    @property
    def lives(self) -> int:
        return self._scope.lives

    def count(self, op: str) -> int:
        return sum(did == op for did, _ in self.did)

    def of(self, *kinds: str) -> list[Object]:
        """Objects of these kinds; of any where none is named."""
        return [one for one in self.objects if not kinds or one.kind in kinds]

    def held_by(self, roots: str) -> list[Object]:
        """What one of these roots keeps alive, whether by itself or through others."""
        rooted = [one for one in self.objects if one.roots & {*roots.split()}]
        return [*rooted, *(other for one in rooted for other in one.reaches())]

    def _take(self, step: Step) -> None:
        if step.op == "shape":
            names = [step.args[0]]
            names += [
                f"{step.args[0]} {at}"
                for at in range(1, count_nodes(step.args[1], int(step.args[3])))
            ]
            for each in unroll_shape(step, names):
                if each.op != "drop":
                    self._take(each)
        elif step.op == "node":
            made = Object(step.args[1], self._scope.flavour, self._scope.lives)
            place = (self._scope.current, step.args[0])
            self.replaced += place in self._names
            self.objects.append(made)
            self._names[place] = made
        elif step.op in ("edge", "hook", "root"):
            self._tell(step, self._named(step.args[0]))
        elif step.op in ("stop", "again"):
            alive = self._scope.nodes
            self._names = {key: one for key, one in self._names.items() if key[0] in alive}

    def _tell(self, step: Step, one: Object) -> None:
        if step.op == "edge":
            one.edges.append(self._named(step.args[1]))
            one.words.add(step.args[2])
        elif step.op == "hook":
            one.hooks.add(step.args[1:])
        else:
            one.roots.add(step.args[1])

    def _named(self, name: str) -> Object:
        return self._names[self._scope.current, name]


def where(holds: Callable[[Facts], bool]) -> Predicate:
    return lambda program: holds(Facts(program))


def did(*ops: str) -> Predicate:
    """These operations have an effect, at least as often as they are named."""
    return where(lambda facts: all(facts.count(op) >= ops.count(op) for op in ops))


def did_in(op: str, flavours: str) -> Predicate:
    """This operation has an effect in an interpreter of one of these kinds."""
    return where(lambda facts: any((op, flavour) in facts.did for flavour in flavours.split()))


def did_elsewhere(*ops: str) -> Predicate:
    return where(lambda facts: all(facts.elsewhere.count(op) >= ops.count(op) for op in ops))


def made(kinds: str) -> Predicate:
    """Objects of these kinds are made, each as often as it is named."""
    names = kinds.split()
    return where(lambda facts: all(len(facts.of(kind)) >= names.count(kind) for kind in names))


def held(kinds: str, roots: str) -> Predicate:
    """One of these roots keeps an object of one of these kinds alive."""
    return where(lambda facts: any(one in facts.of(*kinds.split()) for one in facts.held_by(roots)))


def cycle_held(kinds: str, roots: str) -> Predicate:
    """The same, and the object is in a cycle."""
    return where(
        lambda facts: any(
            one.in_a_cycle and one in facts.of(*kinds.split()) for one in facts.held_by(roots)
        )
    )


def some(holds: Callable[[Object], bool], least: int = 1) -> Predicate:
    """At least so many objects are such."""
    return where(lambda facts: sum(map(holds, facts.objects)) >= least)


def both(one: Predicate, other: Predicate) -> Predicate:
    return lambda program: one(program) and other(program)


def either(one: Predicate, other: Predicate) -> Predicate:
    return lambda program: one(program) or other(program)


def program(text: str) -> Program:
    """Steps, one a line or divided by `;`."""
    return parse("finfuzz 1\n" + text.replace(";", "\n"))


def shown(program: Program) -> str:
    """The steps in one line."""
    return "; ".join(to_text(program).splitlines()[1:])


@cache
def some_program(seed: int) -> Program:
    rng = Random(seed)
    made = generate(rng)
    for _ in range(rng.randrange(12)):
        made = mutate(rng, made)
    return made


def some_programs(same: Predicate, least: int) -> Iterator[Program]:
    """Random programs of at least so many steps for which it holds."""
    for seed in range(100_000):
        made = some_program(seed)
        if len(made) >= least and same(made):
            yield made
