"""The driver does what the language says, on every CPython."""

import ast
import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

import fuzz
from fuzz.executor.limits import Limits
from fuzz.executor.zygote import Executor
from fuzz.program import language
from fuzz.program.generate import generate
from fuzz.program.language import (
    CONTAINERS,
    EDGES_FROM,
    FLAVOUR,
    KIND,
    OPERATIONS,
    ROOT,
    Choice,
    Role,
)
from fuzz.program.model import NODE_ROLES, Program, Step
from fuzz.program.mutate import mutate
from fuzz.program.scope import effective
from fuzz.program.text import parse, to_text
from fuzz.program.weights import Weights
from fuzz.target.build import Build
from fuzz.target.interpreters import Interpreter

CHILD = Path(fuzz.__file__).parent / "child"
#: What the driver may import: all of it built into the interpreter, and the extension.
BUILT_IN = {"_codecs", "atexit", "builtins", "gc", "sys"}


@pytest.fixture(scope="module")
def driver() -> ModuleType:
    spec = importlib.util.spec_from_file_location("driver", CHILD / "driver.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def events(build: Build, *steps: str) -> list[tuple[str, str]]:
    """(hook, phase) of all that happened, and the steps all had an effect."""
    with Executor(build) as executor:
        outcome = executor.run("\n".join(["finfuzz 1", *steps, ""]), events=True)
    assert outcome.took == (len(steps), 0, 0)
    return [(event.hook, event.phase) for event in outcome.events]


# ---- the model and the driver -----------------------------------------------------------------


#: Every operation as common as the others, so that much is started, entered and stopped.
EVEN = Weights(operations={}, max_starts=4)


def generated(rng: Random) -> Program:
    return generate(rng, EVEN)


def mutated(rng: Random) -> Program:
    program = generate(rng)
    for _ in range(8):
        program = mutate(rng, program, EVEN)
    return program


def anything(rng: Random) -> Program:
    """Steps that know nothing of each other: about half of them have no effect."""
    picked = rng.choices(list(OPERATIONS), k=24)
    steps = [
        Step(op, tuple(argument(rng, what) for what in OPERATIONS[op].parameters)) for op in picked
    ]
    return Program((*steps[:4], Step("start", ("i", "legacy")), *steps[4:]))


def argument(rng: Random, parameter: Role | Choice) -> str:
    if isinstance(parameter, Choice):
        return rng.choice(parameter.texts)
    if parameter in NODE_ROLES:
        return rng.choice(["a", "b", "i"])
    return rng.choice(["i", "j"] if parameter is Role.NEW_INTERPRETER else ["i", "j", "main"])


@pytest.mark.parametrize("make", [generated, mutated, anything])
def test_the_model_knows_which_steps_have_an_effect(
    plain_c: Build, python: Interpreter, make: Callable[[Random], Program]
) -> None:
    with Executor(plain_c, Limits(deadline=60)) as executor:
        for seed in range(25):
            check_agreement(executor, make(Random(seed)), python)


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
    ],
)
def test_the_model_knows_what_is_rare_too(plain_c: Build, python: Interpreter, steps: str) -> None:
    """Each beginning of the program, so that no two mistakes can make up for each other."""
    program = parse("finfuzz 1\n" + steps.replace("; ", "\n"))
    with Executor(plain_c, Limits(deadline=60)) as executor:
        for length in range(len(program) - 4, len(program) + 1):
            check_agreement(executor, Program(program.steps[:length]), python)


def test_abuse_has_an_effect_where_it_is_asked_for(plain_c: Build) -> None:
    with Executor(plain_c, Limits(deadline=60, abuse=True)) as executor:
        for action in language.ACTION.texts:
            text = f"finfuzz 1\nnode a container\nhook a traverse {action}\ncollect\n"
            assert executor.run(text).took == (3, 0, 0)


def check_agreement(executor: Executor, program: Program, python: Interpreter) -> None:
    text = to_text(program)
    outcome = executor.run(text)
    effects = len(effective(program, python.version[:2]))
    assert outcome.took == (effects, len(program) - effects, 0), f"{text}\n{outcome.stderr}"


