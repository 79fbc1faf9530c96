"""Cross-over: put a slice of one program, with its dependencies, into another program."""

from __future__ import annotations

from random import Random

from finfuzz.generation.generate import find_free_name
from finfuzz.program.language import MAIN, PREFIXES, Role
from finfuzz.program.model import INTERPRETER_ROLES, NODE_ROLES, Program, Step
from finfuzz.program.walk import walk


def splice(rng: Random, host: Program, donor: Program, max_steps: int) -> Program:
    """Put a slice of ``donor`` into ``host``, cut off where both have more than ``max_steps``.

    Half of the time the slice keeps its names, so that the two graphs grow together. Otherwise the
    names that the host has too are replaced, so that the graphs stay apart.
    """
    piece = slice_with_dependencies(rng, donor)
    if rng.random() < 0.5:
        piece = _rename_apart(piece, host)
    piece = piece[: max(0, max_steps - len(host))]
    at = rng.randint(0, len(host))
    return Program(host.steps[:at] + piece + host.steps[at:], host.below)


def slice_with_dependencies(rng: Random, donor: Program) -> tuple[Step, ...]:
    """Pick consecutive steps of the donor, preceded by the steps that they depend on."""
    if not donor.steps:
        return ()
    start = rng.randrange(len(donor))
    stop = rng.randint(start + 1, len(donor))
    depends = _find_dependencies(donor)
    wanted: set[int] = set()
    pending = list(range(start, stop))
    while pending:
        index = pending.pop()
        if index not in wanted:
            wanted.add(index)
            pending += depends[index]
            if donor.steps[index].op in PREFIXES and index + 1 < len(donor):
                pending.append(index + 1)  # what it goes with
    return tuple(donor.steps[index] for index in sorted(wanted))


def _find_dependencies(donor: Program) -> list[list[int]]:
    """Find for each step the earlier steps that it needs.

    They define the names that it uses, and enter the interpreter that it runs in.
    """
    here = MAIN
    switched: int | None = None
    spread: int | None = None  # an `everywhere` just before: the step is taken in each interpreter
    nodes: dict[tuple[str, str], int] = {}
    interpreters: dict[str, int] = {}
    found = []
    for index, step, interpreter, has_effect, *_ in walk(donor):
        if interpreter.name != here:
            here, switched = interpreter.name, index - 1
        needed = [nodes.get((here, name)) for name in step.names(Role.NODE)]
        needed += [interpreters.get(name) for name in step.names(Role.INTERPRETER)]
        if step.op == "everywhere":  # it needs interpreters to be in
            needed += interpreters.values()
        found.append([number for number in (*needed, switched, spread) if number is not None])
        places = {here} if spread is None else {MAIN, *interpreters}
        spread = index if has_effect and step.op == "everywhere" else None
        if has_effect:
            for name in step.names(Role.NEW_NODE):
                nodes.update(((place, name), index) for place in places)
            interpreters.update((name, index) for name in step.names(Role.NEW_INTERPRETER))
    return found


def _rename_apart(piece: tuple[Step, ...], host: Program) -> tuple[Step, ...]:
    for roles, stem in ((NODE_ROLES, ""), (INTERPRETER_ROLES, "i")):
        taken = _names(host.steps, roles)
        mine = _names(piece, roles)
        table: dict[str, str] = {}
        for name in sorted((mine & taken) - {MAIN}):
            table[name] = find_free_name(taken | mine | set(table.values()), stem)
        piece = tuple(_rename(step, roles, table) for step in piece)
    return piece


def _names(steps: tuple[Step, ...], roles: tuple[Role, ...]) -> set[str]:
    return {name for step in steps for name in step.names(*roles)}


def _rename(step: Step, roles: tuple[Role, ...], table: dict[str, str]) -> Step:
    for index, parameter, argument in step.typed():
        if parameter in roles and argument in table:
            step = step.with_arg(index, table[argument])
    return step
