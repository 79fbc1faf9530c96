"""The state at a point of a program: the living interpreters, and the nodes of each.

The language has no branches, so the state is known without running anything. A child receives only
the steps that have an effect (``Scope.apply``): law 1 is enforced here, in one place.
"""

from __future__ import annotations

from collections.abc import Callable

from finfuzz.program.language import MAIN, MAX_INTERPRETERS, MAX_LIVES, PREFIXES
from finfuzz.program.legal import (
    ABUSE,
    CHECKABLE,
    CPYTHON_DIES,
    IMPOSSIBLE,
    INTERPRETER_ROOTS,
    OUTLIVING_ACTIONS,
    OUTLIVING_HOOKS,
    OUTLIVING_ROOTS,
    THREAD_ROOTS,
    is_one_thread,
    may_have_threads,
    pair,
)
from finfuzz.program.model import Program, Step
from finfuzz.program.prefixes import goes_with, is_apart, is_legal, list_effects
from finfuzz.program.vocabulary import EVERYTHING, Vocabulary, assume_words
from finfuzz.program.words import (
    ACTION,
    FLAVOUR,
    HOOK,
    KIND,
    NATIVE_HOOKS,
    ROOT,
    WAY,
    Choice,
    is_own,
)
from finfuzz.support.cpythons import NEWEST, Version


