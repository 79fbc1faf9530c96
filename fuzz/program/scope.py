"""What stands at a point of a program: which interpreters live, which nodes each of them has.

The language has no branches, so this is known without running anything. ``child/driver.py`` skips
exactly the steps that ``Scope.apply`` says have no effect; tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Callable

from fuzz.program.language import (
    ABUSE,
    CHECKABLE,
    CONTAINERS,
    EDGES_FROM,
    FLAVOUR,
    MAIN,
    MAX_INTERPRETERS,
    ROOT,
    Role,
)
from fuzz.program.model import Program, Step

#: A Python that has everything: what a program means where nothing is lacking.
NEWEST = (99, 0)


class Scope:
    """Walks a program step by step. ``python``: the CPython whose lacks count as no effect."""

    def __init__(self, python: tuple[int, int] = NEWEST, abuse: bool = False) -> None:
        self.python, self.abuse = python, abuse
        self.current = MAIN
        self.flavours: dict[str, str] = {}
        self.started = 0
        self.nodes: dict[str, dict[str, str]] = {MAIN: {}}

    @property
    def here(self) -> dict[str, str]:
        """Nodes of the current interpreter: name to kind."""
        return self.nodes[self.current]

    def apply(self, step: Step) -> bool:
        """Takes one step. Returns whether it has any effect here."""
        return _APPLY[step.op](self, *step.args)

    def _always(self, *_: str) -> bool:
        return True

    def _node(self, name: str, kind: str) -> bool:
        self.here[name] = kind
        return True

    def _edge(self, source: str, target: str, edge: str) -> bool:
        return target in self.here and edge in EDGES_FROM.get(self.here.get(source, ""), ())

    def _hook(self, name: str, hook: str, action: str) -> bool:
        legal = self.abuse or (hook, action) not in ABUSE
        return legal and self.here.get(name) in CONTAINERS

    def _root(self, name: str, root: str) -> bool:
        return name in self.here and (self.current == MAIN or not ROOT.word(root).main_only)

    def _check(self, name: str) -> bool:
        return self.here.get(name) in CHECKABLE

    def _drop(self, name: str) -> bool:
        return self.here.pop(name, None) is not None

    def _start(self, name: str, flavour: str) -> bool:
        if name in self.nodes or len(self.flavours) >= MAX_INTERPRETERS:
            return False
        if self.python < FLAVOUR.word(flavour).since:
            return False
        self.flavours[name] = flavour
        self.started += 1
        self.nodes[name] = {}
        return True

    def _enter(self, name: str) -> bool:
        if name not in self.nodes or name == self.current:
            return False
        self.current = name
        return True

    def _stop(self, name: str) -> bool:
        if self.flavours.pop(name, None) is None:
            return False
        del self.nodes[name]
        if self.current == name:
            self.current = MAIN
        return True


_APPLY: dict[str, Callable[..., bool]] = {
    "import": Scope._always,
    "collect": Scope._always,
    "exit": Scope._always,
    "node": Scope._node,
    "edge": Scope._edge,
    "hook": Scope._hook,
    "root": Scope._root,
    "check": Scope._check,
    "drop": Scope._drop,
    "start": Scope._start,
    "enter": Scope._enter,
    "stop": Scope._stop,
}


def effective(
    program: Program, python: tuple[int, int] = NEWEST, *, abuse: bool = False
) -> Program:
    """The program without the steps that do nothing on that CPython."""
    scope = Scope(python, abuse)
    return Program(tuple(step for step in program.steps if scope.apply(step)), program.below)


def defines(step: Step) -> tuple[str, ...]:
    """The names that a step brings into being."""
    return step.names(Role.NEW_NODE, Role.NEW_INTERPRETER)


def uses(step: Step) -> tuple[str, ...]:
    """The names that a step needs."""
    return step.names(Role.NODE, Role.INTERPRETER)
