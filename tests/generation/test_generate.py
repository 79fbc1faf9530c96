from collections import Counter
from dataclasses import replace
from random import Random
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.generation.generate import (
    count_starts,
    find_free_name,
    generate,
    generate_step,
    import_first,
    leave_out,
    leaves_threads,
    stop_all,
)
from finfuzz.generation.weights import DEFAULT, Weights, pick
from finfuzz.program.language import MAX_LIVES, OPERATIONS
from finfuzz.program.legal import EDGES_FROM, EDGES_TO, HOOKS_OF, NOT_LEGAL
from finfuzz.program.model import Program
from finfuzz.program.scope import Scope, effective
from finfuzz.program.text import parse, to_text
from finfuzz.program.words import ACTION, EDGE, HOOK, KIND, Choice
from finfuzz.support.cpythons import NEWEST

SEEDS = st.integers(0, 2**64 - 1)
PYTHONS = st.sampled_from([(3, 9), (3, 11), (3, 12), NEWEST])
#: Every operation and every word as common as the others, but for what they cost.
EVEN = Weights(operations={}, words={})


def only(op: str) -> Weights:
    return Weights(operations=dict.fromkeys(OPERATIONS, 0.0) | {op: 1}, words={})


@given(SEEDS, PYTHONS, st.booleans())
def test_every_step_has_an_effect(seed: int, python: tuple[int, int], even: bool) -> None:
    weights = replace(EVEN, mutators={}, python=python) if even else Weights(python=python)
    program = generate(Random(seed), weights)
    assert effective(program, python) == program


@given(SEEDS)
def test_it_is_a_program(seed: int) -> None:
    program = generate(Random(seed))
    assert parse(to_text(program)) == program


@given(SEEDS)
def test_same_seed_same_program(seed: int) -> None:
    assert generate(Random(seed)) == generate(Random(seed))


@given(SEEDS, st.integers(0, 5), st.integers(0, 30))
def test_as_long_as_the_weights_say(seed: int, low: int, more: int) -> None:
    program = generate(Random(seed), Weights(length=(low, low + more)))
    assert low <= len(program) <= low + more


@given(st.from_type(Program), SEEDS)
def test_a_step_has_an_effect_behind_any_program(program: Program, seed: int) -> None:
    scope = Scope()
    for step in program.steps:
        scope.apply(step)
    assert scope.apply(generate_step(Random(seed), scope))


def test_nothing_of_the_language_is_out_of_reach() -> None:
    """Every operation and every word but abuse; what takes certain nodes is further below."""
    steps = [step for seed in range(30_000) for step in generate(Random(seed), EVEN).steps]
    assert {step.op for step in steps} == set(OPERATIONS)
    words = {
        (parameter.name, argument)
        for step in steps
        for _, parameter, argument in step.typed()
        if isinstance(parameter, Choice) and parameter not in (EDGE, HOOK, ACTION)
    }
    assert words == {
        (choice.name, text)
        for operation in OPERATIONS.values()
        for choice in operation.parameters
        if isinstance(choice, Choice) and choice not in (EDGE, HOOK, ACTION)
        for text in choice.texts
        if not choice.word(text).abuse
    }


@pytest.fixture(scope="module")
def everything() -> Scope:
    """With a node of each kind, and another class."""
    kinds = [*KIND.texts, "class"]
    return scope_behind("; ".join(f"node n{number} {kind}" for number, kind in enumerate(kinds)))


def generated(op: str, scope: Scope, count: int) -> set[tuple[str, ...]]:
    """The arguments of many steps, with kinds in place of names."""
    found = [generate_step(Random(seed), scope, only(op)).args for seed in range(count)]
    return {tuple(scope.here.get(argument, argument) for argument in args) for args in found}


def test_every_edge_that_can_leave_a_kind_does(everything: Scope) -> None:
    found = generated("edge", everything, 4000)
    legal = {(kind, edge) for kind, edges in EDGES_FROM.items() for edge in edges}
    assert {(source, edge) for source, _, edge in found} == legal
    for edge, kinds in EDGES_TO.items():
        assert {target for _, target, other in found if other == edge} <= kinds