class Scope:
    """The state of a program's interpreters after the steps applied so far.

    A step has no effect where ``python``, a CPython's version, or ``offers``, a target, lacks a
    word of it, and where it breaks a rule on purpose without ``abuse``.
    """

    def __init__(
        self,
        python: Version = NEWEST,
        abuse: bool = False,
        offers: Vocabulary = EVERYTHING,
    ) -> None:
        self.python: Version = python
        self.abuse, self.offers = abuse, offers
        self._lacking, self._lacking_operations = offers.lacking, offers.lacking_operations
        self.lives = 1
        self.started = 0
        self.threads_outlive = False
        self.hooks_start_threads = False
        self.threads_are_busy = False
        self.prefix: Step | None = None
        self._begin_life()

    def _begin_life(self) -> None:
        self.current: str = MAIN
        self.flavours: dict[str, str] = {}
        self.roots_start_interpreters = False
        self.nodes: dict[str, dict[str, str]] = {MAIN: {}}
        self._used: dict[str, str] = {}
        self._from_second: set[tuple[str, str]] = set()

    @property
    def here(self) -> dict[str, str]:
        """Nodes of the current interpreter: name to kind."""
        return self.nodes[self.current]

    @property
    def _uses_second(self) -> bool:
        return self._used.get(self.current) == "second"

    def _is_of_used(self, name: str) -> bool:
        """Whether a node of the current interpreter belongs to the extension now in use."""
        return ((self.current, name) in self._from_second) == self._uses_second

    @property
    def flavour(self) -> str:
        """The kind of the current interpreter; empty for the main one."""
        return self.flavours.get(self.current, "")

    @property
    def is_elsewhere(self) -> bool:
        """Whether the next step runs in another thread."""
        return is_apart(self.prefix)

    @property
    def is_everywhere(self) -> bool:
        """Whether the next step is done in each living interpreter."""
        return self.prefix is not None and self.prefix.op == "everywhere"

    @property
    def may_live_again(self) -> bool:
        threads = self.threads_outlive or self.threads_are_busy or self.hooks_start_threads
        return self.lives < MAX_LIVES and not threads

    @property
    def may_fork(self) -> bool:
        busy = self.threads_are_busy or self.roots_start_interpreters
        return not self.flavours and not busy

    def apply(self, step: Step) -> bool:
        """Take one step. Returns whether the step has an effect here."""
        if step.op in self._lacking_operations:
            return False
        before = self.prefix
        if before and not goes_with(before, step):
            self.prefix = None
        if step.op in PREFIXES:
            has_effect = is_legal(step.op, self)
        else:
            has_effect = _APPLY[step.op](self, *step.args)
        if has_effect:
            self.prefix = step if step.op in PREFIXES else None
        else:
            self.prefix = before
        return has_effect

    def allows(self, choice: Choice, text: str) -> bool:
        """Whether this word is legal in the current interpreter at all."""
        if is_own(text):
            return self.offers.has(choice, text)
        if self._lacking and text in self._lacking.get(choice, ()):
            return False
        word = choice.word(text)
        if word.since > self.python or (word.abuse and not self.abuse):
            return False
        if word.own_thread and (self.is_elsewhere or not is_one_thread(self.flavour, self.python)):
            return False
        return not word.main_only or (self.current == MAIN and not self.is_everywhere)

    def _always(self, *_: str) -> bool:
        return True

    def _node(self, name: str, kind: str) -> bool:
        if not self.allows(KIND, kind):
            return False
        for interpreter in self.nodes if self.is_everywhere else (self.current,):
            self.nodes[interpreter][name] = kind
            place = (interpreter, name)
            if self._used.get(interpreter) == "second":
                self._from_second.add(place)
            else:
                self._from_second.discard(place)
        return True

    def _shape(self, name: str, _shape: str, kind: str, _size: str) -> bool:
        return bool(self.edges_of(kind)) and self._node(name, kind)

    def edges_of(self, kind: str) -> tuple[str, ...]:
        """The edges that can leave a kind on this target; a shape is made of the first."""
        return self.offers.edges_from.get(kind, ())

    def may_refer(self, source: str, target: str, edge: str) -> bool:
        """Whether such an edge is legal between these two nodes."""
        if target not in self.here or source not in self.here:
            return False
        if edge not in self.edges_of(self.here[source]):
            return False
        if edge == "base" and source == target:
            return False
        return self.offers.takes(edge, self.here[target])

    def may_hook(self, name: str, hook: str, action: str) -> bool:
        """Whether this action is legal at this hook of the node."""
        if not self.allows(HOOK, hook) or not self.may_perform(name, action):
            return False
        rule = pair(hook, action)
        if rule in IMPOSSIBLE or (rule in ABUSE and not self.abuse):
            return False
        if hook not in self.offers.hooks_of.get(self.here[name], ()):
            return False
        if hook in NATIVE_HOOKS and not self._is_of_used(name):
            return False
        return self.abuse or action == "plain" or (self.here[name], hook) not in CPYTHON_DIES

    def may_perform(self, name: str, action: str) -> bool:
        """Whether this action is legal on the node; `may_hook` has the rules of each hook."""
        if name not in self.here or not self.allows(ACTION, action):
            return False
        kinds = [each.get(name, "") for each in self.nodes.values() if self.is_everywhere]
        if not all(kinds):
            return False
        return action != "call" or all(map(self.offers.calls, (*kinds, self.here[name])))

    def may_hold(self, name: str, root: str) -> bool:
        """Whether this root is legal for the node."""
        if name not in self.here or not self.allows(ROOT, root):
            return False
        return root not in THREAD_ROOTS or may_have_threads(self.flavour, self.python)

    def _use(self, which: str) -> bool:
        self._used[self.current] = which
        return True

    def _hook(self, name: str, hook: str, action: str) -> bool:
        if not self.may_hook(name, hook, action):
            return False
        self._note_action(action)
        self.threads_are_busy |= hook in OUTLIVING_HOOKS
        return True

    def _note_action(self, action: str) -> None:
        self.hooks_start_threads |= action == "thread"
        self.threads_outlive |= action in OUTLIVING_ACTIONS

    def _perform(self, name: str, action: str) -> bool:
        if not self.may_perform(name, action):
            return False
        self._note_action(action)
        return True

    def _root(self, name: str, root: str) -> bool:
        if not self.may_hold(name, root):
            return False
        self.threads_outlive |= root in OUTLIVING_ROOTS
        self.roots_start_interpreters |= root in INTERPRETER_ROOTS
        return True

    def _check(self, name: str) -> bool:
        return self.here.get(name) in CHECKABLE

    def _drop(self, name: str) -> bool:
        return self.here.pop(name, None) is not None

    def _start(self, name: str, flavour: str) -> bool:
        if name in self.nodes or len(self.flavours) >= MAX_INTERPRETERS:
            return False
        if not self.allows(FLAVOUR, flavour):
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
        if name not in self.flavours:
            return False
        for each in list(self.flavours) if self.is_everywhere else (name,):
            del self.flavours[each]
            del self.nodes[each]
            self._used.pop(each, None)
            if self.current == each:
                self.current = MAIN
        return True

    def _exit(self, way: str) -> bool:
        return self.allows(WAY, way)

    def _fork(self) -> bool:
        if not self.may_fork:
            return False
        self.threads_outlive = False  # the forked process has only the calling thread
        return True

    def _again(self) -> bool:
        if not self.may_live_again:
            return False
        self.lives += 1
        self._begin_life()
        return True


_APPLY: dict[str, Callable[..., bool]] = {
    **dict.fromkeys(("import", "fail-import", "unimport"), Scope._always),
    **dict.fromkeys(("self-check", "collect", "census"), Scope._always),
    "exit": Scope._exit,
    "use": Scope._use,
    "node": Scope._node,
    "shape": Scope._shape,
    "edge": Scope.may_refer,
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
