"""Names that follow from the program alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from finfuzz.generation.generate import fresh_name
from finfuzz.program.language import MAIN, Role
from finfuzz.program.model import INTERPRETER_ROLES, NODE_ROLES, Program, Step

_STEMS = {**dict.fromkeys(NODE_ROLES, ""), **dict.fromkeys(INTERPRETER_ROLES, "i")}


def named_in_order(program: Program) -> Program:
    """Nodes are a, b, c … and interpreters i1, i2 … as they first appear."""
    tables: dict[str, dict[str, str]] = {"": {}, "i": {MAIN: MAIN}}

    def name(role: Role, old: str) -> str:
        table = tables[_STEMS[role]]
        if old not in table:
            table[old] = fresh_name(set(table.values()), _STEMS[role])
        return table[old]

    return Program(tuple(renamed(step, name) for step in program.steps))


def renamed(step: Step, name: Callable[[Role, str], str]) -> Step:
    """The step with other names."""
    args = tuple(
        name(parameter, argument) if isinstance(parameter, Role) else argument
        for _, parameter, argument in step.typed()
    )
    return Step(step.op, args)


def nodes_of(program: Program) -> tuple[str, ...]:
    """The names of nodes, as they first appear."""
    return tuple(dict.fromkeys(name for step in program.steps for name in step.names(*NODE_ROLES)))


def own_names(program: Program) -> Iterator[Program]:
    """A name of its own for each node and interpreter, so that none is in another's way.

    All at once, else one by one: where a name is used again, what it stood for may go.
    """
    again = _defined_again(program)
    if len(again) > 1:
        yield _apart(program, again)
    for index in sorted(again):
        yield _apart(program, {index})


def _defined_again(program: Program) -> set[int]:
    """Indices of the steps that define a name which was defined before."""
    seen: set[str] = set()
    found = set()
    for index, step in enumerate(program.steps):
        for name in step.names(Role.NEW_NODE, Role.NEW_INTERPRETER):
            if name in seen:
                found.add(index)
            seen.add(name)
    return found


def _apart(program: Program, definitions: set[int]) -> Program:
    """Those definitions under new names, with the steps that mean them."""
    standing = _Standing({name for step in program.steps for name in step.names(*_STEMS)})
    steps = (
        standing.next(step, own=index in definitions) for index, step in enumerate(program.steps)
    )
    return Program(tuple(steps))


class _Standing:
    """Which new name stands for an old one, as one walks a program."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken
        self._current = MAIN
        self._interpreters: dict[str, str] = {}
        self._nodes: dict[tuple[str, str], str] = {}

    def next(self, step: Step, *, own: bool) -> Step:
        """The step under the names that stand there. ``own``: what it defines gets a new one."""
        for role in (Role.NEW_NODE, Role.NEW_INTERPRETER):
            for old in step.names(role):
                self._define(role, old, fresh_name(self._taken, _STEMS[role]) if own else old)
        step = renamed(step, self._name)
        if step.op == "again" or (step.op == "stop" and step.args[0] == self._current):
            self._current = MAIN
        elif step.op == "enter":
            self._current = step.args[0]
        return step

    def _define(self, role: Role, old: str, new: str) -> None:
        self._taken.add(new)
        if role is Role.NEW_INTERPRETER:
            self._interpreters[old] = new
        else:
            self._nodes[self._current, old] = new

    def _name(self, role: Role, old: str) -> str:
        if role in NODE_ROLES:
            return self._nodes.get((self._current, old), old)
        return self._interpreters.get(old, old)
