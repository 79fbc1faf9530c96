"""Probe a package in its own CPython: does it import, and which words of its recipe work?

    probe.py SPECIFICATION OUTPUT

SPECIFICATION is JSON: `module`, `seconds` (for its import), `paths` (put first on `sys.path`),
`library` (files of functions, the recipe's last), `kinds` (each with its edges), `actions`,
`check` (whether it has questions). The answers go to the file OUTPUT, a JSON object a line, the
import's first. Each word is tried in a fork, and a fork that dies costs that word alone.
"""

import gc
import json
import os
import resource
import signal
import sys
import time
import weakref

SECONDS = 10
#: The exit code of a fork that has answered: a word may exit by itself, with any other.
ANSWERED = 97


def main(specification, output):
    with open(specification, encoding="utf-8") as file:
        wanted = json.load(file)
    sys.path[:0] = wanted["paths"]
    out = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def answer(**facts):
        os.write(out, json.dumps(facts).encode() + b"\n")

    signal.alarm(wanted["seconds"])
    answer(**probe_import(wanted["module"]))
    signal.alarm(0)
    t = sys.modules[wanted["module"]]
    names = load(wanted["library"])
    for kind, edges in wanted["kinds"].items():
        in_fork(answer, {"kind": kind}, lambda kind=kind: probe_kind(names, t, kind))
        for edge in edges:
            facts = {"kind": kind, "edge": edge}
            in_fork(answer, facts, lambda k=kind, e=edge: probe_edge(names, t, k, e))
    for action in wanted["actions"]:
        in_fork(answer, {"action": action}, lambda a=action: act(names["act_own_" + a], t))
    if wanted["check"]:
        in_fork(answer, {"check": True}, lambda: {"wrong": names["self_check"](t)})


def act(function, t):
    """Perform an action on nothing. It takes the module only if it uses that."""
    (function(t) if function.__code__.co_argcount else function())(None)


def probe_import(module):
    """Import the package, and tell what came with it."""
    before = set(sys.modules)
    begin = time.perf_counter()
    __import__(module)
    seconds = time.perf_counter() - begin
    own = module.partition(".")[0].lstrip("_")  # some may be there already: this file imports json
    new = {
        name: sys.modules[name]
        for name in sys.modules
        if name not in before or name.partition(".")[0].lstrip("_") == own
    }
    files = {name: getattr(module, "__file__", None) for name, module in new.items()}
    return {
        "seconds": round(seconds, 4),
        "threads": len(os.listdir("/proc/self/task")) - 1,
        "modules": {name: file for name, file in files.items() if file},
        "builtin": [name for name, file in files.items() if not file],
        "version": str(getattr(new.get(module), "__version__", "")),
    }


def load(paths):
    names = {"leak": lambda _: None}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            exec(compile(file.read(), path, "exec"), names)
    return names


def probe_kind(names, t, kind):
    node = names["make_own_" + kind](t)
    return {
        "weak": works(lambda: weakref.ref(node)),
        "hashable": works(lambda: hash(node)),
        "attributes": works(lambda: setattr(node, "finfuzz_attribute", 1)),
        "tracked": gc.is_tracked(node),
    }


def probe_edge(names, t, kind, edge):
    node = names["make_own_" + kind](t)
    gc.collect()  # a cell that only a cycle held is gone
    names["refer_by_own_" + edge](node, names["make_object"]())


def works(function):
    try:
        function()
    except Exception:
        return False
    return True


def in_fork(answer, facts, function):
    """Answer with `facts` and what the function returns, or with the error that ends it."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        try:
            answer(**facts, **(function() or {}))
        except BaseException as error:
            answer(**facts, error="%s: %s" % (type(error).__name__, error))
        os._exit(ANSWERED)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        slow = number in (signal.SIGALRM, signal.SIGXCPU)
        answer(**facts, error="no end in %d s" % SECONDS if slow else "dies of signal %d" % number)
    elif os.WEXITSTATUS(status) != ANSWERED:
        answer(**facts, error="ends the process with %d" % os.WEXITSTATUS(status))


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)  # threads of the package may never end
