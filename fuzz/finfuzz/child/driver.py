"""The driver: performs the steps of a program, in the main interpreter and in each subinterpreter.

Zygote and runtime run its code in the `__main__` of each interpreter. A function of ``words/`` is
loaded there when a step first needs it. Imports happen there too, and are few: some modules crash a
subinterpreter of 3.12 by themselves (datetime, sqlite3, decimal, asyncio).

The parent sends an empty line for a step without effect (``program/scope.py``), so the driver knows
nothing of legality. It skips a step, too, if a name is missing because an earlier step raised.
"""

import sys

#: The module of native/module.cpp, set by the code that loads the driver.
runtime = None

EFFECT, SKIPPED, RAISED = 0, 1, 2
#: Characters kept of an exception's text: pybind11's lists of overloads have some 500.
MOST_TEXT = 1000
MAIN = -1

#: The nodes of a subinterpreter by name. The main interpreter's are a local of `run`, so that they
#: go when it returns.
NODES = {}
#: The extension that the steps of this interpreter use: "first" or "second".
IN_USE = ["first"]


#: Functions of the runtime that the words call. They are globals of their own: what is called at
#: the end must not look for `runtime` then.
PLATFORM = (
    *("leak", "interpreter_dict", "thread_dict", "hold_in_type", "request_script"),
    "wake_thread",
)


def extension_name():
    second = IN_USE[0] == "second" and runtime.has_second()
    return SECOND if second else FIRST  # noqa: F821  precompile.py puts the names before


def import_in_use():
    name = extension_name()
    __import__(name)
    return sys.modules[name]


def load_word(name):
    """Return the function of that name from ``words/``; the first call loads it and its callees."""
    names = globals()
    if name not in names:
        import marshal

        names.update((each, getattr(runtime, each)) for each in PLATFORM)
        calls, code = marshal.loads(runtime.get_code(name))
        for called in calls:
            load_word(called)
        names[name] = FUNCTION(code, names)  # last: another thread calls what it finds
    return names[name]


FUNCTION = type(load_word)


def perform(prefix, word, *arguments):
    function = load_word(prefix + word.replace(":", "own_").replace("-", "_"))
    if function.__code__.co_varnames[:1] == ("t",):
        return function(import_in_use(), *arguments)
    return function(*arguments)


def add_node(nodes, name, kind):
    nodes[name] = perform("make_", kind)


def add_shape(nodes, name, which, kind, size, edge):
    nodes[name] = perform(
        "shape_",
        which,
        lambda: perform("make_", kind),
        lambda source, target: perform("refer_by_", edge, source, target),
        int(size),
    )


def add_edge(nodes, source, target, how):
    perform("refer_by_", how, nodes[source], nodes[target])


def add_hook(nodes, name, at, action):
    act = perform("act_", action)
    if at not in NATIVE_HOOKS or type(act).__name__ != "Action":
        act = runtime.counted(act, action == "raise")
    perform("at_", at, nodes[name], act)


def perform_action(nodes, name, action):
    perform("act_", action)(nodes[name])


def add_root(nodes, name, where):
    perform("hold_in_", where, nodes[name])


def check_node(nodes, name):
    import_in_use().check(nodes[name])


def drop_name(nodes, name):
    del nodes[name]


def collect(_nodes):
    import gc

    gc.collect()


def import_extension_here(_nodes):
    import_in_use()


def fail_import_here(_nodes):
    perform("fail_", "import", extension_name())


def unimport(_nodes):
    tops = OWN_MODULES or (extension_name(),)  # noqa: F821  likewise
    for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
        del sys.modules[name]


def use(_nodes, which):
    IN_USE[0] = which


def self_check_here(_nodes):
    for line in perform("self_check", ""):
        runtime.count_wrong_answer(line)


def take_census(_nodes):
    counted = perform("census", "")
    if counted:
        sys.stderr.write("finfuzz: step %d counts %s\n" % (runtime.get_step(), counted))


STEPS = {
    "import": import_extension_here,
    "fail-import": fail_import_here,
    "unimport": unimport,
    "use": use,
    "self-check": self_check_here,
    "node": add_node,
    "shape": add_shape,
    "edge": add_edge,
    "hook": add_hook,
    "perform": perform_action,
    "root": add_root,
    "check": check_node,
    "drop": drop_name,
    "collect": collect,
    "census": take_census,
}
#: The operations that say where the next step runs.
PREFIXES = ("elsewhere", "native", "together", "everywhere", "released")
#: Hooks that run a native action without Python. The extension counts how often they perform it.
NATIVE_HOOKS = ("traverse", "clear", "dealloc", "capsule", "module-free")
#: The positions of arguments that must name existing nodes, by operation.
NAMED = {"edge": (1, 2), **dict.fromkeys(("hook", "perform", "root", "check", "drop"), (1,))}


def take(nodes, words):
    """Take one step in this interpreter. Return EFFECT, SKIPPED or RAISED."""
    if any(words[index] not in nodes for index in NAMED.get(words[0], ())):
        return SKIPPED
    try:
        STEPS[words[0]](nodes, *words[1:])
        return EFFECT
    except Exception as error:
        try:
            sys.stderr.write(describe_raised(words, error))
        except OSError:
            pass  # standard error is full; the step counts all the same
        return RAISED


