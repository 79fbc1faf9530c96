"""Programs by life cycle: properties of all, and that they come to what is needed."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from finfuzz.generation.generate import count_starts
from finfuzz.generation.life_cycles import generate_life_cycle, vary
from finfuzz.generation.weights import Weights, weigh_for
from finfuzz.program.language import OPERATIONS, PREFIXES
from finfuzz.program.model import Step
from finfuzz.program.scope import Scope, effective
from finfuzz.program.text import parse, to_text
from finfuzz.program.vocabulary import EVERYTHING, NOTHING, Vocabulary
from finfuzz.program.words import FLAVOUR, HOOK, KIND, ROOT, WAY
from finfuzz.support.cpythons import NEWEST

SEEDS = st.integers(0, 2**64 - 1)
PYTHONS = st.sampled_from([(3, 9), (3, 11), (3, 12), NEWEST])
OFFERS = st.sampled_from([EVERYTHING, NOTHING])


@given(SEEDS, PYTHONS, OFFERS)
def test_they_are_programs_within_the_bounds(
    seed: int, python: tuple[int, int], offers: Vocabulary
) -> None:
    weights = weigh_for(offers, python)
    program = generate_life_cycle(Random(seed), weights)
    assert program == generate_life_cycle(Random(seed), weights)
    assert parse(to_text(program)) == program
    assert count_starts(program) <= weights.most_starts
    assert len(program) <= weights.longest
    scope = Scope(python, offers=offers)
    assert all(scope.apply(step) for step in program.steps)


@given(SEEDS)
def test_a_prefix_alone_may_be_in_vain(seed: int) -> None:
    """Of a step that the next one decides about: campaigns leave it out (`effective`)."""
    program = generate_life_cycle(Random(seed), Weights())
    left_out = Counter(program.steps) - Counter(effective(program).steps)
    assert {step.op for step in left_out} <= set(PREFIXES)


@given(SEEDS)
def test_a_varied_payload_is_another_or_has_one_other_word(seed: int) -> None:
    payload = (Step("node", ("a", "list")), Step("root", ("a", "sys")))
    varied = vary(Random(seed), payload, Weights(), 1)
    changed = sum(a != b for a, b in zip(payload, varied, strict=False))
    assert varied[0].op == "node"
    assert changed <= 1 or varied[0].args[0] == "a"


def test_no_interpreter_starts_where_none_may() -> None:
    weights = Weights(most_starts=0)
    for seed in range(500):
        program = generate_life_cycle(Random(seed), weights)
        assert not any(step.op in ("start", "again") for step in program.steps)


def test_segments_with_avoided_operations_are_not_used() -> None:
    """What would be left of them is a payload twice, or nothing."""
    weights = Weights(operations={"start": 0.0, "unimport": 0.0})
    for seed in range(500):
        program = generate_life_cycle(Random(seed), weights)
        assert program.steps
        assert not any(step.op in ("start", "unimport") for step in program.steps)


def test_every_operation_and_word_comes() -> None:
    rng, weights = Random(1), Weights()
    programs = [generate_life_cycle(rng, weights) for _ in range(6000)]
    steps = [step for program in programs for step in program.steps]
    assert {step.op for step in steps} == set(OPERATIONS)
    said = {(choice, text) for step in steps for _, choice, text in step.typed()}
    for choice in (KIND, ROOT, HOOK, FLAVOUR, WAY):
        legal = {text for text in choice.texts if not choice.word(text).abuse}
        assert not {text for text in legal if (choice, text) not in said}, choice.name


def test_several_objects_are_tried_at_once_and_now_and_then_one() -> None:
    """A child costs as much as a hundred objects; but one that dies hides the others (issue 19)."""
    rng = Random(1)
    made = [generate_life_cycle(rng, Weights()) for _ in range(1000)]
    kinds = [len({s.args[1] for s in one.steps if s.op == "node"}) for one in made]
    assert sum(count == 1 for count in kinds) > 100
    assert sum(count >= 6 for count in kinds) > 200


def test_the_longest_have_an_exit_as_others_have() -> None:
    """They were cut at their end, which is where it stands (issue 19)."""
    rng, weights = Random(1), Weights(longest=24)
    made = [generate_life_cycle(rng, weights, 8) for _ in range(1000)]
    longest = [one for one in made if len(one) >= 23]
    exits = sum(one.steps[-1].op == "exit" for one in longest)
    assert len(longest) > 500
    assert exits > len(longest) * 0.05


def test_the_same_objects_come_in_several_lives_and_interpreters() -> None:
    """What steps generated one by one hardly ever do (issue 19)."""
    rng, repeated = Random(1), 0
    for _ in range(1000):
        text = to_text(generate_life_cycle(rng, Weights()))
        nodes = Counter(line.split()[-1] for line in text.splitlines() if line.startswith("node"))
        again = "again" in text or "start" in text
        repeated += again and any(count > 1 for count in nodes.values())
    assert repeated > 250
