"""The driver: performs the steps of a program, in the main interpreter and in each subinterpreter.

Its code is run in the `__main__` of each interpreter, by the zygote or by the runtime, and so are
the functions of ``library/`` when a step first needs them. What is imported is imported there: some
modules kill a subinterpreter of 3.12 by themselves (datetime, sqlite3, decimal, asyncio).

The parent sends an empty line for a step that has no effect (``program/scope.py``), so that nothing
here has to know what is legal. A step is skipped, too, if its names don't stand because an earlier
one raised.
"""

import sys

#: The functions of runtime/module.cpp; put here where this is loaded.
runtime = None

EFFECT, SKIPPED, RAISED = 0, 1, 2
FLAVOURS = ("legacy", "isolated", "shared-gil", "permissive", "strict", "framework", "stdlib")
MAIN = -1

#: The nodes of this interpreter by name, where it is not the main one: there they are a local of
#: `run`, and go when it returns.
NODES = {}
#: Which extension the steps of this interpreter speak of.
SPOKEN_OF = ["first"]


def leak(node):
    runtime.leak(node)


def interpreter_dict():
    return runtime.interpreter_dict()


def thread_dict():
    return runtime.thread_dict()


def hold_in_type(node):
    runtime.hold_in_type(node)


def extension_name():
    second = SPOKEN_OF[0] == "second" and runtime.has_second()
    return "finfuzz_second" if second else "finfuzz_target"


def extension():
    return __import__(extension_name())


def library(name):
    """The library's function of that name, with all that it calls; loaded when first asked for."""
    names = globals()
    if name not in names:
        import marshal

        calls, code = marshal.loads(runtime.code(name))
        names[name] = FUNCTION(code, names)
        for called in calls:
            library(called)
    return names[name]


FUNCTION = type(library)


def perform(prefix, word, *arguments):
    function = library(prefix + word.replace("-", "_"))
    if function.__code__.co_varnames[:1] == ("t",):
        return function(extension(), *arguments)
    return function(*arguments)


def node(nodes, name, kind):
    nodes[name] = perform("make_", kind)


def shape(nodes, name, which, kind, size, edge):
    nodes[name] = perform(
        "shape_",
        which,
        lambda: perform("make_", kind),
        lambda source, target: perform("refer_by_", edge, source, target),
        int(size),
    )


def edge(nodes, source, target, how):
    perform("refer_by_", how, nodes[source], nodes[target])


def hook(nodes, name, at, action):
    perform("at_", at, nodes[name], perform("act_", action))


def root(nodes, name, where):
    perform("hold_in_", where, nodes[name])


def check(nodes, name):
    extension().check(nodes[name])


def drop(nodes, name):
    del nodes[name]


def collect(_nodes):
    import gc

    gc.collect()


def import_extension_here(_nodes):
    extension()


def unimport(_nodes):
    sys.modules.pop(extension_name(), None)


def use(_nodes, which):
    SPOKEN_OF[0] = which


def self_check_here(_nodes):
    for line in perform("self_check", ""):
        runtime.wrong(line)


STEPS = {
    "import": import_extension_here,
    "unimport": unimport,
    "use": use,
    "self-check": self_check_here,
    "node": node,
    "shape": shape,
    "edge": edge,
    "hook": hook,
    "root": root,
    "check": check,
    "drop": drop,
    "collect": collect,
}
#: Of which arguments are the names of nodes that have to be there.
NAMED = {"edge": (1, 2), "hook": (1,), "root": (1,), "check": (1,), "drop": (1,)}


def take(nodes, words):
    """Takes one step in this interpreter. Says whether it had an effect."""
    if any(words[index] not in nodes for index in NAMED.get(words[0], ())):
        return SKIPPED
    try:
        STEPS[words[0]](nodes, *words[1:])
        return EFFECT
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
        self.handles = {"main": MAIN}
        self.current = MAIN

    def start(self, name, flavour):
        handle = runtime.start(self.current, FLAVOURS.index(flavour) + 1)
        if handle < 0:
            raise RuntimeError("this CPython can't start such an interpreter")
        self.handles[name] = handle
        return EFFECT

    def enter(self, name):
        if name not in self.handles:
            return SKIPPED
        self.current = self.handles[name]
        return EFFECT

    def stop(self, name, elsewhere=False):
        if name not in self.handles:
            return SKIPPED
        handle = self.handles.pop(name)
        if handle == self.current:
            self.current = MAIN
        if elsewhere:
            runtime.stop_elsewhere(handle)
        else:
            runtime.stop(handle)
        return EFFECT

    def take(self, nodes, line, elsewhere):
        words = line.split()
        if words[0] == "stop":
            return self.stop(words[1], elsewhere)
        if words[0] in ("start", "enter"):
            return getattr(self, words[0])(*words[1:])
        if self.current != MAIN:
            call = runtime.call_elsewhere if elsewhere else runtime.call
            return call(self.current, line)
        if elsewhere:
            return runtime.elsewhere(lambda: take(nodes, words))
        return take(nodes, words)

    def leave_all(self):
        for handle in self.handles.values():
            if handle != MAIN:
                runtime.leave(handle)


def run(text):
    """Runs a program, from the main interpreter, and ends as it says. The first line is the
    language's version or, in a further life, the number of the step that ended the last one."""
    nodes = {}
    interpreters = Interpreters()
    way, elsewhere = "return", False
    first, *lines = text[:-1].split("\n")
    done = int(first) if first.isdigit() else 0
    for number, line in enumerate(lines, done + 1):
        runtime.step(number)
        if not line:
            runtime.took(SKIPPED)
            continue
        outcome = EFFECT
        if line == "elsewhere":
            elsewhere = True
        elif line == "again":
            runtime.took(EFFECT)
            runtime.again("\n".join([str(number), *lines[number - done :]]) + "\n")
            way = "return"
            break
        elif line == "fork":
            import posix

            pid = posix.fork()
            if pid:
                runtime.follow(pid)
                break
            elsewhere = False
        elif line.startswith("exit "):
            way, elsewhere = line[5:], False
        else:
            outcome = interpreters.take(nodes, line, elsewhere)
            elsewhere = False
        runtime.took(outcome)
    interpreters.leave_all()
    end(way)


def end(way):
    import posix

    if way == "sys-exit":
        sys.exit(0)
    if way == "exception":
        raise RuntimeError("the program ends by an exception")
    if way == "interrupt":
        posix.kill(posix.getpid(), 2)
    if way == "os-exit":
        posix._exit(0)
    if way == "c-exit":
        runtime.c_exit()
    if way == "thread-exit":
        runtime.thread_exit()
