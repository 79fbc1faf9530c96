"""Tell whether a program keeps an object to the end on purpose; what else is left has leaked."""

from __future__ import annotations

from collections import defaultdict

from finfuzz.program.language import MAIN, Role
from finfuzz.program.model import Program, Step
from finfuzz.program.shapes import CELL
from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.program.words import (
    ACTION,
    HOOK,
    KINDS,
    NATIVE_HOOKS,
    OF_EXTENSION,
    ROOT,
    WAY,
    Choice,
    Kind,
    is_own,
)

_TO_THE_END = "the node, or what waits for it, is registered to the end"
_AFTER = "what it registers lasts beyond the interpreter"
_THREAD = "the thread never returns, or late, and its stack is never freed"

#: Words that keep something beyond the end, and why. CPython releases all other roots while it
#: finalizes, so what is left of them has leaked.
KEEPING: dict[Choice, dict[str, str]] = {
    ROOT: {
        "gc-garbage": "the collector's own list, which it does not look into",
        "type-dict": "a static type is immortal",
        "leak": "the reference is leaked",
        "thread-local": "the `threading.local` is leaked",
        "call-once": _AFTER,
        "static-object": _AFTER,
        "native-thread-local": _AFTER,
        "daemon-thread": _THREAD,
        "returning-thread": _THREAD,
        "waking-thread": _THREAD,
        "native-thread": _THREAD,
        "returning-native-thread": _THREAD,
        "waiting-native-thread": _THREAD,
        "interpreter-thread": _THREAD,
        "interpreter-pool": "the worker's interpreter ends only with its thread",
    },
    HOOK: {
        "weakref": "the weak reference and what waits for its callback are leaked",
        "atexit": _TO_THE_END,
        "threading-exit": "`threading` keeps its callbacks",
        "busy-thread": "the thread has the node on its stack",
        "unraisable": _TO_THE_END,
        "module-free": "the module with the node is in `sys.modules`",
        "py-atexit": _AFTER,
        "static-destructor": _AFTER,
        "thread-local-destructor": _AFTER,
    },
    ACTION: {
        "resurrect": "it is a reference that nobody returns",
        "thread": "the thread may run at the end, with its function",
        "join": "the thread may be there at the end, with what waits for it",
        "atexit": "after the interpreter's callbacks have run, the new one stays",
    },
    WAY: {
        "os-exit": "Python does not finalize",
        "c-exit": "Python does not finalize",
        "thread-exit": "Python does not finalize",
    },
}

#: Edges of the language whose source does not show them to the collector.
UNSEEN = frozenset({"member", "keep-alive"})
#: Hooks whose action is in a C++ object, unseen likewise.
_UNSEEN_HOOKS = frozenset({*NATIVE_HOOKS, "capsule"})
#: Kinds of frames: they refer to the driver's frame, which has all nodes.
_FRAMES = frozenset({"frame", "traceback"})
#: Kinds that refer to no Python function, and so to no `__main__`, by themselves.
_WITHOUT_FUNCTIONS = (OF_EXTENSION - {"subclass", "override", "two-bases"}) | {
    *("list", "dict", "exception", "module", "contextvar", "thread-local"),
    *("lock", "rlock", "queue"),
}
#: Shapes in which a node refers to itself, if only by others.
_CYCLIC = frozenset({"ring", "clique", "two-rings"})


def keeps_nothing(program: Program, offers: Vocabulary = EVERYTHING) -> bool:
    """Whether all objects of a program can be freed by the time its interpreters have ended.

    Cautious: where that takes more than its steps to know, it is False. ``program``: only steps
    that have an effect on the target; ``offers``: the target's words.
    """
    if any(_keeps(step) for step in program.steps):
        return False
    graph = _Graph(offers)
    return all(graph.follow(step) for step in program.steps) and graph.is_freed()


def _keeps(step: Step) -> bool:
    """Whether a step keeps something, whatever the others do, or may keep it."""
    return step.op in ("fork", "everywhere") or any(
        text in KEEPING.get(parameter, ())
        for _, parameter, text in step.typed()
        if isinstance(parameter, Choice)
    )


