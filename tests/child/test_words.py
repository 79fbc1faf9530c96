"""The library has a function for each word, and each works wherever the word is legal."""

import ast
import builtins
import subprocess
from collections.abc import Iterator

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.program.legal import (
    ABUSE,
    CALLABLE,
    CHECKABLE,
    EDGES_FROM,
    EDGES_TO,
    HOOKS_OF,
    SHAPEABLE,
)
from finfuzz.program.scope import effective
from finfuzz.program.text import parse
from finfuzz.program.words import (
    ACTION,
    EDGE,
    FLAVOUR,
    HOOK,
    KIND,
    ROOT,
    SHAPE,
)
from finfuzz.support.cpythons import Quirk, has
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from helpers.places import CHILD

LIBRARY = CHILD / "words"
#: Functions that the library calls and does not define: the runtime's or, in a script, capi.cpp's.
PLATFORM = {
    *("leak", "interpreter_dict", "thread_dict", "hold_in_type", "request_script"),
    "wake_thread",
}
PREFIXES = {
    "kinds": ("make_", KIND),
    "edges": ("refer_by_", EDGE),
    "roots": ("hold_in_", ROOT),
    "hooks": ("at_", HOOK),
    "actions": ("act_", ACTION),
    "shapes": ("shape_", SHAPE),
}
#: Built into every CPython, or in a file of its own without anything else.
SMALL = {
    *("_codecs", "_contextvars", "_signal", "_thread", "_weakref", "atexit", "builtins"),
    "posix",
}
#: Further imports: by which functions, and why.
IMPORTS = {
    "threading": (
        {
            *("hold_in_threading_shutdown", "hold_in_daemon_thread", "hold_in_joined_thread"),
            *("at_threading_exit", "hold_in_interpreter_thread", "act_thread", "act_join"),
        },
        "CPython itself runs that module's code at the end",
    ),
    "weakref": ({"at_finalize"}, "`weakref.finalize` is what the hook is"),
    "ctypes": ({"make_ctypes_callback"}, "the node is an object of that module"),
    "_interpreters": ({"hold_in_interpreter_thread"}, "the root is an interpreter of that module"),
    "concurrent.interpreters": ({"make_queue"}, "the node is an object of that module"),
    "concurrent.futures": ({"hold_in_interpreter_pool"}, "the pool is an object of that module"),
    "array": ({"act_refill"}, "an array's memory is a block of the size that is asked for"),
    "colorsys": ({"import_something"}, "the import itself is the action"),
    "finfuzz_target": ({"import_extension"}, "the import of the extension is the action"),
}


def find_functions(file: str) -> dict[str, ast.FunctionDef]:
    tree = ast.parse((LIBRARY / f"{file}.py").read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


EVERY = {
    name: node for path in LIBRARY.glob("*.py") for name, node in find_functions(path.stem).items()
}


# ---- its names --------------------------------------------------------------------------------


@pytest.mark.parametrize("file", PREFIXES)
def test_each_word_has_a_function_and_each_function_a_word(file: str) -> None:
    prefix, choice = PREFIXES[file]
    named = {name for name in find_functions(file) if name.startswith(prefix)}
    assert named == {prefix + text.replace("-", "_") for text in choice.texts}


def test_no_name_is_used_twice() -> None:
    count = sum(len(find_functions(path.stem)) for path in LIBRARY.glob("*.py"))
    assert count == len(EVERY)


@pytest.mark.parametrize("name", EVERY)
def test_a_function_stands_by_itself(name: str) -> None:
    """The driver uses only its code and a script only its text. So it has no default arguments, no
    decorators, and no global names but those of the library, the platform and Python."""
    function = EVERY[name]
    parts = [*function.args.defaults, *function.args.kw_defaults, *function.decorator_list]
    assert parts == []
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    for node in ast.walk(function):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias) or (isinstance(node, ast.ExceptHandler) and node.name):
            bound.add(node.name.partition(".")[0])  # `import a.b` binds a
    used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    assert used <= bound | EVERY.keys() | PLATFORM | set(dir(builtins))


@pytest.mark.parametrize("name", EVERY)
def test_a_function_imports_what_it_may(name: str) -> None:
    """A function imports only modules that a bare interpreter has, unless a step needs more."""
    imports = [node for node in ast.walk(EVERY[name]) if isinstance(node, ast.Import)]
    imported = {alias.name for node in imports for alias in node.names}
    more = {module for module, (allowed, _) in IMPORTS.items() if name in allowed}
    assert imported - SMALL - {"gc", "sys"} == more
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(EVERY[name]))


# ---- its effects -----------------------------------------------------------------------------


@pytest.fixture(
    scope="module", params=["plain-c", pytest.param("no-extension", marks=pytest.mark.slow)]
)
def executor(request: pytest.FixtureRequest, python: Interpreter) -> Iterator[Executor]:
    """Both controls: every legal word has its effect on them and crashes nothing."""
    made = build(parse_target(request.param), python)
    with Executor(made, Limits(deadline=20)) as running:
        yield running


def pick_target(edge: str) -> str:
    return sorted(EDGES_TO.get(edge, {"list"}))[0]


def use_kind(kind: str) -> list[str]:
    """Return steps with all edges, hooks and shapes of a kind."""
    steps = [f"node a {kind}", "hook a atexit plain"]
    for edge in EDGES_FROM[kind]:
        steps += [f"node b {pick_target(edge)}", *[f"edge a b {edge}"] * 2, "drop b"]
    steps += [f"hook a {hook} plain" for hook in HOOKS_OF[kind]]
    steps += ["check a"] if kind in CHECKABLE else []
    steps += [f"shape c {shape} {kind} 3" for shape in SHAPE.texts if kind in SHAPEABLE]
    return [*steps, "root a sys", "drop a", "collect"]


