"""What each mutator makes of a small program: everything it can come to, over many seeds."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.program.generate import generate
from fuzz.program.language import KIND
from fuzz.program.model import Program
from fuzz.program.mutate import MUTATORS, Mutator, mutate
from fuzz.program.scope import Scope
from fuzz.program.text import parse, to_text
from fuzz.program.weights import DEFAULT, Weights

SEEDS = st.integers(0, 2**64 - 1)
#: Those that have something to do with any program.
ALWAYS = ("insert", "splice", "regenerate")


def read(text: str) -> Program:
    """Steps separated by semicolons."""
    return parse("finfuzz 1\n" + text.replace(";", "\n"))


def write(program: Program) -> str:
    return "; ".join(to_text(program).splitlines()[1:])


def starts(program: Program) -> int:
    return sum(step.op == "start" for step in program.steps)


def outcomes(name: str, before: str, weights: Weights = DEFAULT) -> set[str | None]:
    """All that a mutator makes of a program; None: nothing to do."""
    program = read(before)
    found = (MUTATORS[name](Random(seed), program, weights) for seed in range(300))
    return {None if changed is None else write(changed) for changed in found}


# ---- mutators by example ----------------------------------------------------------------------

DELETE = [
    ("collect", {""}),
    # mostly one step, sometimes two to five in a row
    ("import; collect", {"import", "collect", ""}),
    ("node a list; drop a; collect", {"node a list; drop a", "node a list; collect",
     "drop a; collect", "node a list", "collect", ""}),
]  # fmt: skip

MOVE = [
    ("import; collect", {"import; collect", "collect; import"}),
    (
        "import; collect; exit return",
        {
            "import; collect; exit return",
            "collect; import; exit return",
            "collect; exit return; import",
            "import; exit return; collect",
            "exit return; import; collect",
        },
    ),
]

DUPLICATE = [
    ("collect", {"collect; collect"}),
    ("import; collect", {"import; import; collect", "import; collect; import",
     "import; collect; collect"}),
]  # fmt: skip

REWIRE = [
    # mentions change, the node itself keeps its name
    ("node a list; node b list; root a sys", {"node a list; node b list; root b sys"}),
    (
        "edge a b append",
        {"edge b b append", "edge a a append"},
    ),
    ("drop a; drop b; drop c", {"drop b; drop b; drop c", "drop c; drop b; drop c",
     "drop a; drop a; drop c", "drop a; drop c; drop c",
     "drop a; drop b; drop a", "drop a; drop b; drop b"}),
    # an interpreter is no node
    ("node a list; root a sys; start i legacy", {None}),
]  # fmt: skip

CHANGE_WORD = [
    ("node a list", {f"node a {kind}" for kind in KIND.texts} - {"node a list"}),
    ("edge a b append", {"edge a b attribute", "edge a b closure"}),
    (
        "hook a clear cast",
        {
            *("hook a traverse cast", "hook a dealloc cast"),
            *("hook a clear plain", "hook a clear lookup", "hook a clear create"),
        },
    ),
    ("start i legacy; collect", {"start i isolated; collect"}),
    ("exit return", {"exit sys-exit", "exit exception"}),
]

CHANGE_INTERPRETER = [
    ("enter main", {"enter i1"}),
    ("enter i1", {"enter main"}),
    ("start i1 legacy", {None}),  # the main interpreter can't be started
    ("start j legacy", {"start i1 legacy"}),
    ("stop j; enter k", {"stop main; enter k", "stop i1; enter k", "stop k; enter k",
     "stop j; enter main", "stop j; enter i1", "stop j; enter j"}),
]  # fmt: skip

INSERT = [
    # what has an effect in an empty program, each word weighing the same here
    (
        "",
        {
            *("import", "collect", "start i1 legacy", "start i1 isolated"),
            *("exit return", "exit sys-exit", "exit exception"),
            *(f"node a {kind}" for kind in KIND.texts),
        },
    ),
]

EXAMPLES = {
    "delete": DELETE,
    "move": MOVE,
    "duplicate": DUPLICATE,
    "rewire": REWIRE,
    "change_word": CHANGE_WORD,
    "change_interpreter": CHANGE_INTERPRETER,
    "insert": INSERT,
}

NOTHING_TO_DO = [
    ("delete", ""),
    ("move", ""),
    ("move", "collect"),
    ("duplicate", ""),
    ("rewire", ""),
    ("rewire", "node a list; node b list"),
    ("rewire", "root a sys"),
    ("change_word", "import; drop a; enter main"),
    ("change_interpreter", "node a list; drop a"),
]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [(name, *example) for name, examples in EXAMPLES.items() for example in examples],
)
def test_examples(name: str, before: str, after: set[str | None]) -> None:
    assert outcomes(name, before, Weights(operations={}, words={})) == after


@pytest.mark.parametrize(("name", "before"), NOTHING_TO_DO)
def test_nothing_to_do(name: str, before: str) -> None:
    assert outcomes(name, before) == {None}


def test_every_mutator_is_shown_here() -> None:
    assert set(MUTATORS) == {*EXAMPLES, *ALWAYS}


# ---- mutators by property ---------------------------------------------------------------------


@given(st.from_type(Program), SEEDS)
def test_insert_adds_one_step_that_has_an_effect(program: Program, seed: int) -> None:
    longer = MUTATORS["insert"](Random(seed), program, DEFAULT)
    assert longer is not None
    assert len(longer) == len(program) + 1
    number = next(n for n, step in enumerate(longer.steps) if step not in program.steps[n : n + 1])
    assert longer.steps[:number] + longer.steps[number + 1 :] == program.steps
    scope = Scope()
    assert [scope.apply(step) for step in longer.steps[: number + 1]][-1]


def test_insert_adds_what_only_the_steps_before_make_possible() -> None:
    program = read("node a container; start i legacy")
    inserted = {MUTATORS["insert"](Random(seed), program, DEFAULT) for seed in range(300)}
    behind = {longer.steps[2].op for longer in inserted if longer and len(longer) == 3}
    assert behind >= {"edge", "hook", "root", "check", "drop", "enter", "stop"}


@given(st.from_type(Program), SEEDS)
def test_regenerate_has_nothing_of_the_program(program: Program, seed: int) -> None:
    assert MUTATORS["regenerate"](Random(seed), program, DEFAULT) == generate(Random(seed))


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
    for name in set(MUTATORS) - {"regenerate"}:
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
        assert starts(program) <= weights.max_starts


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("; ".join(["collect"] * 8), Weights(max_steps=8, length=(2, 8))),
        ("; ".join(f"start i{n} legacy" for n in range(3)), DEFAULT),
        ("node a list; drop a", Weights(max_starts=0, operations={"start": 0})),
    ],
)
def test_bounds_hold_for_a_program_that_is_at_them(text: str, weights: Weights) -> None:
    changed = [mutate(Random(seed), read(text), weights) for seed in range(300)]
    assert max(map(len, changed)) <= weights.max_steps
    assert max(map(starts, changed)) <= weights.max_starts


def only(name: str) -> dict[str, float]:
    """Weights of mutators where one alone is ever tried."""
    return dict.fromkeys(MUTATORS, 0.0) | {name: 1}


@pytest.mark.parametrize(
    "weights",
    [
        Weights(mutators=only("move"), max_steps=1, length=(2, 16)),
        Weights(mutators=only("move"), max_starts=0, operations={"start": 100}),
    ],
)
def test_bounds_hold_where_no_mutator_finds_a_way(weights: Weights) -> None:
    """Eight tries fail, and a new program takes the old one's place."""
    changed = [mutate(Random(seed), read("collect"), weights) for seed in range(20)]
    assert max(map(len, changed)) <= weights.max_steps
    assert max(map(starts, changed)) <= weights.max_starts


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
    weights = replace(weights, mutators=only("rewire"), again=0)
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