#: A node, by its interpreter and name; a name that is used again stands for all its nodes.
_Node = tuple[str, str]


class _Graph:
    """The references of a program, as its steps go by.

    An interpreter is a node too, with an empty name: the driver's names there, which refer to all
    its nodes. Any Python function refers to its `__main__`. In a subinterpreter that has the names;
    in the main one it is taken for the names where a root may have put a node there.
    """

    def __init__(self, offers: Vocabulary) -> None:
        self._offers = offers
        self._current = MAIN
        self._started: set[str] = set()
        self._holding: set[str] = set()
        self._kinds: dict[_Node, str] = {}
        self._edges: defaultdict[_Node, set[_Node]] = defaultdict(set)
        self._unseen: list[tuple[_Node, _Node]] = []

    def follow(self, step: Step) -> bool:
        """Take one step. Return False where it keeps something, as the steps before are."""
        if step.op == "start":
            self._started.add(step.args[0])
            self._holding.add(step.args[0])
        elif step.op == "enter":
            self._current = step.args[0]
        elif step.op == "stop":
            self._started.discard(step.args[0])
            self._current = MAIN if self._current == step.args[0] else self._current
        elif step.op == "again":
            self._current = MAIN
            return not self._started
        elif step.op in ("node", "shape"):
            return self._add_node(step)
        elif step.op == "edge":
            source, target = (self._place(name) for name in step.names(Role.NODE))
            return self._refer(source, target, step.args[2])
        elif step.op == "hook" and (step.args[1] in _UNSEEN_HOOKS or is_own(step.args[1])):
            self._refer_to_function(self._place(step.args[0]))
        elif step.op == "root":
            self._holding.add(self._current)
        return True

    def is_freed(self) -> bool:
        """Whether every interpreter is stopped, and no cycle has a reference that is unseen."""
        if self._started:
            return False
        for (interpreter, name), kind in self._kinds.items():
            if interpreter in self._holding and kind not in _WITHOUT_FUNCTIONS:
                self._edges[interpreter, name].add((interpreter, ""))
        return not any(
            self._reaches(target, source)
            for source, target in self._unseen
            if target[1] or target[0] in self._holding
        )

    def _place(self, name: str) -> _Node:
        return self._current, name

    def _add_node(self, step: Step) -> bool:
        """Add a node, or those of a shape. Return False where a shape's edges keep something."""
        node, interpreter = self._place(step.args[0]), self._place("")
        kind = step.args[1] if step.op == "node" else step.args[2]
        self._kinds[node] = kind
        self._edges[interpreter].add(node)
        if kind in _FRAMES:
            self._edges[node].add(interpreter)
        known = self._find_kind(kind)
        if known is not None and CELL in known.edges:
            self._refer_to_function(node)
        if step.op == "shape":
            edge = next(iter(self._offers.edges_from.get(kind, ())), "")
            if _is_unseen(edge):
                self._unseen.append((node, node if step.args[1] in _CYCLIC else interpreter))
        return step.op == "node" or known is None or not known.keeps

    def _refer(self, source: _Node, target: _Node, edge: str) -> bool:
        kind = self._kinds.get(source, "")
        self._edges[source].add(target)
        if _is_unseen(edge):
            self._unseen.append((source, target))
        known = self._find_kind(kind)
        return known is not None and not known.keeps

    def _refer_to_function(self, node: _Node) -> None:
        """A C++ object has a function of `__main__`: a hook's action, or a cell."""
        self._edges[node].add(self._place(""))
        self._unseen.append((node, self._place("")))

    def _find_kind(self, kind: str) -> Kind | None:
        return self._offers.own.kinds.get(kind) or KINDS.get(kind)

    def _reaches(self, source: _Node, target: _Node) -> bool:
        seen, waiting = {source}, [source]
        while waiting:
            node = waiting.pop()
            if node == target:
                return True
            further = self._edges[node] - seen
            seen |= further
            waiting += further
        return False


def _is_unseen(edge: str) -> bool:
    return edge in UNSEEN or is_own(edge)