def test_every_hook_that_a_kind_has_is_used(everything: Scope) -> None:
    found = generated("hook", everything, 6000)
    assert {(kind, hook) for kind, hook, _ in found} == {
        (kind, hook) for kind, hooks in HOOKS_OF.items() for hook in hooks
    }


def test_a_hook_does_all_that_it_may() -> None:
    nodes = "node a subclass; node b capsule; node c function"
    found = generated("hook", scope_behind(nodes), 20000)
    pairs = {(hook, action) for hook in HOOK.texts for action in ACTION.texts}
    assert {(hook, action) for _, hook, action in found} == pairs - NOT_LEGAL.keys()


def test_short_programs_are_more_common_than_long_ones() -> None:
    low, high = DEFAULT.length
    lengths = Counter(len(generate(Random(seed))) for seed in range(1000))
    middle = (low + high) / 2
    short = sum(count for length, count in lengths.items() if length < middle)
    assert short > 600
    assert set(lengths) == set(range(low, high + 1))


@pytest.mark.parametrize(
    "op", ["edge", "hook", "perform", "check", "root", "drop", "enter", "stop"]
)
def test_what_has_nothing_to_act_on_is_not_generated(op: str) -> None:
    """However much it weighs: in an empty scope it could have no effect."""
    heavy = Weights(operations={op: 1e9})
    assert op not in {generate_step(Random(seed), Scope(), heavy).op for seed in range(50)}


def test_nothing_forks_beside_a_subinterpreter() -> None:
    scope = scope_behind("start i legacy")
    heavy = Weights(operations={"fork": 1e9})
    assert "fork" not in {generate_step(Random(seed), scope, heavy).op for seed in range(50)}


def test_nothing_lives_again_beside_a_thread_that_outlives_python() -> None:
    scope = scope_behind("node a list; root a daemon-thread")
    heavy = Weights(operations={"again": 1e9})
    assert "again" not in {generate_step(Random(seed), scope, heavy).op for seed in range(50)}


def test_a_strict_interpreter_has_no_thread() -> None:
    scope = scope_behind("start i strict; enter i; node a list")
    heavy = Weights(operations=only("root").operations, words={"joined-thread": 1e9})
    assert all(scope.apply(generate_step(Random(seed), scope, heavy)) for seed in range(50))


def test_nothing_lives_again_where_it_has_lived_enough() -> None:
    scope = scope_behind("; ".join(["again"] * (MAX_LIVES - 1)))
    heavy = Weights(operations={"again": 1e9}, max_starts=99)
    assert "again" not in {generate_step(Random(seed), scope, heavy).op for seed in range(50)}


def scope_behind(text: str) -> Scope:
    scope = Scope()
    for step in parse("finfuzz 1\n" + text.replace("; ", "\n")).steps:
        assert scope.apply(step)
    return scope


IN_MAIN = "node a container; node b instance; start i legacy"
ALONE = "node a container; node b instance; start i legacy; stop i"
IN_A_SUBINTERPRETER = "start i legacy; start j isolated; enter i; node a container; node b list"


@pytest.mark.parametrize(
    ("op", "before"),
    [
        *(
            (op, before)
            for op in OPERATIONS
            for before in (IN_MAIN, IN_A_SUBINTERPRETER)
            if op not in ("fork", "native")
        ),
        ("fork", ALONE),
        ("native", IN_MAIN),
    ],
)
def test_weights_decide_the_operation_and_it_has_an_effect(op: str, before: str) -> None:
    for seed in range(100):
        scope = scope_behind(before)
        step = generate_step(Random(seed), scope, only(op))
        assert step.op == op
        assert scope.apply(step)


def test_no_interpreter_is_started_where_there_are_enough() -> None:
    scope = scope_behind("; ".join(f"start i{number} legacy" for number in range(8)))
    heavy = Weights(operations={"start": 1e9}, max_starts=99)
    assert "start" not in {generate_step(Random(seed), scope, heavy).op for seed in range(50)}


