"""Names that follow from the program alone, so that equal programs have equal texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from finfuzz.generation.generate import find_free_name
from finfuzz.program.language import MAIN, Role
from finfuzz.program.model import INTERPRETER_ROLES, NODE_ROLES, Program, Step
from finfuzz.program.walk import InterpreterLife, Visit, walk

_STEMS = {**dict.fromkeys(NODE_ROLES, ""), **dict.fromkeys(INTERPRETER_ROLES, "i")}


def name_in_order(program: Program) -> Program:
    """Name nodes a, b, c … and interpreters i1, i2 … in the order in which they appear."""
    tables: dict[str, dict[str, str]] = {"": {}, "i": {MAIN: MAIN}}

    def name(role: Role, old: str) -> str:
        table = tables[_STEMS[role]]
        if old not in table:
            table[old] = find_free_name(set(table.values()), _STEMS[role])
        return table[old]

    return Program(tuple(rename(step, name) for step in program.steps))


def rename(step: Step, name: Callable[[Role, str], str]) -> Step:
    """Return the step with other names."""
    args = tuple(
        name(parameter, argument) if isinstance(parameter, Role) else argument
        for _, parameter, argument in step.typed()
    )
    return Step(step.op, args)


def list_nodes(program: Program) -> tuple[str, ...]:
    """List the names of nodes in the order in which they appear."""
    return tuple(dict.fromkeys(name for step in program.steps for name in step.names(*NODE_ROLES)))


def give_own_names(program: Program) -> Iterator[Program]:
    """Give each node and interpreter a name of its own.

    All at once, then one by one: a new node under an old name also ends the old node's name, and
    the program may need that.
    """
    again = _find_redefinitions(program)
    if len(again) > 1:
        yield _name_apart(program, again)
    for index in sorted(again):
        yield _name_apart(program, {index})


def _find_redefinitions(program: Program) -> set[int]:
    """Find the positions of the steps that define an already defined name."""
    seen: set[str] = set()
    found = set()
    for index, step in enumerate(program.steps):
        for name in step.names(Role.NEW_NODE, Role.NEW_INTERPRETER):
            if name in seen:
                found.add(index)
            seen.add(name)
    return found


def _name_apart(program: Program, definitions: set[int]) -> Program:
    """Put these definitions, and the steps that mean them, under new names."""
    taken = {name for step in program.steps for name in step.names(*_STEMS)}
    names: dict[tuple[InterpreterLife | None, str], str] = {}

    def rename_visited(visit: Visit) -> Step:
        for role in (Role.NEW_NODE, Role.NEW_INTERPRETER):
            for old in visit.step.names(role):
                new = find_free_name(taken, _STEMS[role]) if visit.position in definitions else old
                names[_owner(role, visit), old] = new
                taken.add(new)
        return rename(visit.step, lambda role, old: names.get((_owner(role, visit), old), old))

    return Program(tuple(map(rename_visited, walk(program, abuse=True))))


def _owner(role: Role, visit: Visit) -> InterpreterLife | None:
    """Return the interpreter that a node's name belongs to; None for the names of interpreters."""
    return visit.interpreter if role in NODE_ROLES else None
