"""Each action is performed at each hook where it is legal: early, and at the last moment.

Shared memory counts how often the action of each `hook` step was performed to its end.
"""

from collections.abc import Iterable, Iterator

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.legal import NOT_LEGAL
from finfuzz.program.text import parse
from finfuzz.program.words import ACTION, HOOK
from finfuzz.targets.build import Build
from finfuzz.targets.interpreters import Interpreter

#: Programs, by hook, in which the hook runs while Python runs, or before it finalizes. Their second
#: step sets the hook.
WHILE_PYTHON_RUNS = {
    "traverse": "node a subclass; HOOK; collect",
    "clear": "node a subclass; HOOK; edge a a append; drop a; collect",
    "dealloc": "node a subclass; HOOK; drop a",
    "del": "node a subclass; HOOK; drop a",
    "weakref": "node a subclass; HOOK; drop a",
    "finalize": "node a subclass; HOOK; drop a",
    "capsule": "node a capsule; HOOK; drop a",
    "atexit": "node a subclass; HOOK",
    "threading-exit": "node a subclass; HOOK",
    "busy-thread": "node a subclass; HOOK",
    "unraisable": "node a subclass; HOOK; node b subclass; hook b del raise; drop b",
}
#: Programs in which the hook runs at the last moment: when the interpreter's dict is cleared, in
#: the last collection, or later.
AT_THE_LAST_MOMENT = {
    "traverse": "node a subclass; HOOK; root a interpreter-dict",
    "clear": "node a subclass; HOOK; edge a a append; root a interpreter-dict",
    "dealloc": "node a subclass; HOOK; root a interpreter-dict",
    "del": "node a subclass; HOOK; root a interpreter-dict",
    "weakref": "node a subclass; HOOK; root a interpreter-dict",
    "capsule": "node a capsule; HOOK; root a interpreter-dict",
    "module-free": "node a subclass; HOOK",
    "py-atexit": "node a subclass; HOOK",
    "static-destructor": "node a subclass; HOOK",
    "thread-local-destructor": "node a subclass; HOOK",
}

#: Actions that can't be performed at the last moment, and why.
REFUSED = {
    "import": "ImportError: `sys.meta_path` is None, or there is no `__import__`",
    "import-extension": "ModuleNotFoundError: `sys.modules` has None, or there is no `__import__`",
    "thread": "PythonFinalizationError: can't create new thread (gh-104690)",
    "join": "PythonFinalizationError: cannot join thread (gh-87135)",
}


@pytest.fixture(scope="module")
def executor(plain_c: Build) -> Iterator[Executor]:
    with Executor(plain_c, Limits(deadline=20)) as running:
        yield running


def list_pairs(hooks: Iterable[str], python: Interpreter) -> list[tuple[str, str]]:
    actions = [word.text for word in ACTION.words if word.since <= python.version]
    pairs = [(hook, action) for hook in hooks for action in actions]
    return [pair for pair in pairs if pair not in NOT_LEGAL]


def run(executor: Executor, steps: str, hook: str, action: str) -> Outcome:
    if action == "call":
        steps = steps.replace("node a subclass", "node a bound-function")
    text = steps.replace("HOOK", f"hook a {hook} {action}").replace("; ", "\n")
    outcome = executor.run(parse(f"finfuzz 1\n{text}\n"))
    assert outcome.took[1:] == (0, 0), f"{text}\n{outcome.stderr}"
    return outcome


def test_each_hook_has_its_moment() -> None:
    assert WHILE_PYTHON_RUNS.keys() | AT_THE_LAST_MOMENT.keys() == {*HOOK.texts}


def test_every_action_is_performed_while_python_runs(
    executor: Executor, python: Interpreter
) -> None:
    for hook, action in list_pairs(WHILE_PYTHON_RUNS, python):
        if (action, python.version[:2]) == ("thread", (3, 12)) and "exit" in hook:
            continue  # gh-113964: can't create new thread
        outcome = run(executor, WHILE_PYTHON_RUNS[hook], hook, action)
        assert outcome.performed.get(2, 0) > 0, (hook, action, outcome.stderr)
        assert not outcome.died, (hook, action)


def test_every_action_is_performed_at_the_last_moment(
    executor: Executor, python: Interpreter
) -> None:
    if python.version < (3, 14):
        pytest.skip("a thread that is started or joined then hangs: gh-87950, gh-123940")
    for hook, action in list_pairs(AT_THE_LAST_MOMENT, python):
        outcome = run(executor, AT_THE_LAST_MOMENT[hook], hook, action)
        if (hook, action) == ("clear", "atexit"):  # docs/found.md
            assert outcome.signal == "SIGSEGV"
            continue
        performed = outcome.performed.get(2, 0) > 0
        assert performed != (action in REFUSED), (hook, action, outcome.stderr)
        assert not outcome.died, (hook, action)


def test_what_is_not_set_by_a_hook_is_not_counted(executor: Executor) -> None:
    outcome = executor.run(parse("finfuzz 1\nnode a container\nedge a a append\ncollect\n"))
    assert outcome.performed == {}


def test_a_hook_is_counted_each_time_in_each_interpreter(executor: Executor) -> None:
    steps = "start i legacy; enter i; node a subclass; hook a del cast; drop a; stop i"
    shape = "shape b chain subclass 3; hook b del print; drop b; again; collect"
    text = f"{steps}; {shape}".replace("; ", "\n")
    assert executor.run(parse(f"finfuzz 1\n{text}\n")).performed == {4: 1, 8: 1}