def describe_raised(words, error):
    """Say in one line which step raised what: `executor/raised.py` reads it."""
    traceback, importing = error.__traceback__, ""
    while traceback is not None:
        if traceback.tb_frame.f_code is import_in_use.__code__:
            importing = "while importing "
        traceback = traceback.tb_next
    try:
        text = str(error)[:MOST_TEXT].replace("\n", "\\n")
    except Exception as another:
        text = "(its text raises %s)" % type(another).__name__
    step = runtime.get_step(), " ".join(words), importing, type(error).__name__, text
    return "finfuzz: step %d `%s` raised %s%s: %s\n" % step


def take_line(line):
    words = line.split()
    if words[0] == "together":
        return prepare(words[1:])
    return take(NODES, words)


#: The functions of ``words/`` that steps need, by operation: prefix and position of the word.
USES = {
    "node": (("make_", 2),),
    "shape": (("make_", 3), ("refer_by_", 5)),
    "perform": (("act_", 2),),
    "self-check": (("self_check", None),),
}


def prepare(words):
    """Bind what a step needs of the extension, before several threads take the step.

    A feature is bound when one of its names is first asked for, and that is for one thread.
    """
    for prefix, index in USES.get(words[0], ()):
        word = words[index] if index else ""
        try:
            bind(load_word(prefix + word.replace(":", "own_").replace("-", "_")), set())
        except Exception:
            pass  # the step raises it again, and there it counts
    return EFFECT


def bind(function, seen):
    seen.add(function)
    for name in find_names(function.__code__):
        value = globals().get(name)
        if type(value) is FUNCTION and value not in seen:
            bind(value, seen)
        elif function.__code__.co_varnames[:1] == ("t",):
            getattr(import_in_use(), name, None)


def find_names(code):
    inner = [find_names(const) for const in code.co_consts if type(const) is type(code)]
    return set(code.co_names).union(*inner)


class Interpreters:
    """The subinterpreters of a program by name, and the interpreter that runs the steps."""

    def __init__(self):
        self.handles = {"main": MAIN}
        self.current = MAIN

    def start(self, name, flavour, prefix=""):
        handle = runtime.start(self.current, flavour, prefix)
        if handle < 0:
            raise RuntimeError("this CPython can't start such an interpreter")
        self.handles[name] = handle
        return EFFECT

    def enter(self, name):
        if name not in self.handles:
            return SKIPPED
        self.current = self.handles[name]
        return EFFECT

    def stop(self, name, prefix=""):
        if name not in self.handles:
            return SKIPPED
        handle = self.handles.pop(name)
        if handle == self.current:
            self.current = MAIN
        runtime.stop(handle, prefix)
        return EFFECT

    def take_at_once(self, nodes, line, handles):
        """Have a thread for each of these interpreters take the step."""
        words = line.split()
        if words[0] == "stop":
            runtime.stop_at_once(handles[1:])  # the first is the main interpreter's
            self.handles, self.current = {"main": MAIN}, MAIN
            return EFFECT
        tasks = [(handle, line if handle != MAIN else lambda: take(nodes, words))
                 for handle in handles]  # fmt: skip
        results = runtime.run_at_once(tasks)
        return RAISED if RAISED in results else min(results)

    def take(self, nodes, line, prefix):
        words = line.split()
        if prefix == "together":
            if self.current == MAIN:
                prepare(words)
            else:
                runtime.call(self.current, "together " + line, "")
            return self.take_at_once(nodes, line, [self.current] * 4)
        if prefix == "everywhere":
            return self.take_at_once(nodes, line, list(self.handles.values()))
        if words[0] in ("start", "stop"):
            return getattr(self, words[0])(*words[1:], prefix)
        if words[0] == "enter":
            return self.enter(words[1])
        if self.current != MAIN:
            return runtime.call(self.current, line, prefix)
        if prefix:
            return runtime.run(lambda: take(nodes, words), prefix)
        return take(nodes, words)

    def leave_all(self):
        for handle in self.handles.values():
            if handle != MAIN:
                runtime.leave(handle)


def run(text):
    """Run a program from the main interpreter, then end the process as the program says.

    The first line is the language's version or, in a further life, the number of the step that
    ended the life before.
    """
    nodes = {}
    interpreters = Interpreters()
    way, prefix = "return", ""
    first, *lines = text[:-1].split("\n")
    done = int(first) if first.isdigit() else 0
    for number, line in enumerate(lines, done + 1):
        runtime.set_step(number)
        if not line:
            runtime.count_step(SKIPPED)
            continue
        outcome = EFFECT
        if line.split()[0] in PREFIXES:
            prefix = line
        elif line == "again":
            runtime.count_step(EFFECT)
            runtime.live_again("\n".join([str(number), *lines[number - done :]]) + "\n")
            way = "return"
            break
        elif line == "fork":
            import posix

            pid = posix.fork()
            if pid:
                runtime.follow(pid)
                break
        elif line.startswith("exit "):
            way = line[5:]
        else:
            outcome = interpreters.take(nodes, line, prefix)
            prefix = ""
        runtime.count_step(outcome)
    if gil_came_on():
        runtime.note_gil()
    interpreters.leave_all()
    end(way)


def gil_came_on():
    """Whether this is a free-threaded CPython and something has turned its GIL on."""
    return "t" in sys.abiflags and sys._is_gil_enabled()


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
