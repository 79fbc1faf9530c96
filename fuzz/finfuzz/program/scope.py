"""The state at a point of a program: the living interpreters, and the nodes of each.

The language has no branches, so the state is known without running anything. A child receives only
the steps that have an effect (``Scope.take``): law 1 is enforced here and in ``rules.py``.
"""

from __future__ import annotations

from collections.abc import Callable

from finfuzz.program.language import MAIN, MAX_INTERPRETERS, MAX_LIVES, PREFIXES
from finfuzz.program.legal import (
    CHECKABLE,
    INTERPRETER_ROOTS,
    OUTLIVING_ACTIONS,
    OUTLIVING_HOOKS,
    OUTLIVING_ROOTS,
)
from finfuzz.program.model import Program, Step
from finfuzz.program.prefixes import goes_with, list_effects, list_refusals, refuse_prefix
from finfuzz.program.refusal import Refusal, name_one
from finfuzz.program.rules import Rules
from finfuzz.program.vocabulary import EVERYTHING, Vocabulary, assume_words
from finfuzz.program.words import FLAVOUR, KIND, WAY
from finfuzz.support.cpythons import NEWEST, Version


class Scope(Rules):
    """The state of a program's interpreters after the steps applied so far."""

    def __init__(
        self,
        python: Version = NEWEST,
        abuse: bool = False,
        offers: Vocabulary = EVERYTHING,
    ) -> None:
        self._lacking_operations = offers.lacking_operations
        self.lives = 1
        self.started = 0
        self.threads_outlive = False
        self.hooks_start_threads = False
        self.threads_are_busy = False
        super().__init__(python, abuse, offers)

    def _begin_life(self) -> None:
        super()._begin_life()
        self.roots_start_interpreters = False

    @property
    def may_live_again(self) -> bool:
        return self._refuse_life() is None

    def _refuse_life(self) -> Refusal | None:
        if self.lives >= MAX_LIVES:
            return Refusal("a process has at most {} lives", (str(MAX_LIVES),))
        if self.threads_outlive or self.threads_are_busy or self.hooks_start_threads:
            return Refusal("a thread may outlive this life, and must not wake in another")
        return None

    @property
    def may_fork(self) -> bool:
        return self._refuse_fork() is None

    def _refuse_fork(self) -> Refusal | None:
        if self.flavours or self.roots_start_interpreters:
            return Refusal("`fork` is for where no subinterpreter lives")
        if self.threads_are_busy:
            return Refusal("a busy thread may hold a lock that stays locked in the forked process")
        return None

    def apply(self, step: Step) -> bool:
        """Take one step. Returns whether the step has an effect here."""
        return self.take(step) is None

    def take(self, step: Step) -> Refusal | None:
        """Take one step. Returns why the step has no effect here; None where it has one."""
        if step.op in self._lacking_operations:
            return Refusal("{}", (self.offers.explain_lack("operation", step.op),))
        before = self.prefix
        if before and not goes_with(before, step):
            self.prefix = None
        if step.op in PREFIXES:
            refusal = refuse_prefix(step.op, self)
        else:
            refusal = _APPLY[step.op](self, *step.args)
        if refusal is None:
            self.prefix = step if step.op in PREFIXES else None
        else:
            self.prefix = before
        return refusal

    def _always(self, *_: str) -> None:
        return None

    def _node(self, name: str, kind: str) -> Refusal | None:
        if (refusal := self.refuse_word(KIND, kind)) is not None:
            return refusal
        for interpreter in self.nodes if self.is_everywhere else (self.current,):
            self.nodes[interpreter][name] = kind
            place = (interpreter, name)
            if self._used.get(interpreter) == "second":
                self._from_second.add(place)
            else:
                self._from_second.discard(place)
        return None

    def _shape(self, name: str, _shape: str, kind: str, _size: str) -> Refusal | None:
        return self._refuse_kind(kind) or self._node(name, kind)

    def _use(self, which: str) -> None:
        self._used[self.current] = which

    def _hook(self, name: str, hook: str, action: str) -> Refusal | None:
        refusal = self.refuse_hook(name, hook, action)
        if refusal is None:
            self._note_action(action)
            self.threads_are_busy |= hook in OUTLIVING_HOOKS
        return refusal

    def _note_action(self, action: str) -> None:
        self.hooks_start_threads |= action == "thread"
        self.threads_outlive |= action in OUTLIVING_ACTIONS

    def _perform(self, name: str, action: str) -> Refusal | None:
        refusal = self.refuse_action(name, action)
        if refusal is None:
            self._note_action(action)
        return refusal

    def _root(self, name: str, root: str) -> Refusal | None:
        refusal = self.refuse_root(name, root)
        if refusal is None:
            self.threads_outlive |= root in OUTLIVING_ROOTS
            self.roots_start_interpreters |= root in INTERPRETER_ROOTS
        return refusal

    def _check(self, name: str) -> Refusal | None:
        if name not in self.here:
            return self._refuse_node(name)
        if self.here[name] not in CHECKABLE:
            return Refusal("{} takes no weak references", (name_one(self.here[name]),))
        return None

    def _drop(self, name: str) -> Refusal | None:
        return None if self.here.pop(name, None) is not None else self._refuse_node(name)

    def _start(self, name: str, flavour: str) -> Refusal | None:
        if name in self.nodes:
            return Refusal("there is an interpreter `{}` already", (name,))
        if len(self.flavours) >= MAX_INTERPRETERS:
            return Refusal("at most {} subinterpreters live at once", (str(MAX_INTERPRETERS),))
        if (refusal := self.refuse_word(FLAVOUR, flavour)) is not None:
            return refusal
        self.flavours[name] = flavour
        self.started += 1
        self.nodes[name] = {}
        return None

    def _enter(self, name: str) -> Refusal | None:
        if name not in self.nodes:
            return self._refuse_interpreter(name)
        if name == self.current:
            return Refusal("the steps run in `{}` already", (name,))
        self.current = name
        return None

    def _stop(self, name: str) -> Refusal | None:
        if name not in self.flavours:
            if name == MAIN:
                return Refusal("`{}` is no subinterpreter", (name,))
            return self._refuse_interpreter(name)
        for each in list(self.flavours) if self.is_everywhere else (name,):
            del self.flavours[each]
            del self.nodes[each]
            self._used.pop(each, None)
            self._ended.add(each)
            if self.current == each:
                self.current = MAIN
        return None

    def _exit(self, way: str) -> Refusal | None:
        return self.refuse_word(WAY, way)

    def _fork(self) -> Refusal | None:
        refusal = self._refuse_fork()
        if refusal is None:
            self.threads_outlive = False  # the forked process has only the calling thread
        return refusal

    def _again(self) -> Refusal | None:
        refusal = self._refuse_life()
        if refusal is None:
            gone = self._ended | set(self.flavours)
            self.lives += 1
            self._begin_life()
            self._ended = gone
        return refusal