@pytest.mark.parametrize("constant", ["HOOKS", "ACTIONS", "FLAVOURS", "ABUSE", "MAX_INTERPRETERS"])
def test_what_the_driver_repeats_of_the_language_is_the_same(
    driver: ModuleType, constant: str
) -> None:
    wanted = {
        "HOOKS": {text: number for number, text in enumerate(language.HOOK.texts)},
        "ACTIONS": {text: number for number, text in enumerate(language.ACTION.texts)},
        "FLAVOURS": {text: number for number, text in enumerate(language.FLAVOUR.texts, 1)},
        "ABUSE": set(language.ABUSE),
        "MAX_INTERPRETERS": language.MAX_INTERPRETERS,
    }
    assert getattr(driver, constant) == wanted[constant]


@pytest.mark.parametrize(
    ("numbers", "file", "enum", "prefix"),
    [
        ("HOOKS", "targets/probe.h", "Hook", "kHook"),
        ("ACTIONS", "targets/probe.h", "Action", "k"),
        ("FLAVOURS", "runtime/interpreters.h", "Flavour", "k"),
    ],
)
def test_the_numbers_are_those_of_the_headers(
    driver: ModuleType, numbers: str, file: str, enum: str, prefix: str
) -> None:
    found = re.search(rf"enum {enum} {{([^}}]*)}}", (CHILD / file).read_text())
    assert found is not None
    theirs: dict[str, int] = {}
    for entry in found[1].replace(" ", "").split(","):
        name, _, value = entry.strip().partition("=")
        theirs[name] = int(value or len(theirs))
    mine = getattr(driver, numbers)
    assert mine == {word: theirs[prefix + word.capitalize()] for word in mine}


def test_the_driver_has_every_operation(driver: ModuleType) -> None:
    in_interpreters = {"start", "enter", "stop"}
    assert set(driver.STEPS) == set(OPERATIONS) - in_interpreters - {"exit"}
    assert all(callable(getattr(driver.Interpreters, name)) for name in in_interpreters)


def test_the_driver_has_every_kind_and_every_root(driver: ModuleType) -> None:
    assert set(driver.MAKE) == set(KIND.texts)
    assert set(driver.HOLD) == set(ROOT.texts)


# ---- what steps do ----------------------------------------------------------------------------

MARK = ("start mark legacy", "stop mark")  # which is seen among the events
DEALLOC = ("dealloc", "running")


def so_far(build: Build, *steps: str) -> list[tuple[str, str]]:
    """What has happened when the steps are over and the program is not."""
    happened = events(build, *steps, *MARK)
    return happened[: happened.index(("modules-cleared", "stopping/modules-cleared"))]


def test_what_nothing_holds_dies_when_its_name_is_dropped(plain_c: Build) -> None:
    assert DEALLOC in so_far(plain_c, "node a container", "drop a")
    assert DEALLOC in so_far(plain_c, "node a container", "node a list")
    assert DEALLOC not in so_far(plain_c, "node a container", "collect")


def test_a_cycle_dies_when_it_is_collected(plain_c: Build) -> None:
    cycle = ("node a container", "edge a a append", "drop a")
    assert DEALLOC not in so_far(plain_c, *cycle)
    happened = so_far(plain_c, *cycle, "collect")
    assert happened.index(("clear", "running")) < happened.index(DEALLOC)


@pytest.mark.parametrize("root", ROOT.texts)
def test_what_a_root_holds_lives_on(plain_c: Build, root: str) -> None:
    steps = ("node a container", f"root a {root}", "drop a", "collect")
    assert DEALLOC not in so_far(plain_c, *steps)


@pytest.mark.parametrize("root", [word.text for word in ROOT.words if not word.main_only])
def test_what_a_root_holds_in_a_subinterpreter_lives_until_that_stops(
    plain_c: Build, root: str
) -> None:
    inside = ("node a container", f"root a {root}", "drop a", "collect")
    happened = events(plain_c, "start i legacy", "enter i", *inside, "stop i")
    assert DEALLOC not in happened
    assert ("dict-cleared", "stopping/dict-cleared") in happened


