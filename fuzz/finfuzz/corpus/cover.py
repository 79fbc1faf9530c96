"""Choose a cheap set of items that together have every feature: greedy weighted set cover.

The greedy choice takes the item with the most new features for its cost. Its set costs at most
ln(n) times as much as the best set, and no polynomial method does better (Feige 1998).

Gains only ever shrink. So the item with the largest old gain is computed anew, and taken if its
gain is still the largest; most items are never computed twice.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

#: The lesser name wins between two items of equal worth.
Name = TypeVar("Name", str, tuple[int, str])


def cover(items: Sequence[tuple[Name, int, float]]) -> list[Name]:
    """Return names from (name, features as bits, cost) triples that cover the union of features.

    Costs are more than 0. No returned name is dispensable. The order of items does not matter.
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
    return _drop_dispensable(taken, features, costs)


def _drop_dispensable(
    taken: Sequence[Name], features: Mapping[Name, int], costs: Mapping[Name, float]
) -> list[Name]:
    """Drop names whose features all belong to other names too, the most expensive first."""
    count = Counter(bit for name in taken for bit in iterate_bits(features[name]))
    kept = set(taken)
    for name in sorted(taken, key=lambda name: (-costs[name], name)):
        had = list(iterate_bits(features[name]))
        if all(count[bit] > 1 for bit in had):
            kept.discard(name)
            count.subtract(had)
    return sorted(kept)


def iterate_bits(number: int) -> Iterator[int]:
    """Yield the positions of set bits, lowest first."""
    for at, byte in enumerate(number.to_bytes((number.bit_length() + 7) // 8, "little")):
        if byte:
            yield from (8 * at + bit for bit in range(8) if byte >> bit & 1)
