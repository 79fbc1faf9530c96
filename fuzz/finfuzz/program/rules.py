"""The living interpreters with their nodes, and the words that are legal there.

Law 1 is enforced here and in ``scope.py``, in one place: a rule returns why it refuses, or None.
"""

from __future__ import annotations

from finfuzz.program.language import MAIN
from finfuzz.program.legal import (
    ABUSE,
    CPYTHON_DIES,
    IMPOSSIBLE,
    THREAD_ROOTS,
    explain_hook,
    is_one_thread,
    pair,
    refuse_threads,
)
from finfuzz.program.model import Step
from finfuzz.program.prefixes import is_apart
from finfuzz.program.refusal import Refusal, list_words, name_one
from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.program.words import ACTION, EDGE, HOOK, KIND, NATIVE_HOOKS, ROOT, Choice, is_own
from finfuzz.support.cpythons import NEWEST, Version, format_version

_BREAKS = "{}: breaks a rule on purpose, which only --abuse does: {}"
_LEADS = {
    "base": "a base must be a class",
    "key": "a key must be hashable",
    "weak": "what a weak reference leads to must take weak references",
}


class Rules:
    """The state of a program's interpreters, and what each may take there.

    A word is refused where ``python``, a CPython's version, or ``offers``, a target, lacks it, and
    where it breaks a rule on purpose without ``abuse``.
    """

    def __init__(
        self,
        python: Version = NEWEST,
        abuse: bool = False,
        offers: Vocabulary = EVERYTHING,
    ) -> None:
        self.python: Version = python
        self.abuse, self.offers = abuse, offers
        self._lacking = offers.lacking
        self.prefix: Step | None = None
        self._begin_life()

    def _begin_life(self) -> None:
        self.current: str = MAIN
        self.flavours: dict[str, str] = {}
        self.nodes: dict[str, dict[str, str]] = {MAIN: {}}
        self._ended: set[str] = set()
        self._used: dict[str, str] = {}
        self._from_second: set[tuple[str, str]] = set()

    @property
    def here(self) -> dict[str, str]:
        """Nodes of the current interpreter: name to kind."""
        return self.nodes[self.current]

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

    def allows(self, choice: Choice, text: str) -> bool:
        """Whether this word is legal in the current interpreter at all."""
        return self.refuse_word(choice, text) is None

    def refuse_word(self, choice: Choice, text: str) -> Refusal | None:
        """Find why a word is not legal in the current interpreter at all."""
        if is_own(text):
            return None if self.offers.has(choice, text) else self._refuse_lacking(choice, text)
        if self._lacking and text in self._lacking.get(choice, ()):
            return self._refuse_lacking(choice, text)
        word = choice.word(text)
        if word.since > self.python:
            needed = format_version(word.since)
            return Refusal("{} needs CPython {}", (f"{choice.name} `{text}`", needed))
        if word.abuse and not self.abuse:
            return Refusal(_BREAKS, (f"{choice.name} `{text}`", word.abuse))
        if word.own_thread and self.is_elsewhere:
            text = "{} `{}` is not for another thread: {}"
            return Refusal(text, (choice.name, word.text, word.own_thread))
        if word.own_thread and not is_one_thread(self.flavour, self.python):
            text = "{} `{}` is not for an interpreter of kind `{}`, whose thread state changes: {}"
            return Refusal(text, (choice.name, word.text, self.flavour, word.own_thread))
        if word.main_only and (self.current != MAIN or self.is_everywhere):
            text = "{} `{}` is for the main interpreter only: {}"
            return Refusal(text, (choice.name, word.text, word.main_only))
        return None

    def _refuse_lacking(self, choice: Choice, text: str) -> Refusal:
        return Refusal("{}", (self.offers.explain_lack(choice.name, text),))

    def edges_of(self, kind: str) -> tuple[str, ...]:
        """The edges that can leave a kind on this target; a shape is made of the first."""
        return self.offers.edges_from.get(kind, ())

    def may_refer(self, source: str, target: str, edge: str) -> bool:
        """Whether such an edge is legal between these two nodes."""
        return self.refuse_edge(source, target, edge) is None

    def refuse_edge(self, source: str, target: str, edge: str) -> Refusal | None:
        """Find why such an edge is not legal between these two nodes."""
        if target not in self.here or source not in self.here:
            return self._refuse_node(target if source in self.here else source)
        kind, to = self.here[source], self.here[target]
        if edge not in self.edges_of(kind):
            if not self.offers.has(EDGE, edge):
                return self._refuse_lacking(EDGE, edge)
            has = list_words(self.edges_of(kind))
            return Refusal("{} has no `{}` edge (it has: {})", (name_one(kind), edge, has))
        if edge == "base" and source == target:
            return Refusal("a class can't be its own base")
        if not self.offers.takes(edge, to):
            text = "edge `{}` can't lead to {}: {}"
            return Refusal(text, (edge, name_one(to), _LEADS.get(edge, "it takes none")))
        return None

    def may_hook(self, name: str, hook: str, action: str) -> bool:
        """Whether this action is legal at this hook of the node."""
        return self.refuse_hook(name, hook, action) is None

    def refuse_hook(self, name: str, hook: str, action: str) -> Refusal | None:
        """Find why this action is not legal at this hook of the node."""
        refusal = self.refuse_word(HOOK, hook) or self.refuse_action(name, action)
        if refusal is not None:
            return refusal
        rule = pair(hook, action)
        if rule in IMPOSSIBLE:
            text = "action `{}` is not legal at hook `{}`: {}"
            return Refusal(text, (action, hook, IMPOSSIBLE[rule]))
        if rule in ABUSE and not self.abuse:
            return Refusal(_BREAKS, (f"action `{action}` at hook `{hook}`", ABUSE[rule]))
        kind = self.here[name]
        if hook not in self.offers.hooks_of.get(kind, ()):
            return Refusal("{} has no `{}` hook: {}", (name_one(kind), hook, explain_hook(hook)))
        if hook in NATIVE_HOOKS and not self._is_of_used(name):
            text = "node `{}` is of the other extension than the one in use"
            return Refusal(text, (name,))
        if not self.abuse and action != "plain" and (kind, hook) in CPYTHON_DIES:
            text = "hook `{}` of {} corrupts CPython's memory: {}"
            return Refusal(text, (hook, name_one(kind), CPYTHON_DIES[kind, hook]))
        return None

    @property
    def _uses_second(self) -> bool:
        return self._used.get(self.current) == "second"

    def _is_of_used(self, name: str) -> bool:
        """Whether a node of the current interpreter belongs to the extension now in use."""
        return ((self.current, name) in self._from_second) == self._uses_second

    def may_perform(self, name: str, action: str) -> bool:
        """Whether this action is legal on the node; `may_hook` has the rules of each hook."""
        return self.refuse_action(name, action) is None

    def refuse_action(self, name: str, action: str) -> Refusal | None:
        """Find why this action is not legal on the node."""
        if name not in self.here:
            return self._refuse_node(name)
        if (refusal := self.refuse_word(ACTION, action)) is not None:
            return refusal
        kinds = [each.get(name, "") for each in self.nodes.values() if self.is_everywhere]
        if not all(kinds):
            return Refusal("not every living interpreter has a node `{}`", (name,))
        for kind in (*kinds, self.here[name]) if action == "call" else ():
            if not self.offers.calls(kind):
                return Refusal("{} can't be called without arguments", (name_one(kind),))
        return None

    def may_hold(self, name: str, root: str) -> bool:
        """Whether this root is legal for the node."""
        return self.refuse_root(name, root) is None

    def refuse_root(self, name: str, root: str) -> Refusal | None:
        """Find why this root is not legal for the node."""
        if name not in self.here:
            return self._refuse_node(name)
        if (refusal := self.refuse_word(ROOT, root)) is not None:
            return refusal
        return refuse_threads(self.flavour, self.python) if root in THREAD_ROOTS else None

    def _refuse_node(self, name: str) -> Refusal:
        others = [f"`{each}`" for each, nodes in self.nodes.items() if name in nodes]
        has = f": {' and '.join(others)} has one" if others else ""
        return Refusal("there is no node `{}` in `{}`{}", (name, self.current, has))

    def _refuse_interpreter(self, name: str) -> Refusal:
        gone = " any more" if name in self._ended else ""
        return Refusal("there is no interpreter `{}`{}", (name, gone))

    def _refuse_kind(self, kind: str) -> Refusal | None:
        """Find why no shape can be made of a kind."""
        refusal = self.refuse_word(KIND, kind)
        if refusal is None and not self.edges_of(kind):
            return Refusal("{} has no edges here, which a shape is made of", (name_one(kind),))
        return refusal
