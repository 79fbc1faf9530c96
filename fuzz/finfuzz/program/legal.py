"""Legality: law 1 as tables of the words that go together, with a reason for each that does not."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from finfuzz.program.refusal import Refusal, list_words
from finfuzz.program.words import ACTION, HOOK, KINDS, NATIVE_HOOKS, Kind, is_own
from finfuzz.support.cpythons import Quirk, Version, has

EDGES_FROM: dict[str, tuple[str, ...]] = {kind.text: kind.edges for kind in KINDS.values()}

#: Kinds that an edge may lead to; edges not named lead to any kind.
EDGES_TO: dict[str, frozenset[str]] = {
    "base": frozenset({"class"}),
    "key": frozenset(kind.text for kind in KINDS.values() if kind.hashable),
    "weak": frozenset(kind.text for kind in KINDS.values() if kind.weak),
}

#: Kinds that take weak references, as `check` needs.
CHECKABLE = frozenset(kind.text for kind in KINDS.values() if kind.weak)

#: Kinds that shapes can be made of.
SHAPEABLE = frozenset(kind.text for kind in KINDS.values() if kind.edges)

#: The hooks of each kind. Weak references take most kinds; hooks of the interpreter take any.
_OF_WEAK = ("weakref", "finalize")
_OWN = frozenset(hook for kind in KINDS.values() for hook in kind.hooks)


def list_hooks(kind: Kind) -> tuple[str, ...]:
    """List the hooks that a kind takes."""
    general = (
        hook
        for hook in HOOK.texts
        if hook in kind.hooks or (hook in _OF_WEAK and kind.weak) or hook not in (*_OWN, *_OF_WEAK)
    )
    return (*general, *filter(is_own, kind.hooks))


HOOKS_OF: dict[str, tuple[str, ...]] = {kind.text: list_hooks(kind) for kind in KINDS.values()}


@cache
def explain_hook(hook: str) -> str:
    """Explain which kinds take a hook."""
    if hook in _OF_WEAK:
        return "that takes no weak references"
    return f"only {list_words(kind for kind, hooks in HOOKS_OF.items() if hook in hooks)} has it"


def _pairs(hooks: Iterable[str], actions: Iterable[str], why: str) -> dict[tuple[str, str], str]:
    return {(hook, action): why for hook in hooks for action in actions}


#: Actions legal in a traverse: those of the framework's manual, and those without Python.
_IN_TRAVERSE = ("plain", "cast", "lookup", "internals")
#: Hooks that run when the node is gone, or that give no node to an action of Python's.
_WITHOUT_NODE = (*NATIVE_HOOKS, "weakref", "finalize", "capsule", "module-free")
_AFTER_PYTHON = ("py-atexit", "static-destructor", "thread-local-destructor")

#: (hook, action) pairs that are never legal, and why.
IMPOSSIBLE: dict[tuple[str, str], str] = {
    **_pairs(
        _AFTER_PYTHON,
        [action for action in ACTION.texts if action != "plain"],
        "the interpreter is gone by then: no Python API may be called (C API docs)",
    ),
    **_pairs(_WITHOUT_NODE, ["call"], "the action does not get the node there"),
    **_pairs(["del"], ["call"], "no kind that has `__del__` can be called"),
    **_pairs(
        ["unraisable"],
        ["remote-script"],
        "a script that can't be opened is reported to this hook, which would ask again without end",
    ),
    **_pairs(
        ["busy-thread"],
        ["thread", "native-thread", "atexit", "remote-script"],
        "done again and again, it would add threads, callbacks or scripts without end",
    ),
    **_pairs(["busy-thread"], ["raise"], "the thread would end at once"),
    **_pairs(
        ["busy-thread"],
        ["print"],
        "a daemon thread that holds the lock of `sys.stdout` at the end is a fatal error by design "
        "(`io` docs)",
    ),
}

#: (hook, action) pairs that break a rule on purpose, and which rule: skipped without `--abuse`.
ABUSE: dict[tuple[str, str], str] = {
    **_pairs(
        ["traverse"],
        [action for action in ACTION.texts if action not in (*_IN_TRAVERSE, "call")],
        "tp_traverse must not create or destroy Python objects, nor run Python (C API docs)",
    ),
    **_pairs(
        ["dealloc", "capsule"],
        ["resurrect", "cast-back"],
        "what is being deallocated can't be referred to again: only tp_finalize may do that",
    ),
    **_pairs(
        ["clear"],
        ["resurrect"],
        "tp_clear is called on what is garbage already: only tp_finalize may bring it back",
    ),
}

#: (kind, hook) at which a collection corrupts CPython's own memory: any code may crash later. Only
#: `plain` makes no object, by which CPython might begin to collect.
CPYTHON_DIES: dict[tuple[str, str], str] = {
    (
        "thread-local",
        hook,
    ): "all actions but `plain`: a `threading.local` that is collected while it "
    "is deallocated (docs/found.md)"
    for hook in ("weakref", "finalize")
}

#: Kinds that `call` can call without arguments. What such a call of a package's own object does is
#: unknown: it might wait for ever, or end the process.
CALLABLE = frozenset(kind.text for kind in KINDS.values() if kind.calls)

#: What a recipe's action, or a framework's own, is like: it runs Python.
_RUNS_PYTHON = "override"


def pair(hook: str, action: str) -> tuple[str, str]:
    """Return the pair by which a hook with an action is legal or not."""
    return hook, _RUNS_PYTHON if is_own(action) else action


#: All (hook, action) pairs that programs don't use.
NOT_LEGAL = ABUSE | IMPOSSIBLE

#: Roots that start a thread; `may_have_threads` says where none may be started.
THREAD_ROOTS = frozenset(
    {
        *("daemon-thread", "joined-thread", "returning-thread", "waking-thread"),
        *("native-thread", "returning-native-thread", "waiting-native-thread"),
        *("interpreter-pool", "interpreter-thread"),
    }
)


def is_one_thread(flavour: str, python: Version) -> bool:
    """Whether all steps in an interpreter of that kind run under one thread state.

    `py::subinterpreter_scoped_activate` makes a new one each time: older `threading` fails then.
    """
    return flavour != "framework" or not has(python, Quirk.THREADING_KNOWS_ONE_STATE)


def may_have_threads(flavour: str, python: Version) -> bool:
    """Whether an interpreter of that kind may start threads; empty for the main interpreter."""
    return refuse_threads(flavour, python) is None


def refuse_threads(flavour: str, python: Version) -> Refusal | None:
    """Find why an interpreter of that kind may not start threads."""
    is_strict = flavour == "stdlib" and has(python, Quirk.STDLIB_INTERPRETERS_ARE_STRICT)
    if flavour != "strict" and not is_strict:
        return None
    return Refusal("an interpreter of kind `{}` may have no threads", (flavour,))


#: Roots whose thread outlives `Py_FinalizeEx`. The thread must not wake in another life: its locks
#: are freed then, and their memory is reused ("Bugs and caveats" of `Py_FinalizeEx`). A
#: `native-thread` sleeps in the kernel, and nothing wakes it.
OUTLIVING_ROOTS = frozenset(
    {
        *("daemon-thread", "returning-thread", "waking-thread"),
        *("returning-native-thread", "waiting-native-thread", "interpreter-thread"),
    }
)

#: Actions whose thread outlives it where nothing performs them before.
OUTLIVING_ACTIONS = frozenset({"join"})

#: Hooks whose thread outlives it, too. It runs while other steps do: no `fork` after it, since a
#: lock that the thread holds then stays locked in the forked process (POSIX).
OUTLIVING_HOOKS = frozenset({"busy-thread"})

#: Roots that start an interpreter of their own. A pool's lives until its thread is joined at the
#: end, that of a daemon thread until CPython ends it.
INTERPRETER_ROOTS = frozenset({"interpreter-pool", "interpreter-thread"})

#: A container's actions at hooks that no step sets: the pattern of the framework's manual.
DEFAULT_ACTIONS = {"traverse": "cast", "clear": "cast", "dealloc": "plain"}
