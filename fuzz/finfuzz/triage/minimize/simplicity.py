"""Simplicity of programs: a total order, by how hard a report is to read.

``complexity`` compares these, and the first difference decides:

1. Lives, interpreters, threads, forks. A reader has to keep each apart from the others and to ask
   whether the defect needs it: this counts more than any number of steps.
2. Steps: the lines to read. A shape counts one more than the lines that it stands for: spelled out
   it is simpler, because its parts can go one by one.
3. Nodes, edges, edges between two different nodes, hooks: the parts of a drawing, and code that
   runs at times of its own.
4. Plainer words, added up (``PLAINEST``), so that two words can be traded for one much plainer.
5. The order of steps, as the language lists the operations: make things, name them, end them. No
   other order tells a defect better, so minimizing ends at this one.
6. Names: one name for one object, then the first names (a, b, c …, i1, i2 …).

Comments don't count. Two programs that differ in anything else never compare equal: words have
different ranks, and so have names.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from finfuzz.program.language import OPERATIONS, PREFIXES, Role
from finfuzz.program.legal import OUTLIVING_HOOKS, THREAD_ROOTS
from finfuzz.program.model import NODE_ROLES, Program, Step
from finfuzz.program.shapes import count_nodes, unroll_shape
from finfuzz.program.vocabulary import EVERYTHING
from finfuzz.program.words import (
    ACTION,
    EDGE,
    FLAVOUR,
    HOOK,
    KIND,
    MEANS,
    ROOT,
    SHAPE,
    SIZE,
    WAY,
    WHICH,
    Choice,
    is_own,
)

#: The words of each choice, the plainest first.
PLAINEST: dict[Choice, tuple[str, ...]] = {
    # Python's own first: a crash that needs no object of the extension is not the extension's, and
    # its script compiles less. Then the well-known kinds before the rare ones.
    KIND: (
        *("list", "dict", "object", "function", "class", "module", "exception", "method"),
        *("generator", "coroutine", "contextvar", "thread-local", "frame", "traceback"),
        *("lock", "rlock", "ctypes-callback", "queue"),
        # The module, a type in it, an instance of that; then objects that own others, visibly.
        *("extension", "bound-type", "instance", "container", "subclass", "dynamic", "override"),
        *("bound-function", "bound-method"),
        # Kinds that own objects unseen, by plainer means first; then kinds that need explaining.
        *("holder", "unique", "shared", "smart", "callback", "native-function", "capsule"),
        *("enum", "native-enum", "error", "local-error", "kept-error", "iterator"),
        *("buffer", "memoryview", "local", "multiple", "two-bases", "metaclass"),
        *("gil-taker", "gil-state-taker"),
    ),
    # Edges written with a dot or brackets, then less obvious ones, then those only C++ can make.
    EDGE: (
        *("append", "attribute", "value", "default", "closure", "self", "local"),
        *("class-attribute", "module-dict", "key", "base", "context", "context-variable"),
        *("weak", "member", "keep-alive"),
    ),
    SHAPE: ("chain", "star", "tree", "ring", "two-rings", "clique"),
    SIZE: tuple(sorted(SIZE.texts, key=int)),
    # Documented places for any object, then places for a function, then functions that run all the
    # time; then the C API, then threads, then roots that are wrong in themselves.
    ROOT: (
        *("module", "sys", "builtins", "sys-modules", "gc-garbage", "atexit", "codec"),
        *("excepthook", "displayhook", "unraisablehook", "import-hook", "signal", "context"),
        *("trace", "monitoring", "audit-hook", "thread-local"),
        *("leak", "interpreter-dict", "thread-dict", "call-once", "type-dict"),
        *("threading-shutdown", "joined-thread", "daemon-thread", "waking-thread"),
        *("returning-thread", "native-thread", "waiting-native-thread", "returning-native-thread"),
        *("interpreter-thread", "interpreter-pool"),
        *("static-object", "native-thread-local"),
    ),
    # Python's hooks before those of C slots, and hooks of the end after those of an object's life.
    HOOK: (
        *("del", "weakref", "finalize", "atexit", "dealloc", "clear", "traverse", "capsule"),
        *("unraisable", "module-free", "threading-exit", "busy-thread", "py-atexit"),
        *("static-destructor", "thread-local-destructor"),
    ),
    # Without the framework, then actions of every extension, then actions of a few.
    ACTION: (
        *("plain", "call", "cast", "lookup", "create", "cast-back", "convert", "override"),
        *("internals", "convert-releasing"),
        *("print", "raise", "import", "import-extension", "repr", "collect", "refill", "atexit"),
        "resurrect",
        *("gil", "native-thread", "thread", "join", "remote-script"),
    ),
    # `stdlib` needs no C at all, `legacy` (the oldest function of the C API) no configuration.
    FLAVOUR: (
        *("stdlib", "legacy", "isolated", "shared-gil", "permissive", "strict", "concurrent"),
        "framework",
    ),
    MEANS: ("gil-state", "framework"),
    WHICH: ("first", "second"),
    WAY: ("return", "sys-exit", "exception", "interrupt", "os-exit", "c-exit", "thread-exit"),
}

_RANKS = {
    choice: {text: rank for rank, text in enumerate(texts)} for choice, texts in PLAINEST.items()
}
#: Words that no recipe's word is replaced by: its target has no code for them.
_OF_OTHERS = {
    KIND: EVERYTHING.kinds - {"extension"},
    EDGE: EVERYTHING.edges,
    ACTION: EVERYTHING.actions - {"repr"},
}
_OPERATIONS = {name: rank for rank, name in enumerate(OPERATIONS)}
#: Words that bring a thread with them.
_THREADS = {
    ROOT: THREAD_ROOTS,
    HOOK: OUTLIVING_HOOKS,
    ACTION: {"thread", "native-thread", "join"},
    WAY: {"thread-exit"},
}

#: The threads of a prefix: four, one for each interpreter, else one.
_PREFIXED = {**dict.fromkeys(PREFIXES, 1), "together": 4, "everywhere": 2}

#: A name's rank: whether minimizing would never give it, its number, its letter.
NameRank = tuple[bool, int, str]
_NODE_NAME = re.compile(r"([a-z])([1-9][0-9]*)?\Z")
_INTERPRETER_NAME = re.compile(r"(i)([1-9][0-9]*)\Z")


class Complexity(NamedTuple):
    """The figures by which programs are compared, in this order; less is simpler."""

    lives: int
    interpreters: int
    threads: int
    forks: int
    steps: int
    nodes: int
    edges: int
    between: int
    hooks: int
    words: int
    order: tuple[tuple[int | str, ...], ...]
    shared_names: int
    names: tuple[NameRank, ...]


def complexity(program: Program) -> Complexity:
    """Measure a program: `complexity(a) < complexity(b)` says that a is simpler."""
    steps = [_measure(step.op, step.args) for step in program.steps]
    ops = [step.op for step in program.steps]
    defined = [name for step in steps for name in step.defines]
    return Complexity(
        lives=ops.count("again"),
        interpreters=ops.count("start"),
        threads=sum(step.threads for step in steps),
        forks=ops.count("fork"),
        steps=sum(step.graph.steps for step in steps),
        nodes=sum(step.graph.nodes for step in steps),
        edges=sum(step.graph.edges for step in steps),
        between=sum(step.graph.between for step in steps),
        hooks=ops.count("hook"),
        words=sum(sum(step.words) for step in steps),
        order=tuple((step.op, *step.words, *step.own) for step in steps),
        shared_names=len(defined) - len(set(defined)),
        names=tuple(name for step in steps for name in step.names),
    )


def plainer(choice: Choice, text: str) -> tuple[str, ...]:
    """List the words that are plainer than this one, the plainest first."""
    if is_own(text):
        return tuple(one for one in PLAINEST[choice] if one not in _OF_OTHERS[choice])
    return PLAINEST[choice][: _RANKS[choice][text]]


def _rank(choice: Choice, text: str) -> int:
    """Rank a word; those of a recipe come last, and among them ``Complexity.order`` decides."""
    return _RANKS[choice].get(text, len(PLAINEST[choice]))


class _Graph(NamedTuple):
    """The parts that a step adds to the graph, and how many steps it counts as."""

    steps: int
    nodes: int
    edges: int
    between: int


class _Measured(NamedTuple):
    op: int
    words: tuple[int, ...]
    own: tuple[str, ...]
    names: tuple[NameRank, ...]
    defines: tuple[str, ...]
    threads: int
    graph: _Graph


@lru_cache(maxsize=4096)
def _measure(op: str, args: tuple[str, ...]) -> _Measured:
    step = Step(op, args)
    words = [(one, text) for _, one, text in step.typed() if isinstance(one, Choice)]
    names = [(one, text) for _, one, text in step.typed() if isinstance(one, Role)]
    return _Measured(
        op=_OPERATIONS[op],
        words=tuple(_rank(choice, text) for choice, text in words),
        own=tuple(text for _, text in words if is_own(text)),
        names=tuple(_name_rank(role, text) for role, text in names),
        defines=step.names(Role.NEW_NODE, Role.NEW_INTERPRETER),
        threads=_PREFIXED.get(op, 0) + sum(text in _THREADS.get(one, ()) for one, text in words),
        graph=_graph(step),
    )


def _graph(step: Step) -> _Graph:
    match step.op, step.args:
        case "node", _:
            return _Graph(1, 1, 0, 0)
        case "edge", (source, target, _):
            return _Graph(1, 0, 1, int(source != target))
        case "shape", (_, shape, _, size):
            names = [str(number) for number in range(count_nodes(shape, int(size)))]
            steps = unroll_shape(Step("shape", (names[0], shape, "list", size)), names)
            edges = [_graph(each) for each in steps if each.op == "edge"]
            between = sum(edge.between for edge in edges)
            return _Graph(len(steps) + 1, len(names), len(edges), between)
    return _Graph(1, 0, 0, 0)


def _name_rank(role: Role, name: str) -> NameRank:
    parts = (_NODE_NAME if role in NODE_ROLES else _INTERPRETER_NAME).match(name)
    return (False, int(parts[2] or 0), parts[1]) if parts else (True, 0, name)
