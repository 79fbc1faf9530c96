"""The cells of a recipe's objects as plain variables, where their lifetimes stay the same.

The driver finds a cell by a weak reference, since only the object may hold it. A script has a
variable for it, from the object's making to the last edge: as long as that, the object is alive and
holds the cell anyway.
"""

from __future__ import annotations

from collections.abc import Mapping

from finfuzz.program.model import Program, Step
from finfuzz.program.scope import Scope
from finfuzz.program.shapes import CELL
from finfuzz.triage.repro.code import StepWriter, Variables
from finfuzz.triage.repro.extension import ScriptExtension
from finfuzz.triage.repro.library import Code

#: What makes a cell.
_MAKE = "make_cell"


class Cells:
    """The variables of cells, as a script's steps go by."""

    def __init__(self, extension: ScriptExtension, variables: Variables) -> None:
        self._extension, self._variables = extension, variables
        self._last_edges: Mapping[int, int] = {}
        self._found: dict[tuple[str, str], str] = {}
        self._ends: dict[int, str] = {}

    def plan(self, program: Program) -> None:
        """Find out where the variables are needed, before any step is written."""
        self._last_edges = _find_last_edges(program, self._extension)

    def write(self, step: Step, at: int, interpreter: str, writer: StepWriter) -> list[Code]:
        """Write a step at that position with a variable; nothing for a step that needs none."""
        if step.op == "node" and (around := self._extension.find_around(step.args[1])):
            return self._write_node(step.args[0], around, at, interpreter, writer)
        cell = self._find(step, interpreter)
        if not cell:
            return []
        return [Code(f"{cell}().append({writer.node(step.args[1])})")]

    def write_after(self, at: int) -> list[str]:
        """Write what ends a cell's variable after the step at that position."""
        return [f"del {self._ends[at]}"] if at in self._ends else []

    def forget(self, step: Step, interpreter: str) -> None:
        """Forget the variable of a node that the step makes anew."""
        if step.op in ("node", "shape"):
            self._found.pop((interpreter, step.args[0]), None)

    def _find(self, step: Step, interpreter: str) -> str:
        is_of_cell = step.op == "edge" and step.args[2] == CELL
        return self._found.get((interpreter, step.args[0]), "") if is_of_cell else ""

    def _write_node(
        self, name: str, around: str, at: int, interpreter: str, writer: StepWriter
    ) -> list[Code]:
        made = writer.call(_MAKE)
        last = self._last_edges.get(at)
        if last is None:
            return [writer.assign(name, writer.call(around, made))]
        cell = self._variables.find_cell(name)
        self._found[interpreter, name], self._ends[last] = cell, cell
        first = Code(f"{cell} = {made.text}", made.modules, made.functions)
        return [first, writer.assign(name, writer.call(around, Code(cell)))]


def _find_last_edges(program: Program, extension: ScriptExtension) -> Mapping[int, int]:
    """Find the position of the last edge from each node's cell, by the node's position."""
    scope = Scope(offers=extension.offers)
    nodes: dict[tuple[str, str], int] = {}
    found: dict[int, int] = {}
    before = ""
    for at, step in enumerate(program.steps):
        place = (scope.current, step.args[0] if step.args else "")
        if step.op in ("node", "shape") and before == "everywhere":
            nodes = {one: made for one, made in nodes.items() if one[1] != place[1]}
        elif step.op in ("node", "shape"):
            nodes[place] = at
        elif step.op == "edge" and step.args[2] == CELL and place in nodes:
            found[nodes[place]] = at
        elif step.op == "again":
            nodes.clear()
        scope.apply(step)
        before = step.op
    return found