_APPLY: dict[str, Callable[..., Refusal | None]] = {
    **dict.fromkeys(("import", "fail-import", "unimport"), Scope._always),
    **dict.fromkeys(("self-check", "collect", "census"), Scope._always),
    "exit": Scope._exit,
    "use": Scope._use,
    "node": Scope._node,
    "shape": Scope._shape,
    "edge": Scope.refuse_edge,
    "hook": Scope._hook,
    "perform": Scope._perform,
    "root": Scope._root,
    "check": Scope._check,
    "drop": Scope._drop,
    "start": Scope._start,
    "enter": Scope._enter,
    "stop": Scope._stop,
    "fork": Scope._fork,
    "again": Scope._again,
}


def explain_skipped(
    program: Program, python: Version, offers: Vocabulary, *, abuse: bool = False
) -> tuple[str, ...]:
    """Explain each step that has no effect on that CPython and that target: `line 3: …`.

    A step that was read from no text is numbered from 1: `step 2: …`.
    """
    refusals = list_refusals(program, Scope(python, abuse, offers))
    return tuple(
        f"{f'line {step.line}' if step.line else f'step {number}'}: {refusal}"
        for number, (step, refusal) in enumerate(zip(program.steps, refusals, strict=True), 1)
        if refusal is not None
    )


def find_missing_words(
    program: Program, python: Version, offers: Vocabulary, *, abuse: bool = False
) -> tuple[str, ...]:
    """Name the words that have an effect on that CPython and that a target lacks."""
    return offers.missing(effective(program, python, abuse=abuse))


def effective(
    program: Program,
    python: Version = NEWEST,
    *,
    abuse: bool = False,
    offers: Vocabulary | None = None,
) -> Program:
    """Leave out the steps that have no effect on that CPython and that target.

    ``offers``: of the target; by default one that has all words of the program.
    """
    scope = Scope(python, abuse, offers or assume_words(program))
    effects = list_effects(program, scope)
    steps = (step for step, has in zip(program.steps, effects, strict=True) if has)
    return Program(tuple(steps), program.below)


def list_abuse(program: Program, python: Version, offers: Vocabulary) -> tuple[Step, ...]:
    """List the steps that break a rule on purpose, each once: skipped without ``abuse``."""
    legal = Scope(python, False, offers)
    allowed = Scope(python, True, offers)
    abused = (step for step in program.steps if allowed.apply(step) and not legal.apply(step))
    return tuple(dict.fromkeys(abused))
