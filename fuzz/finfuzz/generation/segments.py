"""Segments: the pieces of a life cycle, each a pattern of steps that a payload is put into.

Known defects have tiny programs (tools/truth/). What they share is a sequence of lives and
interpreters with the same objects in several places of it. Steps that are generated one by one
hardly ever make such a sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from finfuzz.generation.generate import find_free_name
from finfuzz.generation.weights import Weights
from finfuzz.program.language import MAIN, Role
from finfuzz.program.model import NODE_ROLES, Program, Step
from finfuzz.program.scope import Scope

#: In a pattern: a new interpreter and its kind; one that was left; the steps of the payload; a
#: `drop` of each node of the current interpreter; a `perform` of `refill`, by any node; what the
#: nodes of the last payload performed.
_NEW, _KIND, _LEFT, _PAYLOAD = "NEW", "KIND", "LEFT", "PAYLOAD"
_DROPS, _REFILL, _ACTIONS = "DROPS", "REFILL", "ACTIONS"


@dataclass(frozen=True)
class Segment:
    """A piece of a life cycle. ``weight``: how often it is used, against the others.

    ``steps``: of the language, with the names above for what is filled in. A prefix before
    PAYLOAD goes before each of its steps.
    """

    name: str
    weight: float
    steps: tuple[str, ...]

    @cached_property
    def patterns(self) -> tuple[tuple[str, ...], ...]:
        """The words of each step."""
        return tuple(tuple(step.split()) for step in self.steps)

    @cached_property
    def starts(self) -> bool:
        """Whether it begins an interpreter or a life."""
        return any(op in ("start", "again") for op, *_ in self.patterns)

    @cached_property
    def needs_left(self) -> bool:
        """Whether it goes on with an interpreter that an earlier segment left."""
        return any(_LEFT in step for step in self.steps)

    @cached_property
    def picks_kind(self) -> bool:
        """Whether it starts an interpreter of any kind."""
        return any(_KIND in step for step in self.steps)

    @cached_property
    def has_payload(self) -> bool:
        return any(_PAYLOAD in step for step in self.steps)

    @cached_property
    def performs_again(self) -> bool:
        """Whether the nodes of its payload perform again what they performed."""
        return _ACTIONS in self.steps


def _sub(*inside: str, end: str = f"stop {_NEW}") -> tuple[str, ...]:
    return (f"start {_NEW} {_KIND}", f"enter {_NEW}", *inside, end)


_BACK = f"enter {MAIN}"

#: Weights are proportions, less for what costs more: a life or an interpreter costs 3.5 children.
SEGMENTS: dict[str, Segment] = {
    segment.name: segment
    for segment in (
        Segment("use", 6, (_PAYLOAD,)),
        Segment("import", 2, ("import",)),
        Segment("again", 1, ("again",)),
        Segment("again-use", 2, ("again", _PAYLOAD)),
        Segment("again-elsewhere", 0.6, ("again", f"elsewhere {_PAYLOAD}")),
        Segment("unimport", 1, ("unimport",)),
        Segment("collect", 0.5, ("collect",)),
        Segment("renew", 0.8, ("unimport", "collect", _PAYLOAD)),
        Segment("renew-dropped", 0.6, (_PAYLOAD, "unimport", _DROPS, "collect", _PAYLOAD)),
        Segment("outlive", 0.8, (_PAYLOAD, "unimport", "collect", _REFILL, _ACTIONS)),
        Segment("let-go", 0.6, (_PAYLOAD, _DROPS, "collect", _PAYLOAD)),
        Segment("self-check", 0.6, ("self-check",)),
        Segment("census", 0.1, ("census",)),
        Segment("fail-import", 0.2, ("fail-import",)),
        Segment("fork", 0.2, ("fork",)),
        Segment("use-second", 0.3, ("use second", _PAYLOAD)),
        Segment("import-elsewhere", 0.6, ("elsewhere", "import")),
        Segment("use-elsewhere", 0.6, (f"elsewhere {_PAYLOAD}",)),
        Segment("import-native", 0.2, ("native framework", "import")),
        Segment("use-native", 0.4, (f"native gil-state {_PAYLOAD}",)),
        Segment("use-together", 0.3, (f"together {_PAYLOAD}",)),
        Segment("sub-use", 3, _sub(_PAYLOAD)),
        Segment("sub-import", 2, _sub("import")),
        Segment("sub-empty", 1, (f"start {_NEW} {_KIND}", f"stop {_NEW}")),
        Segment("sub-check", 0.6, _sub("self-check")),
        Segment("check-both", 0.5, ("self-check", *_sub("self-check"))),
        Segment("sub-elsewhere", 1, _sub("elsewhere", "import", _PAYLOAD)),
        Segment("sub-beside", 0.6, _sub(_PAYLOAD, _BACK, _PAYLOAD)),
        Segment("left-use", 1.5, _sub(_PAYLOAD, end=_BACK)),
        Segment("left-import", 1.5, _sub("import", end=_BACK)),
        Segment("left-empty", 0.3, (f"start {_NEW} {_KIND}",)),
        Segment("left-elsewhere", 0.3, _sub("elsewhere", "import", _PAYLOAD, end=_BACK)),
        Segment("left-check", 0.3, _sub("self-check", end=_BACK)),
        Segment("start-elsewhere", 0.2, ("elsewhere", f"start {_NEW} {_KIND}")),
        Segment("start-released", 0.1, ("released", f"start {_NEW} framework")),
        Segment("return", 0.6, (f"enter {_LEFT}", _PAYLOAD, _BACK)),
        Segment("end", 0.6, (f"stop {_LEFT}",)),
        Segment("end-elsewhere", 0.2, ("elsewhere", f"stop {_LEFT}")),
        Segment("end-all", 0.1, ("everywhere", f"stop {_LEFT}")),
        Segment("import-everywhere", 0.2, ("everywhere", "import")),
        Segment("use-everywhere", 0.2, (f"everywhere {_PAYLOAD}",)),
    )
}


class Writer:
    """Writes a program of segments. ``flavour``: of the interpreters that are started."""

    def __init__(self, weights: Weights, flavour: str) -> None:
        self.scope = Scope(weights.python, offers=weights.offers)
        self.flavour = flavour
        self._longest = weights.longest
        self._steps: list[Step] = []
        self._performed: list[Step] = []

    @property
    def program(self) -> Program:
        return Program(tuple(self._steps))

    def write(self, segment: Segment, payload: tuple[Step, ...], left: str = "") -> bool:
        """Add the steps of a segment that have an effect here. Returns whether all have.

        ``left``: the name of the interpreter to go on with.
        """
        before, wanted = len(self._steps), 0
        new = find_free_name(set(self.scope.nodes), "i")
        texts = {_NEW: new, _KIND: self.flavour, _LEFT: left}
        for op, *args in segment.patterns:
            if op == _PAYLOAD:
                wanted += self._write_payload(payload, ())
            elif op == _DROPS:
                wanted += self._write_all([Step("drop", (name,)) for name in self.scope.here])
            elif op == _REFILL:
                nodes = list(self.scope.here)[:1]
                wanted += self._write_all([Step("perform", (name, "refill")) for name in nodes])
            elif op == _ACTIONS:
                wanted += self._write_all(self._performed)
            elif args and args[-1] == _PAYLOAD:
                wanted += self._write_payload(payload, (Step(op, tuple(args[:-1])),))
            else:
                wanted += 1
                self.add(Step(op, tuple(texts.get(arg, arg) for arg in args)))
        return len(self._steps) - before == wanted

    def add(self, step: Step) -> bool:
        """Add a step if it has an effect here, and leaves room for an `exit`."""
        if len(self._steps) >= self._longest - (step.op != "exit"):
            return False
        has_effect = self.scope.apply(step)
        if has_effect:
            self._steps.append(step)
        return has_effect

    def _write_all(self, steps: Sequence[Step]) -> int:
        for step in steps:
            self.add(step)
        return len(steps)

    def _write_payload(self, payload: tuple[Step, ...], prefix: tuple[Step, ...]) -> int:
        names: dict[str, str] = {}
        self._performed = []
        for step in payload:
            for name in step.names(Role.NEW_NODE):
                names[name] = find_free_name(set(self.scope.here))
            renamed = rename_nodes(step, names)
            for each in prefix:
                self.add(each)
            if self.add(renamed) and renamed.op == "perform":
                self._performed.append(renamed)
        return len(payload) * (1 + len(prefix))


def rename_nodes(step: Step, names: dict[str, str]) -> Step:
    """Return the step with other names of nodes."""
    for index, parameter, argument in step.typed():
        if parameter in NODE_ROLES:
            step = step.with_arg(index, names.get(argument, argument))
    return step
