"""Payloads: a node and what keeps it alive, what it does when it goes, and what it refers to."""

from __future__ import annotations

from random import Random

from finfuzz.generation.generate import can_generate, generate_step, pick_word
from finfuzz.generation.weights import Weights
from finfuzz.program.model import Step
from finfuzz.program.scope import Scope
from finfuzz.program.words import KIND

#: The parts of a payload after its first node, each with its share of payloads. What keeps an
#: object alive and what it does when it goes belong together: steps that are drawn one by one had
#: both in one payload of twenty. An edge of a single node is a cycle. With larger shares, programs
#: are longer, and what is easy came later (docs/truth.md).
_PARTS = {"edge": 0.15, "hook": 0.25, "root": 0.5}
#: What follows the parts, and numbers of such steps, each as often as it stands here. The minimal
#: programs of known defects have up to three steps after the node.
_OF_PAYLOAD = {
    "root": 6.0, "hook": 3.0, "edge": 2.0, "node": 1.0, "shape": 0.5,
    "perform": 1.0, "drop": 1.0, "check": 0.5,
}  # fmt: skip
_FURTHER = (0, 0, 0, 0, 1, 1)
#: The share of payloads whose first kind is any, not one by weight: the weights prefer containers,
#: and each kind has defects of its own.
_ANY_KIND = 0.5
#: The share of hooks that are drawn first, with their action, and then a kind that has them. So has
#: each hook, whose kinds may be few. `capsule` was one hook of a hundred.
_ANY_HOOK = 0.5
#: The share of payloads with a further hook or action, where a recipe names actions for their first
#: kind: such a kind is there for what it does.
_ACTS = 0.5


def generate_payload(rng: Random, weights: Weights) -> tuple[Step, ...]:
    """Generate a node and up to five steps that use it, or make others."""
    scope = Scope(weights.python, offers=weights.offers)
    parts = [op for op, share in _PARTS.items() if rng.random() < share]
    does = _pick_hook(rng, weights) if "hook" in parts and rng.random() < _ANY_HOOK else None
    kind = _pick_kind(rng, scope, weights, does[0] if does else "")
    if scope.offers.own.meant.get(kind) and rng.random() < _ACTS:
        parts.append(rng.choice(("perform", "hook")))
    steps = [Step("node", ("a", kind))]
    scope.apply(steps[0])
    wanted = [{op: 1.0} for op in parts]
    for among in wanted + [_OF_PAYLOAD] * rng.choice(_FURTHER):
        if not scope.here:  # it was dropped
            break
        if not any(can_generate(op, scope) for op in among):
            continue
        if does and "hook" in among:
            step, does = Step("hook", ("a", *does)), None
        else:
            step = generate_step(rng, scope, weights, among=among)
        if scope.apply(step):
            steps.append(step)
            weights = weights.after([step])
    return tuple(steps)


def generate_payloads(rng: Random, weights: Weights, together: int) -> tuple[Step, ...]:
    """Generate payloads that go together. A reused name means the newer node."""
    steps: list[Step] = []
    for _ in range(together):
        payload = generate_payload(rng, weights)
        steps += payload
        weights = weights.after(payload)
    return tuple(steps)


def add_actions(rng: Random, payload: tuple[Step, ...], weights: Weights) -> tuple[Step, ...]:
    """Add to some payloads an action that is meant for their kinds, where a recipe names any."""
    steps: list[Step] = []
    for step in payload:
        steps.append(step)
        meant = weights.offers.own.meant.get(step.args[-1], ()) if step.op == "node" else ()
        if meant and rng.random() < _ACTS:
            steps.append(Step("perform", (step.args[0], rng.choice(meant))))
    return tuple(steps)


def _pick_kind(rng: Random, scope: Scope, weights: Weights, hook: str) -> str:
    """Pick the first node's kind. ``hook``: one that it must have, or empty."""
    if hook:
        hooks_of = scope.offers.hooks_of
        return pick_word(rng, scope, weights, KIND, fits=lambda kind: hook in hooks_of[kind])
    if rng.random() < _ANY_KIND:
        kind = rng.choice(scope.offers.list_texts(KIND))
        if scope.allows(KIND, kind) and rng.random() * KIND.word(kind).cost < weights.words.get(
            kind, 1
        ):
            return kind
    return pick_word(rng, scope, weights, KIND)


def _pick_hook(rng: Random, weights: Weights) -> tuple[str, str] | None:
    """Pick any hook with any action, whatever they cost; None for one that is avoided."""
    hook, action = rng.choice(weights.offers.hooks_with_actions)
    if weights.words.get(hook, 1) and weights.words.get(action, 1):
        return hook, action
    return None