def test_no_more_interpreters_than_the_weights_allow() -> None:
    eager = Weights(operations={"start": 100, "again": 50}, max_starts=2)
    found = [count_starts(generate(Random(seed), eager)) for seed in range(50)]
    assert max(found) == 2


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("", ""),
        ("start i legacy\n", "stop i\n"),
        ("start i legacy\nstart j isolated\nenter i\n", "stop i\nstop j\n"),
        ("start i legacy\nstop i\n", ""),
        ("start i legacy\nstop i\nstart i legacy\nstart i legacy\n", "stop i\n"),
        ("stop i\nenter i\n", ""),
    ],
)
def test_what_a_program_would_leave_is_stopped_at_its_end(text: str, stops: str) -> None:
    program = parse(f"finfuzz 1\ncollect\n{text}# below\n")
    assert to_text(stop_all(program)) == f"finfuzz 1\ncollect\n{text}{stops}# below\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("start i legacy; again", "start i legacy; stop i; again"),
        (
            "start i legacy; enter i; again; drop a",
            "start i legacy; enter i; stop i; again; drop a",
        ),
    ],
)
def test_what_a_life_would_leave_is_stopped_at_its_end(before: str, after: str) -> None:
    stopped = to_text(stop_all(parse("finfuzz 1\n" + before.replace("; ", "\n"))))
    assert "; ".join(stopped.splitlines()[1:]) == after


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("node a list; root a joined-thread", False),
        ("start i legacy; enter i; node a list; root a joined-thread", True),
        ("start i strict; enter i; node a list; root a joined-thread", False),
        ("start i legacy; enter i; node a list; root a joined-thread; stop i", False),
        ("start i legacy; enter i; node a list; root a joined-thread; again", True),
        (
            "start i legacy; enter i; node a list; root a joined-thread; stop i; start i legacy",
            False,
        ),
        ("start i legacy; node a list; root a joined-thread", False),
    ],
)
def test_threads_that_a_program_leaves(text: str, leaves: bool) -> None:
    program = parse("finfuzz 1\n" + text.replace("; ", "\n"))
    assert leaves_threads(program) is leaves


@given(st.from_type(Program))
def test_stopping_all_leaves_no_interpreter_and_changes_nothing_else(program: Program) -> None:
    stopped = stop_all(program)
    rest = iter(stopped.steps)
    assert all(any(step is other for other in rest) for step in program.steps)
    scope = Scope()
    for step in stopped.steps:
        assert step.op != "again" or not scope.flavours
        scope.apply(step)
    assert not scope.flavours
    assert stop_all(stopped) == stopped


@pytest.mark.parametrize(
    ("taken", "stem", "expected"),
    [
        (set(), "", "a"),
        ({"a", "b"}, "", "c"),
        ({"b"}, "", "a"),
        ({*ascii_lowercase}, "", "a1"),
        ({*ascii_lowercase, "a1"}, "", "b1"),
        (set(), "i", "i1"),
        ({"i", "i1", "i3"}, "i", "i2"),
        ({"main"}, "i", "i1"),
    ],
)
def test_fresh_names(taken: set[str], stem: str, expected: str) -> None:
    assert find_free_name(taken, stem) == expected


def test_a_word_is_picked_by_weight() -> None:
    weights = Weights(operations=only("node").operations, words={"list": 1000})
    picked = Counter(generate_step(Random(seed), Scope(), weights).args[1] for seed in range(500))
    assert picked["list"] > 450


def test_what_weighs_nothing_is_never_picked() -> None:
    assert {pick(Random(seed), ["a", "b", "c"], [1, 0, 1]) for seed in range(50)} == {"a", "c"}


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("node a list; node b container", "import"),
        ("start i1 legacy; enter i1; import", "import"),
        ("self-check", "import"),
        ("node a container; node b list", "node a container"),
        ("import; node b list", "import"),
        ("shape a ring container 3", "shape a ring container 3"),
        ("node a list; root a sys", "node a list"),  # never needs the extension
    ],
)
def test_what_uses_the_extension_can_import_it_first(text: str, begins: str) -> None:
    program = parse("finfuzz 1\n" + text.replace("; ", "\n"))
    changed = import_first(program)
    assert to_text(changed).split("\n")[1] == begins
    assert changed.steps[-len(program) :] == program.steps
    assert import_first(changed) == changed


def test_steps_with_some_words_are_left_out() -> None:
    program = parse("finfuzz 1\nself-check\nnode enum list\nnode b enum\nroot enum sys\nimport\n")
    left = leave_out(program, {"enum", "self-check"})
    assert to_text(left) == "finfuzz 1\nnode enum list\nroot enum sys\nimport\n"  # `enum` is a name
