"""A small set of items that together have every feature: greedy weighted set cover.

The greedy choice (most new features for its cost) is at most ln(n) times as dear as the best set,
and no method that ends in reasonable time does better (Feige 1998). Gains only ever shrink, so an
item whose old gain is the largest is looked at again and taken if it still is: most are never
looked at twice.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

#: Of two items that are worth the same, the one with the lesser name is taken.
Name = TypeVar("Name", str, tuple[int, str])


def cover(items: Sequence[tuple[Name, int, float]]) -> list[Name]:
    """Names of (name, features as bits, cost) triples that cover the union, none dispensable.

    Costs are more than 0. The same items in another order give the same names.
    """
    features = {name: had for name, had, _ in items}
    costs = {name: cost for name, _, cost in items}
    heap = [(-had.bit_count() / costs[name], name) for name, had in features.items() if had]
    heapq.heapify(heap)
    covered = 0
    taken: list[Name] = []
    while heap:
        _, name = heapq.heappop(heap)
        gain = -(features[name] & ~covered).bit_count() / costs[name]
        if gain == 0:
            continue
        if heap and (gain, name) > heap[0]:
            heapq.heappush(heap, (gain, name))
            continue
        taken.append(name)
        covered |= features[name]
    return _without_dispensable(taken, features, costs)


def _without_dispensable(
    taken: Sequence[Name], features: Mapping[Name, int], costs: Mapping[Name, float]
) -> list[Name]:
    """Without those whose features the others have, the dearest looked at first."""
    count = Counter(bit for name in taken for bit in bits(features[name]))
    kept = set(taken)
    for name in sorted(taken, key=lambda name: (-costs[name], name)):
        had = list(bits(features[name]))
        if all(count[bit] > 1 for bit in had):
            kept.discard(name)
            count.subtract(had)
    return sorted(kept)


def bits(number: int) -> Iterator[int]:
    """The positions of the bits that are set, lowest first."""
    for at, byte in enumerate(number.to_bytes((number.bit_length() + 7) // 8, "little")):
        if byte:
            yield from (8 * at + bit for bit in range(8) if byte >> bit & 1)
