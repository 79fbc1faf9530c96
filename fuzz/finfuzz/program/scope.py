"""What stands at a point of a program: which interpreters live, which nodes each of them has.

The language has no branches, so this is known without running anything. A child is handed only the
steps that ``Scope.apply`` says have an effect (``runnable``): law 1 is enforced here, in one place.
"""

from __future__ import annotations

from collections.abc import Callable

from finfuzz.program.language import MAIN, MAX_INTERPRETERS, MAX_LIVES, VERSION, Role
from finfuzz.program.legal import (
    ABUSE,
    CHECKABLE,
    CPYTHON_DIES,
    EDGES_TO,
    FIRST_LIFE,
    HOOKS_OF,
    IMPOSSIBLE,
    OUTLIVING_ROOTS,
    THREAD_ROOTS,
    is_one_thread,
    may_have_threads,
)
from finfuzz.program.model import Program, Step
from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.program.words import (
    ACTION,
    FLAVOUR,
    HOOK,
    KIND,
    KINDS,
    NATIVE_HOOKS,
    ROOT,
    WAY,
    Choice,
)
from finfuzz.support.cpythons import NEWEST


class Scope:
    """The state of a program's interpreters after the steps applied so far.

    A step has no effect where ``python``, a CPython's version, or ``offers``, a target, lacks a
    word of it, and where it breaks a rule on purpose without ``abuse``.
    """

    def __init__(
        self,
        python: tuple[int, int] = NEWEST,
        abuse: bool = False,
        offers: Vocabulary = EVERYTHING,
    ) -> None:
        self.python, self.abuse, self.offers = python, abuse, offers
        self.lives = 1
        self.started = 0
        self.threads_outlive = False
        self.hooks_start_threads = False
        self.is_elsewhere = False
        self._begin_life()

    def _begin_life(self) -> None:
        self.current = MAIN
        self.flavours: dict[str, str] = {}
        self.nodes: dict[str, dict[str, str]] = {MAIN: {}}
        self._spoken_of: dict[str, str] = {}
        self._from_second: set[tuple[str, str]] = set()

    @property
    def here(self) -> dict[str, str]:
        """Nodes of the current interpreter: name to kind."""
        return self.nodes[self.current]

    @property
    def _speaks_of_second(self) -> bool:
        return self._spoken_of.get(self.current) == "second"

    def _is_of_spoken(self, name: str) -> bool:
        """Whether a node of the current interpreter is of the extension that steps speak of."""
        return ((self.current, name) in self._from_second) == self._speaks_of_second

    @property
    def flavour(self) -> str:
        """Of the current interpreter; empty for the main one."""
        return self.flavours.get(self.current, "")

    @property
    def may_live_again(self) -> bool:
        threads = self.threads_outlive or self.hooks_start_threads
        return self.lives < MAX_LIVES and not threads

    def apply(self, step: Step) -> bool:
        """Takes one step. Returns whether it has any effect here."""
        if step.op in self.offers.lacking_operations:
            return False
        has_effect = _APPLY[step.op](self, *step.args)
        if has_effect:
            self.is_elsewhere = step.op == "elsewhere"
        return has_effect

    def allows(self, choice: Choice, text: str) -> bool:
        """Whether this word can be used in the current interpreter at all."""
        if not self.offers.has(choice, text):
            return False
        word = choice.word(text)
        if word.since > self.python or (word.abuse and not self.abuse):
            return False
        if word.own_thread and (self.is_elsewhere or not is_one_thread(self.flavour, self.python)):
            return False
        if self.lives > 1 and text in FIRST_LIFE:
            return False
        return self.current == MAIN or not word.main_only

    def _always(self, *_: str) -> bool:
        return True

    def _node(self, name: str, kind: str) -> bool:
        if not self.allows(KIND, kind):
            return False
        self.here[name] = kind
        place = (self.current, name)
        if self._speaks_of_second:
            self._from_second.add(place)
        else:
            self._from_second.discard(place)
        return True

    def _shape(self, name: str, _shape: str, kind: str, _size: str) -> bool:
        return bool(self.edges_of(kind)) and self._node(name, kind)

    def edges_of(self, kind: str) -> tuple[str, ...]:
        """The edges that can leave a kind on this target; a shape is made of the first."""
        return self.offers.edges_from[kind]

    def may_refer(self, source: str, target: str, edge: str) -> bool:
        """Whether there can be such an edge between these two."""
        if target not in self.here or source not in self.here:
            return False
        if edge not in self.edges_of(self.here[source]):
            return False
        if edge == "base" and source == target:
            return False
        return self.here[target] in EDGES_TO.get(edge, KINDS)

    def may_hook(self, name: str, hook: str, action: str) -> bool:
        """Whether this node can do that at that hook."""
        if not self.allows(HOOK, hook) or not self.allows(ACTION, action):
            return False
        if (hook, action) in IMPOSSIBLE or ((hook, action) in ABUSE and not self.abuse):
            return False
        if hook not in HOOKS_OF.get(self.here.get(name, ""), ()):
            return False
        if hook in NATIVE_HOOKS and not self._is_of_spoken(name):
            return False
        return self.abuse or (self.here[name], hook, action) not in CPYTHON_DIES

    def may_hold(self, name: str, root: str) -> bool:
        """Whether this node can be kept alive there."""
        if name not in self.here or not self.allows(ROOT, root):
            return False
        return root not in THREAD_ROOTS or may_have_threads(self.flavour, self.python)

    def _use(self, which: str) -> bool:
        self._spoken_of[self.current] = which
        return True

    def _hook(self, name: str, hook: str, action: str) -> bool:
        if not self.may_hook(name, hook, action):
            return False
        self.hooks_start_threads |= action == "thread"
        return True

    def _root(self, name: str, root: str) -> bool:
        if not self.may_hold(name, root):
            return False
        self.threads_outlive |= root in OUTLIVING_ROOTS
        return True

    def _check(self, name: str) -> bool:
        return self.here.get(name) in CHECKABLE

    def _drop(self, name: str) -> bool:
        return self.here.pop(name, None) is not None

    def _start(self, name: str, flavour: str) -> bool:
        if name in self.nodes or len(self.flavours) >= MAX_INTERPRETERS:
            return False
        if self.python < FLAVOUR.word(flavour).since or not self.offers.has(FLAVOUR, flavour):
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
        self._spoken_of.pop(name, None)
        if self.current == name:
            self.current = MAIN
        return True

    def _exit(self, way: str) -> bool:
        return self.allows(WAY, way)

    def _fork(self) -> bool:
        if self.flavours:
            return False
        self.threads_outlive = False  # fork takes the calling thread alone along
        return True

    def _again(self) -> bool:
        if not self.may_live_again:
            return False
        self.lives += 1
        self._begin_life()
        return True


