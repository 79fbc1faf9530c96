"""Programs by life cycle: a few segments, and small payloads that are put into several of them."""

from __future__ import annotations

from functools import lru_cache
from random import Random

from finfuzz.generation.generate import pick_word
from finfuzz.generation.payloads import add_actions, generate_payloads
from finfuzz.generation.segments import SEGMENTS, Segment, Writer
from finfuzz.generation.weights import Weights, pick
from finfuzz.program.model import Program, Step
from finfuzz.program.scope import Scope
from finfuzz.program.words import FLAVOUR, WAY, Choice

#: Numbers of segments, each as often as it stands here. The minimal programs of known defects have
#: up to five.
_SEGMENTS = (1, 2, 2, 3, 3, 4, 5)
#: Numbers of payloads that are put into a place together. A child costs as much as a hundred
#: objects, so several are tried at once (docs/truth.md). But a program that dies hides what its
#: other payloads do, and one object may keep alive what another one is to outlive: hence small
#: numbers, too.
TOGETHER = (1, 2, 4, 8, 8)
#: The share of slots that get a payload that differs: mostly it is the same in each.
_DIFFERS = 0.25
#: The share of interpreters of another kind than those before.
_OTHER_KIND = 0.3
#: The share of programs with an `exit` at their end.
_EXITS = 0.1


def generate_life_cycle(rng: Random, weights: Weights, together: int | None = None) -> Program:
    """Generate a program by life cycle within the bounds of ``weights``.

    ``together``: the number of payloads in a place, if not any of TOGETHER. All steps have an
    effect, but for a prefix whose next step does not go with it.
    """
    writer = Writer(weights, _pick_flavour(rng, weights))
    together = together or rng.choice(TOGETHER)
    payload = generate_payloads(rng, weights, together)
    for _ in range(rng.choice(_SEGMENTS)):
        segment = _pick_segment(rng, writer, weights)
        if segment.starts and rng.random() < _OTHER_KIND:
            writer.flavour = _pick_flavour(rng, weights)
        differs = segment.has_payload and rng.random() < _DIFFERS
        left = rng.choice(list(writer.scope.flavours)) if segment.needs_left else ""
        filled = vary(rng, payload, weights, together) if differs else payload
        if segment.performs_again:
            filled = add_actions(rng, filled, weights)
        writer.write(segment, filled, left)
    if rng.random() < _EXITS:
        writer.add(Step("exit", (pick_word(rng, writer.scope, weights, WAY),)))
    return writer.program


def vary(
    rng: Random, payload: tuple[Step, ...], weights: Weights, together: int
) -> tuple[Step, ...]:
    """Return other payloads, or these with one word changed; not every step need be legal."""
    if rng.random() < 0.5:
        return generate_payloads(rng, weights, together)
    sites = [
        (at, index, choice)
        for at, step in enumerate(payload)
        for index, choice, _ in step.typed()
        if isinstance(choice, Choice)
    ]
    at, index, choice = rng.choice(sites)
    texts = weights.offers.list_texts(choice)
    word = pick(rng, list(texts), [weights.of_word(choice, text) for text in texts])
    return (*payload[:at], payload[at].with_arg(index, word), *payload[at + 1 :])


def _pick_segment(rng: Random, writer: Writer, weights: Weights) -> Segment:
    scope = writer.scope
    may_start = scope.started + scope.lives <= weights.most_starts
    usable, scale = _list_segments(may_start, bool(scope.flavours), weights.list_avoided())
    return pick(rng, usable, scale)


@lru_cache
def _list_segments(
    may_start: bool, is_any_left: bool, avoided: frozenset[str]
) -> tuple[list[Segment], list[float]]:
    """List the segments that can be used, and their weights."""
    usable = [
        each
        for each in SEGMENTS.values()
        if (may_start or not each.starts)
        and (is_any_left or not each.needs_left)
        and not any(op in avoided for op, *_ in each.patterns)
    ]
    return usable, [each.weight for each in usable]


def _pick_flavour(rng: Random, weights: Weights) -> str:
    return pick_word(rng, Scope(weights.python, offers=weights.offers), weights, FLAVOUR)