def use_hook(hook: str) -> list[list[str]]:
    """Return a program for each action, since one action may hide the effect of another."""
    kind = "capsule" if hook == "capsule" else "subclass"
    actions = [action for action in ACTION.texts if (hook, action) not in ABUSE]
    kinds = {action: "bound-method" if action == "call" else kind for action in actions}
    return [
        [f"node a {kinds[action]}", f"hook a {hook} {action}", "root a codec"] for action in actions
    ]


def use_root(root: str) -> list[list[str]]:
    """Return a program with a true object and one with a false object: a root must hold both."""
    return [
        [f"node a {kind}", f"root a {root}", "drop a", "collect"] for kind in ("container", "list")
    ]


def check_survival(
    executor: Executor, python: Interpreter, steps: list[str], tries: int = 1
) -> None:
    """Check that each legal step has its effect and that the program ends as a script ends.

    One success in ``tries`` runs is enough.
    """
    program = parse("\n".join(["finfuzz 1", *steps]))
    offers = executor.build.offers
    effects = len(effective(program, python.version[:2], offers=offers))
    for _ in range(tries):
        outcome = executor.run(program)
        if not outcome.died:
            break
    assert outcome.took == (effects, len(program) - effects, 0), f"{steps}\n{outcome.stderr}"
    assert (outcome.exit_code, outcome.phase) == (0, "exited/dict-cleared"), f"{steps}\n{outcome}"


def test_every_kind(executor: Executor, python: Interpreter) -> None:
    for kind in KIND.texts:
        check_survival(executor, python, use_kind(kind))


def test_every_hook_with_every_action(executor: Executor, python: Interpreter) -> None:
    for hook in HOOK.texts:
        for steps in use_hook(hook):
            if is_refused_late(steps[1], python):
                continue
            # A thread that starts late may wake when its interpreter's memory is freed: seen once,
            # on 3.9, at the very end of the process (t_bootstrap). That is a defect of CPython.
            late = steps[1].endswith(" thread")
            check_survival(executor, python, steps, tries=3 if late else 1)


def is_refused_late(step: str, python: Interpreter) -> bool:
    """Whether CPython hangs where that action comes at the end: gh-87950, gh-123940."""
    if step.endswith(" join"):
        return has(python.version, Quirk.JOIN_AT_THE_END_HANGS)
    return step.endswith(" thread") and python.version < (3, 12)


def test_every_action_now(executor: Executor, python: Interpreter) -> None:
    actions = set(ACTION.texts) - {"call", "raise"}
    for kind in ("subclass", "capsule", "bound-type", "list"):
        steps = [f"perform a {action}" for action in sorted(actions)]
        check_survival(executor, python, [f"node a {kind}", *steps], tries=3)
    for kind in sorted(CALLABLE):
        calls = ["perform a call", "root a codec", "unimport", "perform a call"]
        check_survival(executor, python, [f"node a {kind}", *calls])


def test_every_root(executor: Executor, python: Interpreter) -> None:
    for word in ROOT.words:
        for steps in use_root(word.text) if not word.abuse else ():
            check_survival(executor, python, steps)


@pytest.mark.parametrize("edge", ["key", "weak"])
def test_every_target_of_edges_that_do_not_take_all(
    executor: Executor, python: Interpreter, edge: str
) -> None:
    source = {"key": "dict", "weak": "list"}[edge]
    targets = sorted(EDGES_TO[edge])
    nodes = [f"node n{number} {kind}" for number, kind in enumerate(targets)]
    edges = [f"edge a n{number} {edge}" for number in range(len(targets))]
    check_survival(executor, python, [f"node a {source}", *nodes, *edges])


def test_nothing_that_is_legal_raises_in_a_subinterpreter(
    executor: Executor, python: Interpreter
) -> None:
    for flavour in [word.text for word in FLAVOUR.words if word.since <= python.version]:
        roots = [step for root in find_legal_roots(flavour, python) for step in use_root(root)[0]]
        hooks = [step for hook in HOOK.texts for steps in use_hook(hook) for step in steps]
        kinds = [step for kind in KIND.texts for step in use_kind(kind)]
        for steps in (roots, hooks, kinds):
            check_survival(
                executor, python, [f"start i {flavour}", "enter i", *steps, "enter main", "stop i"]
            )


def find_legal_roots(flavour: str, python: Interpreter) -> list[str]:
    """Return the roots that Python accepts.

    Before 3.12 the standard library's interpreters have no threads: Python raises there.
    """
    threadless = flavour == "stdlib" and python.version < (3, 12)
    return [root for root in ROOT.texts if not (threadless and root == "joined-thread")]


REFILLS = """
import array, ctypes
refill = act_refill()
freed = array.array("Q", [1]) * 30  # larger than what ctypes makes to read it
address, _ = freed.buffer_info()
del freed
refill(None)
print(hex(ctypes.c_uint64.from_address(address + 8).value))
"""


def test_freed_memory_is_refilled(python: Interpreter) -> None:
    """Read through an address that nobody may use any more, in a process as small as a child."""
    code = (LIBRARY / "actions.py").read_text() + REFILLS
    command = [python.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "0xa5a5a5a5a5a5a5a5\n"
