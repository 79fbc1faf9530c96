"""Properties of all mutators and of `mutate`; what each of them does is in test_mutators.py."""

import math
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.generation.generate import count_starts, generate
from finfuzz.generation.mutate import MUTATORS, Mutator, drop_expensive_steps, mutate
from finfuzz.generation.weights import DEFAULT, Weights
from finfuzz.program.model import Program, Step
from finfuzz.program.scope import Scope, effective
from finfuzz.program.text import parse, to_text
from finfuzz.program.words import ROOT
from finfuzz.support.cpythons import NEWEST

SEEDS = st.integers(0, 2**64 - 1)
PYTHONS = st.sampled_from([(3, 9), (3, 11), NEWEST])


def read(text: str) -> Program:
    """Steps separated by semicolons."""
    return parse("finfuzz 1\n" + text.replace(";", "\n"))


# ---- each mutator -----------------------------------------------------------------------------


@given(st.from_type(Program), SEEDS, PYTHONS)
def test_insert_adds_one_step_that_has_an_effect(
    program: Program, seed: int, python: tuple[int, int]
) -> None:
    longer = MUTATORS["insert"](Random(seed), program, Weights(python=python))
    assert longer is not None
    assert len(longer) == len(program) + 1
    number = next(n for n, step in enumerate(longer.steps) if step not in program.steps[n : n + 1])
    assert longer.steps[:number] + longer.steps[number + 1 :] == program.steps
    scope = Scope(python)
    assert [scope.apply(step) for step in longer.steps[: number + 1]][-1]


def test_insert_adds_what_only_the_steps_before_make_possible() -> None:
    program = read("node a container; start i legacy")
    inserted = {MUTATORS["insert"](Random(seed), program, DEFAULT) for seed in range(300)}
    behind = {longer.steps[2].op for longer in inserted if longer and len(longer) == 3}
    assert behind >= {"edge", "hook", "root", "check", "drop", "enter", "stop"}


@given(SEEDS)
def test_what_a_shape_is_unrolled_to_has_an_effect(seed: int) -> None:
    """And what follows it has the effect that it had."""
    program = generate(Random(seed), Weights(operations={"shape": 10}))
    unroll_shape = MUTATORS["unroll"](Random(seed), program, DEFAULT)
    shapes = sum(step.op == "shape" for step in program.steps)
    assert (unroll_shape is None) == (shapes == 0)
    if unroll_shape is not None:
        assert effective(unroll_shape) == unroll_shape
        assert sum(step.op == "shape" for step in unroll_shape.steps) == shapes - 1


@given(SEEDS)
def test_a_long_life_cycle_keeps_its_end(seed: int) -> None:
    """Mutants of 40 steps were cut off at 24 (issue 19)."""
    long = Program(tuple(Step("node", (f"a{number}", "list")) for number in range(40)))
    spliced = MUTATORS["splice"](Random(seed), long, DEFAULT)
    assert spliced is not None
    assert set(long.steps) <= set(spliced.steps)
    assert 40 <= len(spliced) <= DEFAULT.longest


@given(st.from_type(Program), SEEDS)
def test_splice_keeps_the_program_and_adds_a_piece(program: Program, seed: int) -> None:
    spliced = MUTATORS["splice"](Random(seed), program, DEFAULT)
    assert spliced is not None
    rest = iter(spliced.steps)
    assert all(any(step is other for other in rest) for step in program.steps)
    assert len(program) < len(spliced) <= DEFAULT.max_steps


@given(st.from_type(Program), SEEDS)
def test_what_mutators_make_are_programs_and_the_same_for_the_same_seed(
    program: Program, seed: int
) -> None:
    for mutator in MUTATORS.values():
        changed = mutator(Random(seed), program, DEFAULT)
        assert changed is None or parse(to_text(changed)) == changed
        assert changed == mutator(Random(seed), program, DEFAULT)


@given(st.from_type(Program), SEEDS)
def test_comments_below_stay(program: Program, seed: int) -> None:
    for name in MUTATORS:
        changed = MUTATORS[name](Random(seed), program, DEFAULT)
        assert changed is None or changed.below == program.below


# ---- mutate -----------------------------------------------------------------------------------


@given(st.from_type(Program), SEEDS)
def test_mutation_gives_a_program_and_the_same_for_the_same_seed(
    program: Program, seed: int
) -> None:
    changed = mutate(Random(seed), program)
    assert parse(to_text(changed)) == changed
    assert changed == mutate(Random(seed), program)


@given(st.from_type(Program), SEEDS)
def test_one_mutation_makes_a_difference(program: Program, seed: int) -> None:
    assert mutate(Random(seed), program, Weights(again=0)) != program