def test_what_is_leaked_never_dies(plain_c: Build) -> None:
    happened = events(plain_c, "node a container", "root a leak")
    assert "dealloc" not in dict(happened)


@pytest.mark.parametrize("root", ROOT.texts)
def test_roots_of_one_sort_do_not_replace_each_other(plain_c: Build, root: str) -> None:
    one = ("node a container", f"root a {root}", "drop a")
    assert DEALLOC not in so_far(plain_c, *one, *one)


EDGES = [(kind, edge) for kind, edges in EDGES_FROM.items() for edge in edges]


@pytest.mark.parametrize(("kind", "edge"), EDGES)
def test_an_edge_keeps_what_it_leads_to(plain_c: Build, kind: str, edge: str) -> None:
    two = (f"node a {kind}", "node b container", f"edge a b {edge}", "node b list")
    assert DEALLOC not in so_far(plain_c, *two)
    if kind not in CONTAINERS:  # one that dies itself says so in the same words
        assert DEALLOC in so_far(plain_c, *two, "drop a", "collect")
    # Two edges of one sort do not replace each other.
    three = (*two[:3], "node b container", *two[2:])
    assert DEALLOC not in so_far(plain_c, *three)


def test_a_name_left_over_goes_before_its_interpreter_does(plain_c: Build) -> None:
    """As a local of a function would."""
    inside = ("start i legacy", "enter i", "node a container")
    assert DEALLOC in events(plain_c, *inside, "stop i")
    assert DEALLOC in events(plain_c, *inside)


#: A container that holds itself, and that a search function in the codec registry holds.
SELF_CYCLE_IN_THE_CODEC_REGISTRY = [
    ("import", "running"),
    # Py_FinalizeEx collects
    ("traverse", "finalizing"),
    ("traverse", "finalizing"),
    ("modules-cleared", "finalizing/modules-cleared"),
    ("traverse", "finalizing/modules-cleared"),
    ("traverse", "finalizing/modules-cleared"),
    ("traverse", "finalizing/modules-cleared"),
    ("traverse", "finalizing/modules-cleared"),
    # the interpreter's dict goes, and with it a framework's internals; then the codec registry
    ("dict-cleared", "finalizing/dict-cleared"),
    ("traverse", "finalizing/dict-cleared"),
    ("traverse", "finalizing/dict-cleared"),
    ("clear", "finalizing/dict-cleared"),
    ("dealloc", "finalizing/dict-cleared"),
]


def test_how_a_cycle_in_the_codec_registry_ends_on_3_13(plain_c_313: Build) -> None:
    steps = ("import", "node a container", "edge a a append", "root a codec")
    assert events(plain_c_313, *steps) == SELF_CYCLE_IN_THE_CODEC_REGISTRY


@pytest.mark.parametrize("flavour", FLAVOUR.texts)
def test_how_one_in_a_subinterpreter_ends_on_3_13(plain_c_313: Build, flavour: str) -> None:
    """Py_EndInterpreter does the same, but for the first collection."""
    steps = ("import", "node a container", "edge a a append", "root a codec")
    assert events(plain_c_313, f"start i {flavour}", "enter i", *steps, "stop i") == [
        *(
            (hook, phase.replace("finalizing", "stopping"))
            for hook, phase in SELF_CYCLE_IN_THE_CODEC_REGISTRY
            if phase != "finalizing"
        ),
        ("modules-cleared", "finalizing/modules-cleared"),
        ("dict-cleared", "finalizing/dict-cleared"),
    ]


# ---- what it runs on --------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["driver.py", "zygote.py"])
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
    assert imported == BUILT_IN | {"finfuzz_target"}
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


def test_what_it_imports_is_built_in(python: Interpreter) -> None:
    code = "import sys; print(*sys.builtin_module_names)"
    command = [python.executable, "-I", "-S", "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert BUILT_IN.issubset(said.split())


def test_it_needs_no_runtime_to_be_looked_at(driver: ModuleType) -> None:
    assert driver.runtime is None
    assert "driver" not in sys.modules
