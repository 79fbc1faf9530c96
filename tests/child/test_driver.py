"""The driver performs the language as documented, on every CPython."""

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterator
from random import Random
from types import ModuleType

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.generation.generate import generate, stop_all
from finfuzz.generation.mutate import mutate
from finfuzz.generation.weights import Weights
from finfuzz.program.language import OPERATIONS, PREFIXES, Role
from finfuzz.program.model import NODE_ROLES, Program, Step
from finfuzz.program.scope import effective
from finfuzz.program.text import parse, to_text
from finfuzz.program.words import WAY, Choice
from finfuzz.targets.build import Build
from finfuzz.targets.interpreters import Interpreter
from helpers.places import CHILD

#: Modules that the driver may import: built into the interpreter, and imported only when used.
BUILT_IN = {"gc", "marshal", "posix", "sys"}


@pytest.fixture(scope="module")
def driver() -> ModuleType:
    spec = importlib.util.spec_from_file_location("driver", CHILD / "driver.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def executor(plain_c: Build) -> Iterator[Executor]:
    with Executor(plain_c, Limits(deadline=20)) as running:
        yield running


def read(steps: str) -> Program:
    return parse("finfuzz 1\n" + steps.replace("; ", "\n"))


# ---- the model and the driver -----------------------------------------------------------------


#: Equal weights for every operation and word, so that many interpreters start and stop.
EVEN = Weights(operations={}, words={}, max_starts=4)


def make_generated(rng: Random) -> Program:
    return generate(rng, EVEN)


def make_mutated(rng: Random) -> Program:
    program = generate(rng)
    for _ in range(8):
        program = mutate(rng, program, EVEN)
    return program


def make_random_steps(rng: Random) -> Program:
    """Make steps independently of each other: about half of them have no effect."""
    picked = rng.choices(list(OPERATIONS), k=24)
    steps = [
        Step(op, tuple(pick_argument(rng, what) for what in OPERATIONS[op].parameters))
        for op in picked
    ]
    return Program((*steps[:4], Step("start", ("i", "legacy")), *steps[4:]))


def pick_argument(rng: Random, parameter: Role | Choice) -> str:
    if isinstance(parameter, Choice):
        return rng.choice(parameter.texts)
    if parameter in NODE_ROLES:
        return rng.choice(["a", "b", "i"])
    return rng.choice(["i", "j"] if parameter is Role.NEW_INTERPRETER else ["i", "j", "main"])


@pytest.mark.parametrize("make", [make_generated, make_mutated, make_random_steps])
def test_the_model_knows_which_steps_have_an_effect(
    executor: Executor, python: Interpreter, make: Callable[[Random], Program]
) -> None:
    """All interpreters are stopped: before 3.13 an interpreter left running aborts CPython."""
    for seed in range(20):
        program = make(Random(seed))
        check_agreement(executor, stop_all(effective(program, python.version[:2])), python)


#: Legal steps that Python may refuse with an exception, and why.
MAY_RAISE = {
    "raise": "`perform` does it at once, and nothing else catches the exception",
    "base": "a class that derives from the other already",
    "py-atexit": "there is room for 32 functions in all",
    "joined-thread": "an interpreter of the standard library's has no threads before 3.12",
}


def test_what_python_refuses_is_counted_and_printed(executor: Executor) -> None:
    program = read("node a class; node b class; edge a b base; edge b a base")
    outcome = executor.run(program)
    assert outcome.took == (3, 0, 1)
    assert outcome.stderr.startswith("finfuzz: step 4 `edge b a base` raised TypeError: ")
    assert not outcome.died


@pytest.mark.parametrize(
    "steps",
    [
        "start i legacy; enter i; node a list; stop i; drop a; enter main; node a list; drop a",
        "start i legacy; enter i; node a list; root a type-dict; root a sys; stop i",
        "start i isolated; enter i; node a list; stop i; drop a",
        "node a list; check a; node a dict; check a; node a function; check a; drop b; check b",
        "node a dict; edge a a attribute; edge a a append; node b instance; edge b a append",
        "node a list; hook a clear cast; node a subclass; hook a clear cast; hook b clear cast",
        "; ".join([*(f"start i{n} legacy" for n in range(9)), "stop i8", *("stop i7",) * 2]),
        "start i legacy; start i legacy; enter j; enter i; enter i; stop i; stop i; enter i",
        "exit sys-exit; exit return; enter main; stop main; collect",
        # lives, forks and threads
        "node a list; again; drop a; node a list; root a sys; again; again; drop a",
        "start i legacy; fork; stop i; fork; fork; node a list; drop a; fork; drop a",
        "elsewhere; node a list; elsewhere; drop b; elsewhere; drop a; drop a",
        "start i legacy; enter i; elsewhere; node a list; elsewhere; stop i; stop i",
        "node a list; elsewhere; fork; root a signal; elsewhere; exit return; root a signal",
        "start i legacy; enter i; start j legacy; enter j; node a list; stop i; drop a; stop j",
        "elsewhere; start i legacy; native gil-state; node a list; native framework; stop i",
        "start i legacy; elsewhere; enter i; native gil-state; node a list; released; collect",
        "together; import; together; node a list; together; drop a; everywhere; collect; drop a",
        "start i legacy; start j legacy; enter j; everywhere; import; everywhere; stop i; collect",
        "start i strict; enter i; together; start j stdlib; everywhere; node a list; drop a",
        "native gil-state; import; again; native gil-state; fork; native framework; import",
        "import; unimport; unimport; use second; unimport; node a container; self-check; collect",
    ],
)
def test_the_model_knows_what_is_rare_too(
    executor: Executor, python: Interpreter, steps: str
) -> None:
    """Run each beginning of the program, so that two mistakes can't cancel out."""
    program = read(steps)
    for length in range(len(program) - 4, len(program) + 1):
        check_agreement(executor, stop_all(Program(program.steps[:length])), python)


def check_agreement(executor: Executor, program: Program, python: Interpreter) -> None:
    text = to_text(program)
    outcome = executor.run(program)
    effects = len(effective(program, python.version[:2]))
    took, skipped, raised = outcome.took
    may_raise = sum(not MAY_RAISE.keys().isdisjoint(step.args) for step in program.steps)
    assert (took + raised, skipped) == (effects, len(program) - effects), f"{text}\n{outcome}"
    assert raised <= may_raise, f"{text}\n{outcome.stderr}"
    assert not outcome.died, f"{text}\n{outcome}"


def test_the_driver_has_every_operation(driver: ModuleType) -> None:
    in_interpreters = {"start", "enter", "stop"}
    in_run = {"exit", "fork", "again", *PREFIXES}
    assert set(driver.STEPS) == set(OPERATIONS) - in_interpreters - in_run
    assert driver.PREFIXES == PREFIXES
    assert all(callable(getattr(driver.Interpreters, name)) for name in in_interpreters)


def test_the_driver_knows_which_arguments_name_nodes(driver: ModuleType) -> None:
    assert {
        name: tuple(n for n, what in enumerate(operation.parameters, 1) if what is Role.NODE)
        for name, operation in OPERATIONS.items()
        if Role.NODE in operation.parameters
    } == driver.NAMED


#: Exit code, signal, and the last phase of the process and its main interpreter.
ENDS = {
    "return": (0, None, "exited/dict-cleared"),
    "sys-exit": (0, None, "exited/dict-cleared"),
    "exception": (1, None, "exited/dict-cleared"),
    "interrupt": (None, "SIGINT", "exited/dict-cleared"),
    "os-exit": (0, None, "running"),
    "c-exit": (0, None, "exited"),
    "thread-exit": (0, None, "exited"),
}


@pytest.mark.parametrize("way", WAY.texts)
def test_every_exit(executor: Executor, way: str) -> None:
    inside = f"exit sys-exit; start i legacy; enter i; exit {way}; stop i"
    for steps in (f"exit {way}", inside, f"exit sys-exit; again; exit {way}"):
        outcome = executor.run(read(steps))
        assert (outcome.exit_code, outcome.signal, outcome.phase) == ENDS[way]
        assert not outcome.died


# ---- its environment --------------------------------------------------------------------------


MODULES = ["words/*.py", "extensions/*.py"]
FILES = ["driver.py", "zygote.py"]
FILES += [str(path.relative_to(CHILD)) for pattern in MODULES for path in CHILD.glob(pattern)]


@pytest.mark.parametrize("file", FILES)
def test_the_oldest_python_compiles_it(pythons: list[Interpreter], file: str) -> None:
    if not pythons:
        pytest.skip("no CPython found")
    code = "import sys; compile(open(sys.argv[1], encoding='utf-8').read(), sys.argv[1], 'exec')"
    command = [pythons[-1].executable, "-I", "-W", "error", "-c", code, CHILD / file]
    subprocess.run(command, check=True)


def test_the_driver_imports_what_it_may() -> None:
    tree = ast.parse((CHILD / "driver.py").read_text())
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imported == BUILT_IN
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


def test_what_it_imports_is_built_in(python: Interpreter) -> None:
    code = "import sys; print(*sys.builtin_module_names)"
    command = [python.executable, "-I", "-S", "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert BUILT_IN.issubset(printed.split())


def test_it_can_be_loaded_without_a_runtime(driver: ModuleType) -> None:
    assert driver.runtime is None
    assert "driver" not in sys.modules
