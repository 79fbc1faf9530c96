from collections import Counter
from random import Random
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.program.generate import fresh_name, generate, generate_step, pick_word, stop_all
from fuzz.program.language import (
    ABUSE,
    EDGE,
    EDGES_FROM,
    KIND,
    OPERATIONS,
    ROOT,
    Choice,
)
from fuzz.program.model import Program
from fuzz.program.scope import Scope, effective
from fuzz.program.text import parse, to_text
from fuzz.program.weights import DEFAULT, Weights, pick

SEEDS = st.integers(0, 2**64 - 1)


@given(SEEDS)
def test_every_step_has_an_effect(seed: int) -> None:
    program = generate(Random(seed))
    assert effective(program) == program


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
    """Every operation, every word, every edge that can leave a kind; and no abuse."""
    steps = [step for seed in range(2000) for step in generate(Random(seed)).steps]
    assert {step.op for step in steps} == set(OPERATIONS)
    words = {
        (parameter.name, argument)
        for step in steps
        for _, parameter, argument in step.typed()
        if isinstance(parameter, Choice)
    }
    assert words == {
        (choice.name, text)
        for operation in OPERATIONS.values()
        for choice in operation.parameters
        if isinstance(choice, Choice)
        for text in choice.texts
    }
    assert ABUSE.keys().isdisjoint(step.args[1:] for step in steps if step.op == "hook")


def test_every_edge_that_can_leave_a_kind_does() -> None:
    seen = set()
    for seed in range(1000):
        scope = Scope()
        for step in generate(Random(seed)).steps:
            if step.op == "edge":
                seen.add((scope.here[step.args[0]], step.args[2]))
            scope.apply(step)
    assert seen == {(kind, edge) for kind, edges in EDGES_FROM.items() for edge in edges}


def test_short_programs_are_more_common_than_long_ones() -> None:
    low, high = DEFAULT.length
    lengths = Counter(len(generate(Random(seed))) for seed in range(1000))
    middle = (low + high) / 2
    short = sum(count for length, count in lengths.items() if length < middle)
    assert short > 600
    assert set(lengths) == set(range(low, high + 1))


@pytest.mark.parametrize("op", ["edge", "hook", "check", "root", "drop", "enter", "stop"])
def test_what_has_nothing_to_act_on_is_not_generated(op: str) -> None:
    """However much it weighs: in an empty scope it could have no effect."""
    heavy = Weights(operations={op: 1e9})
    assert {generate_step(Random(seed), Scope(), heavy).op for seed in range(50)} <= {
        *("import", "node", "collect", "start", "exit")
    }


def scope_behind(text: str) -> Scope:
    scope = Scope()
    for step in parse("finfuzz 1\n" + text.replace("; ", "\n")).steps:
        assert scope.apply(step)
    return scope


@pytest.mark.parametrize("op", OPERATIONS)
@pytest.mark.parametrize(
    "before",
    [
        "node a container; node b instance; start i legacy",
        "start i legacy; start j isolated; enter i; node a container; node b list",
    ],
)
def test_weights_decide_the_operation_and_it_has_an_effect(op: str, before: str) -> None:
    only = Weights(operations=dict.fromkeys(OPERATIONS, 0.0) | {op: 1})
    for seed in range(100):
        scope = scope_behind(before)
        step = generate_step(Random(seed), scope, only)
        assert step.op == op
        assert scope.apply(step)


def test_no_interpreter_is_started_where_there_are_enough() -> None:
    scope = scope_behind("; ".join(f"start i{number} legacy" for number in range(8)))
    heavy = Weights(operations={"start": 1e9}, max_starts=99)
    assert "start" not in {generate_step(Random(seed), scope, heavy).op for seed in range(50)}


def test_no_more_interpreters_than_the_weights_allow() -> None:
    eager = Weights(operations={"start": 100}, max_starts=1)
    for seed in range(50):
        assert sum(step.op == "start" for step in generate(Random(seed), eager).steps) <= 1


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


@given(st.from_type(Program))
def test_stopping_all_leaves_no_interpreter_and_changes_nothing_before(program: Program) -> None:
    stopped = stop_all(program)
    assert stopped.steps[: len(program)] == program.steps
    added = stopped.steps[len(program) :]
    assert effective(stopped).steps == effective(program).steps + added
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
    assert fresh_name(taken, stem) == expected


def test_a_word_is_picked_by_weight_and_from_among_those_allowed() -> None:
    weights = Weights(words={"list": 1000})
    picked = Counter(pick_word(Random(seed), KIND, weights) for seed in range(500))
    assert picked["list"] > 450
    among = ("sys", "codec")
    assert {pick_word(Random(seed), ROOT, weights, among) for seed in range(50)} == set(among)
    assert {pick_word(Random(seed), EDGE, weights) for seed in range(50)} == set(EDGE.texts)


def test_what_weighs_nothing_is_never_picked() -> None:
    assert {pick(Random(seed), ["a", "b", "c"], [1, 0, 1]) for seed in range(50)} == {"a", "c"}
