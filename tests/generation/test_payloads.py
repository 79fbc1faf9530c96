"""Payloads: that what belongs together comes together, and that rare words come."""

from collections import Counter
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from finfuzz.generation.payloads import generate_payload, generate_payloads
from finfuzz.generation.weights import Weights
from finfuzz.program.scope import Scope
from finfuzz.program.vocabulary import EVERYTHING, NOTHING, OwnWords, Vocabulary

SEEDS = st.integers(0, 2**64 - 1)
OFFERS = st.sampled_from([EVERYTHING, NOTHING])


@given(SEEDS, OFFERS)
def test_a_payload_begins_with_a_node_and_all_its_steps_have_an_effect(
    seed: int, offers: Vocabulary
) -> None:
    payload = generate_payload(Random(seed), Weights(offers=offers))
    assert payload[0].op == "node"
    assert 1 <= len(payload) <= 6
    scope = Scope(Weights().python, offers=offers)
    assert all(scope.apply(step) for step in payload)


def test_a_kind_that_a_recipe_has_actions_for_acts() -> None:
    """Such a kind is there for what it does (issue 19: nanobind's functions)."""
    own = OwnWords(actions=(":call",), meant={"list": (":call",)})
    offers = replace(EVERYTHING, own=own)
    rng, weights = Random(1), Weights(offers=offers)
    acting = Counter[str]()
    for _ in range(12_000):
        node, *others = generate_payload(rng, weights)
        acting[node.args[1]] += 1
        acting[f"{node.args[1]} acts"] += any(":call" in step.args for step in others)
    assert acting["list acts"] > acting["list"] * 0.35  # 0.15 by parts and words alone
    assert acting["dict acts"] < acting["dict"] * 0.1


def test_an_object_is_kept_alive_and_does_something_when_it_goes() -> None:
    """One by one, both steps came in one payload of twenty (issue 19)."""
    rng = Random(1)
    ops = [{step.op for step in generate_payload(rng, Weights())} for _ in range(1000)]
    assert sum({"root", "hook"} <= each for each in ops) > 120


def test_a_hook_of_one_kind_comes_with_each_of_its_actions() -> None:
    """By kinds alone, it was one hook of a hundred (nanobind's function without its type)."""
    rng, weights = Random(1), Weights()
    steps = [step for _ in range(20_000) for step in generate_payload(rng, weights)]
    hooks = [step.args[1:] for step in steps if step.op == "hook"]
    of_capsules = [action for hook, action in hooks if hook == "capsule"]
    assert len(of_capsules) > len(hooks) / 40
    legal = {action for hook, action in EVERYTHING.hooks_with_actions if hook == "capsule"}
    assert set(of_capsules) == legal


def test_a_word_of_weight_0_is_not_drawn_as_any() -> None:
    weights = Weights(words={"capsule": 0.0, "raise": 0.0})
    rng = Random(1)
    words = {word for _ in range(2000) for step in generate_payload(rng, weights)
             for word in step.args}  # fmt: skip
    assert "raise" not in words
    assert "create" in words


def test_a_word_of_threading_does_not_come_alone() -> None:
    """The first costs two children more, the others nothing; one defect needs two (gh-113148)."""
    rng, weights = Random(1), Weights()
    threading = {"threading-exit", "joined-thread", "daemon-thread", "threading-shutdown"}
    counts = Counter(
        sum(not threading.isdisjoint(step.args) for step in generate_payloads(rng, weights, 4))
        for _ in range(4000)
    )
    several = sum(count for number, count in counts.items() if number > 1)
    assert several > counts[1] * 0.14  # 0.08 by words alone
