"""Names that follow from the program alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from finfuzz.generation.generate import fresh_name
from finfuzz.program.language import MAIN, Role
from finfuzz.program.model import INTERPRETER_ROLES, NODE_ROLES, Program, Step
from finfuzz.program.walk import InterpreterLife, Visit, walk

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
    taken = {name for step in program.steps for name in step.names(*_STEMS)}
    names: dict[tuple[InterpreterLife | None, str], str] = {}

    def rename(visit: Visit) -> Step:
        for role in (Role.NEW_NODE, Role.NEW_INTERPRETER):
            for old in visit.step.names(role):
                new = fresh_name(taken, _STEMS[role]) if visit.position in definitions else old
                names[_owner(role, visit), old] = new
                taken.add(new)
        return renamed(visit.step, lambda role, old: names.get((_owner(role, visit), old), old))

    return Program(tuple(map(rename, walk(program, abuse=True))))


def _owner(role: Role, visit: Visit) -> InterpreterLife | None:
    """The interpreter among whose names a name is; None for the names of interpreters."""
    return visit.interpreter if role in NODE_ROLES else None
