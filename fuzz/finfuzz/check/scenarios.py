"""The scenarios of a check: programs of the language, one file each in ``scenarios/``.

A file's number gives its place, the rest of its name names the scenario, and the comment above its
first step says in one line what happens. Two words are placeholders, and ``adapt`` puts a target's
own words in their place: the kind `extension` and the action `repr`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from finfuzz.program.language import Role
from finfuzz.program.model import Program, Step
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import Vocabulary
from finfuzz.program.words import Choice

FOLDER = Path(__file__).with_name("scenarios")

#: Kinds of a target that one program makes objects of, beside the module itself.
MOST_KINDS = 4
#: What stands for a target's own words, where it has no recipe: of the language, as it offers them.
_KINDS = ("container", "instance", "callback", "enum")
_ACTIONS = ("create",)

_ANY_KIND, _ANY_ACTION, _ANY_EDGE = "extension", "repr", "module-dict"


@dataclass(frozen=True)
class Scenario:
    """A scenario: ``title`` says in one line what happens."""

    name: str
    title: str
    program: Program


@cache
def load_scenarios() -> tuple[Scenario, ...]:
    """Load all scenarios, in their order."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.fin")))


def _read(path: Path) -> Scenario:
    program = parse(path.read_text(encoding="utf-8"))
    _, _, name = path.stem.partition("-")
    return Scenario(name, " ".join(program.steps[0].above), program.without_comments())


def adapt(program: Program, offers: Vocabulary, roles: Mapping[str, str] | None = None) -> Program:
    """Put a target's own words in the place of the placeholders.

    A node of the kind `extension` becomes an object of each of the target's kinds, if it has any;
    its edge `module-dict` is then the first edge of such a kind. The action `repr` becomes the
    target's actions: each at a node of its own, where the node is an object that Python's code
    makes, else all at the node. A step that names one of several nodes is done with each.

    ``roles``: of the kinds of a recipe, to choose different ones.
    """
    kinds, actions = _find_kinds(offers, roles or {}), _find_actions(offers)
    nodes = _multiply_nodes(program, kinds, actions)
    return Program(tuple(_adapt_steps(program, nodes, actions, offers)))


@dataclass(frozen=True)
class _Node:
    """One of the nodes that a placeholder stands for. ``action``: the only one that it performs."""

    name: str
    kind: str
    action: str = ""


def _find_kinds(offers: Vocabulary, roles: Mapping[str, str]) -> tuple[str, ...]:
    """Find the target's kinds for the scenarios: the first of each role, then the others."""
    own = list(offers.own.kinds)
    firsts = {roles.get(kind, ""): kind for kind in reversed(own)}
    own.sort(key=lambda kind: kind not in firsts.values())
    kinds = own or [kind for kind in _KINDS if kind in offers.kinds]
    return tuple(kinds[:MOST_KINDS])


def _find_actions(offers: Vocabulary) -> tuple[str, ...]:
    named = tuple(action for action in _ACTIONS if action in offers.actions)
    return offers.own.actions or named or (_ANY_ACTION,)


def _multiply_nodes(
    program: Program, kinds: tuple[str, ...], actions: tuple[str, ...]
) -> dict[str, list[_Node]]:
    """Return the nodes that each name stands for."""
    acting = {
        step.args[0] for step in program.steps if step.op == "hook" and step.args[2] == _ANY_ACTION
    }
    found = {}
    for step in program.steps:
        if step.op != "node":
            continue
        name, kind = step.args
        if kind == _ANY_KIND:
            # Without the module: kept, it would keep what its objects need when they go.
            every = [_Node(f"{name}{n}", one) for n, one in enumerate(kinds, 1)]
            every = every or [_Node(name, kind)]
        elif name in acting:
            numbers = ("", *map(str, range(1, len(actions))))
            every = [_Node(name + n, kind, a) for n, a in zip(numbers, actions, strict=True)]
        else:
            every = [_Node(name, kind)]
        found[name] = every
    return found


def _adapt_steps(
    program: Program,
    nodes: dict[str, list[_Node]],
    actions: tuple[str, ...],
    offers: Vocabulary,
) -> Iterator[Step]:
    for step in program.steps:
        named = step.names(Role.NEW_NODE, Role.NODE)
        if not named:
            yield step
            continue
        for node in nodes[named[0]]:
            names = {named[0]: node.name}
            args = tuple(names.get(text, text) for text in step.args)
            if step.op == "node":
                yield Step("node", (node.name, node.kind))
            elif step.op == "edge":
                edge = _find_edge(step.args[2], node.kind, offers)
                yield from [Step("edge", (*args[:2], edge))] if edge else []
            elif step.op == "hook" and step.args[2] == _ANY_ACTION:
                each = [node.action] if node.action else actions
                yield from (Step("hook", (*args[:2], action)) for action in each)
            else:
                yield Step(step.op, args)


def _find_edge(edge: str, kind: str, offers: Vocabulary) -> str:
    """Find the edge for a node that may be of another kind now; empty if that has none."""
    if edge != _ANY_EDGE or kind == _ANY_KIND:
        return edge
    return next(iter(offers.edges_from.get(kind, ())), "")


def list_words(program: Program) -> Iterator[str]:
    """List the operations and words of a program, to compare with what a recipe rules out."""
    for step in program.steps:
        yield step.op
        yield from (text for _, one, text in step.typed() if isinstance(one, Choice))