_APPLY: dict[str, Callable[..., bool]] = {
    **dict.fromkeys(("import", "unimport", "self-check", "collect"), Scope._always),
    "elsewhere": Scope._always,
    "exit": Scope._exit,
    "use": Scope._use,
    "node": Scope._node,
    "shape": Scope._shape,
    "edge": Scope.may_refer,
    "hook": Scope._hook,
    "root": Scope._root,
    "check": Scope._check,
    "drop": Scope._drop,
    "start": Scope._start,
    "enter": Scope._enter,
    "stop": Scope._stop,
    "fork": Scope._fork,
    "again": Scope._again,
}


def effective(
    program: Program,
    python: tuple[int, int] = NEWEST,
    *,
    abuse: bool = False,
    offers: Vocabulary = EVERYTHING,
) -> Program:
    """The program without the steps that do nothing on that CPython and that target."""
    scope = Scope(python, abuse, offers)
    return Program(tuple(step for step in program.steps if scope.apply(step)), program.below)


def runnable(
    program: Program,
    python: tuple[int, int],
    *,
    abuse: bool = False,
    offers: Vocabulary = EVERYTHING,
) -> str:
    """The text that a child is given: one line a step, empty where the step has no effect there.

    So the number of a line is the number of its step, and what is skipped is counted by the child.
    A shape's line ends in its edge, the first that its kind has on that target.
    """
    scope = Scope(python, abuse, offers)
    lines = [f"finfuzz {VERSION}"]
    for step in program.steps:
        words = [step.op, *step.args] if scope.apply(step) else []
        if words and step.op == "shape":
            words.append(scope.edges_of(step.args[2])[0])
        lines.append(" ".join(words))
    return "\n".join(lines) + "\n"


def begins_by_importing(text: str) -> bool:
    """Whether the first step that has an effect, in text that ``runnable`` made, imports the
    extension in the main interpreter before it does anything else."""
    _, *lines = text.split("\n")
    first = next((line.split() for line in lines if line), None)
    return first is not None and Step(first[0], tuple(first[1:])).imports


def defines(step: Step) -> tuple[str, ...]:
    """The names that a step brings into being."""
    return step.names(Role.NEW_NODE, Role.NEW_INTERPRETER)


def uses(step: Step) -> tuple[str, ...]:
    """The names that a step needs."""
    return step.names(Role.NODE, Role.INTERPRETER)
