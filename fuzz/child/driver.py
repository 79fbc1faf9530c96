"""The driver: performs the steps of a program, in the main interpreter and in each subinterpreter.

Its code is run in the `__main__` of each interpreter, by the zygote or by the runtime. It imports
nothing that a subinterpreter could trip over: ``_codecs``, ``atexit``, ``builtins``, ``gc``
and ``sys`` are built in (datetime, sqlite3, decimal or asyncio kill a 3.12 by themselves).

A step whose names don't stand has no effect and is counted as skipped; so is one that this CPython
lacks. ``program/scope.py`` says the same without running anything.
"""

import sys

#: The functions of runtime/module.cpp; put here where this is loaded.
runtime = None

EFFECT, SKIPPED, RAISED = 0, 1, 2
HOOKS = {"traverse": 0, "clear": 1, "dealloc": 2}
ACTIONS = {"plain": 0, "cast": 1, "lookup": 2, "create": 3}
FLAVOURS = {"legacy": 1, "isolated": 2}
#: What `create` may not do in: see ABUSE in program/language.py.
ABUSE = {("traverse", "create")}
MAX_INTERPRETERS = 8

#: The nodes of this interpreter by name, where it is not the main one: there they are a local of
#: `run`, and go when it returns.
NODES = {}


def extension():
    import finfuzz_target

    return finfuzz_target


def make_function():
    held = []

    def function():
        return held

    return function


def make_subclass():
    return type("Subclass", (extension().Container,), {})()


MAKE = {
    "container": lambda: extension().Container(),
    "instance": lambda: extension().Instance(),
    "subclass": make_subclass,
    "list": list,
    "dict": dict,
    "function": make_function,
}
KIND_OF = {"list": list, "dict": dict, "function": type(make_function)}


def is_container(node):
    return hasattr(type(node), "hook")


def node(nodes, name, kind):
    nodes[name] = MAKE[kind]()


def edge(nodes, source, target, how):
    if source not in nodes or target not in nodes:
        return SKIPPED
    source, target = nodes[source], nodes[target]
    kind = type(source)
    if how == "append" and kind is dict:
        source[len(source)] = target
    elif how == "append" and (kind is list or is_container(source)):
        source.append(target)
    elif how == "attribute" and hasattr(source, "__dict__"):
        setattr(source, "attribute%d" % len(source.__dict__), target)
    elif how == "closure" and kind is KIND_OF["function"]:
        source().append(target)
    else:
        return SKIPPED
    return EFFECT


def hook(nodes, name, at, action):
    if not is_container(nodes.get(name)) or ((at, action) in ABUSE and not runtime.abuse()):
        return SKIPPED
    nodes[name].hook(HOOKS[at], ACTIONS[action])
    return EFFECT


def hold_in_module(held):
    sys.modules["__main__"].__dict__[free_key(sys.modules["__main__"].__dict__)] = held


def hold_in_sys(held):
    setattr(sys, free_key(sys.__dict__), held)


def hold_in_builtins(held):
    import builtins

    setattr(builtins, free_key(builtins.__dict__), held)


def hold_in_interpreter_dict(held):
    names = runtime.interpreter_dict()
    names[free_key(names)] = held


def hold_in_codec_registry(held):
    import _codecs

    _codecs.register(lambda _name: held and None)


def hold_in_audit_hook(held):
    sys.addaudithook(lambda _event, _args: held and None)


def hold_in_atexit(held):
    import atexit

    atexit.register(lambda: held and None)


def hold_in_type(held):
    runtime.hold_in_type(held)


def leak(held):
    runtime.leak(held)


def free_key(names):
    number = 0
    while "root%d" % number in names:
        number += 1
    return "root%d" % number


HOLD = {
    "module": hold_in_module,
    "sys": hold_in_sys,
    "builtins": hold_in_builtins,
    "interpreter-dict": hold_in_interpreter_dict,
    "codec": hold_in_codec_registry,
    "type-dict": hold_in_type,
    "audit-hook": hold_in_audit_hook,
    "atexit": hold_in_atexit,
    "leak": leak,
}


def root(nodes, name, where):
    if name not in nodes or (where == "type-dict" and nodes is NODES):
        return SKIPPED
    HOLD[where](nodes[name])
    return EFFECT


def check(nodes, name):
    node = nodes.get(name)
    if node is None or type(node) in (list, dict):
        return SKIPPED
    extension().check(node)
    return EFFECT


def drop(nodes, name):
    if name not in nodes:
        return SKIPPED
    del nodes[name]
    return EFFECT


def collect(_nodes):
    import gc

    gc.collect()


STEPS = {
    "import": lambda _nodes: extension() and None,
    "node": node,
    "edge": edge,
    "hook": hook,
    "root": root,
    "check": check,
    "drop": drop,
    "collect": collect,
}


def take(nodes, words):
    """Takes one step in this interpreter. Says whether it had an effect."""
    try:
        return STEPS[words[0]](nodes, *words[1:]) or EFFECT
    except Exception as error:
        told = "finfuzz: `%s` raised %s: %s\n" % (" ".join(words), type(error).__name__, error)
        try:
            sys.stderr.write(told)
        except OSError:
            pass  # standard error is full; the step is counted all the same
        return RAISED


def take_line(line):
    return take(NODES, line.split())


class Interpreters:
    """The subinterpreters of a program by name, and the one that steps run in."""

    def __init__(self):
        self.handles = {"main": None}
        self.current = None

    def start(self, name, flavour):
        lacking = flavour == "isolated" and sys.version_info < (3, 12)
        if lacking or name in self.handles or len(self.handles) > MAX_INTERPRETERS:
            return SKIPPED
        handle = runtime.start(FLAVOURS[flavour])
        if handle < 0:
            return SKIPPED
        self.handles[name] = handle
        return EFFECT

    def enter(self, name):
        if self.handles.get(name, self.current) == self.current:
            return SKIPPED
        self.current = self.handles[name]
        return EFFECT

    def stop(self, name):
        handle = self.handles.get(name)
        if handle is None:
            return SKIPPED
        del self.handles[name]
        if handle == self.current:
            self.current = None
        runtime.stop(handle)
        return EFFECT

    def leave_all(self):
        for handle in self.handles.values():
            if handle is not None:
                runtime.leave(handle)


def run(text):
    """Runs a whole program, from the main interpreter, and ends as it says."""
    nodes = {}
    interpreters = Interpreters()
    way = "return"
    for number, line in enumerate(text.splitlines()[1:], 1):
        runtime.step(number)
        words = line.split()
        outcome = EFFECT
        if words[0] == "exit":
            way = words[1]
        elif words[0] in ("start", "enter", "stop"):
            outcome = getattr(interpreters, words[0])(*words[1:])
        elif interpreters.current is None:
            outcome = take(nodes, words)
        else:
            outcome = runtime.call(interpreters.current, line)
        runtime.took(outcome)
    interpreters.leave_all()
    if way == "sys-exit":
        sys.exit(0)
    if way == "exception":
        raise RuntimeError("the program ends by an exception")