@given(st.from_type(Program), SEEDS, PYTHONS)
def test_a_mutation_without_its_dead_steps_is_whole(
    program: Program, seed: int, python: tuple[int, int]
) -> None:
    """What campaigns do with it: each step left has an effect, and none of them is abuse."""
    changed = effective(mutate(Random(seed), program, Weights(python=python)), python)
    assert effective(changed, python) == changed
    assert not any(ROOT.word(s.args[1]).abuse for s in changed.steps if s.op == "root")


@pytest.mark.parametrize("text", ["collect", "node a list; root a sys; exit return"])
def test_mutations_on_top_of_each_other_make_a_difference(text: str) -> None:
    program, weights = read(text), Weights(again=0.8)
    assert all(mutate(Random(seed), program, weights) != program for seed in range(1000))


@given(SEEDS)
def test_a_hundred_generations_stay_within_bounds(seed: int) -> None:
    rng, weights = Random(seed), Weights(max_steps=20, length=(2, 16))
    program = read("")
    for _ in range(100):
        program = mutate(rng, program, weights)
        assert len(program) <= 20
        assert count_starts(program) <= weights.most_starts


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("; ".join(["collect"] * 8), Weights(max_steps=8, length=(2, 8))),
        ("; ".join(f"start i{n} legacy" for n in range(3)), DEFAULT),
        ("node a list; drop a", Weights(max_starts=0, most_starts=0)),
    ],
)
def test_bounds_hold_for_a_program_that_is_at_them(text: str, weights: Weights) -> None:
    changed = [mutate(Random(seed), read(text), weights) for seed in range(300)]
    assert max(map(len, changed)) <= weights.max_steps
    assert max(map(count_starts, changed)) <= weights.most_starts


def only(name: str) -> dict[str, float]:
    """Weights of mutators where one alone is ever tried."""
    return dict.fromkeys(MUTATORS, 0.0) | {name: 1}


@pytest.mark.parametrize(
    "weights",
    [
        Weights(mutators=only("move"), max_steps=1, length=(2, 16)),
        Weights(mutators=only("move"), max_starts=0, operations={"start": 100, "again": 50}),
    ],
)
def test_bounds_hold_where_no_mutator_finds_a_way(weights: Weights) -> None:
    """Eight tries fail, and a new program takes the old one's place."""
    changed = [mutate(Random(seed), read("collect"), weights) for seed in range(20)]
    assert max(map(len, changed)) <= weights.max_steps
    assert max(map(count_starts, changed)) <= weights.most_starts


GRAPH = "node a{0} container; edge a{0} a{0} append; root a{0} codec"


@pytest.mark.parametrize(
    ("piece", "weights"),
    [
        (f"start i{{0}} legacy; enter i{{0}}; {GRAPH}", Weights(max_starts=3)),
        (GRAPH, Weights(max_steps=8)),
    ],
)
def test_a_seed_beyond_the_bounds_still_has_neighbours(piece: str, weights: Weights) -> None:
    """Written by hand, say, in a corpus; what was mutated shares most of its steps with it."""
    program = read("; ".join(piece.format(number) for number in range(5)))
    weights = replace(weights, mutators=only("rewire"), again=0, cheapen=0, affordable=math.inf)
    for seed in range(20):
        changed = mutate(Random(seed), program, weights)
        assert len(set(program.steps) & set(changed.steps)) == len(program) - 1


@pytest.mark.parametrize("name", MUTATORS)
def test_weights_decide_the_mutator(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: set[str] = set()
    for other, mutator in list(MUTATORS.items()):
        monkeypatch.setitem(MUTATORS, other, noted(other, mutator, tried))
    program = read("node a list; node b list; root a sys; start i legacy; enter i; collect")
    for seed in range(10):
        mutate(Random(seed), program, Weights(mutators=only(name)))
    assert tried == {name}


def noted(name: str, mutator: Mutator, tried: set[str]) -> Mutator:
    def note(rng: Random, program: Program, weights: Weights) -> Program | None:
        tried.add(name)
        return mutator(rng, program, weights)

    return note


def test_dear_steps_are_inherited_the_more_rarely_the_more_they_cost() -> None:
    program = read("node a list; hook a threading-exit plain; fork; exit exception")
    costs = [step.cost for step in program.steps]
    assert costs == [1, 3, 2.5, 7.5]
    kept = Counter(
        step for seed in range(3000) for step in drop_expensive_steps(Random(seed), program).steps
    )
    for step, cost in zip(program.steps, costs, strict=True):
        assert kept[step] == pytest.approx(3000 / cost, rel=0.15)


@given(st.from_type(Program), st.integers(0, 2**32))
def test_what_costs_no_more_than_others_stays(program: Program, seed: int) -> None:
    left = drop_expensive_steps(Random(seed), program).steps
    assert [step for step in left if step.cost <= 1] == [
        step for step in program.steps if step.cost <= 1
    ]
