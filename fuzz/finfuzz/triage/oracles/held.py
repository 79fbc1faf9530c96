"""Types that something holds unseen by the collector, and not on the control."""

from __future__ import annotations

from collections.abc import Iterator

from finfuzz.executor.deviation import Deviation
from finfuzz.triage.diagnosis.bucket import OF_TYPE
from finfuzz.triage.oracles.ran import Ran


def find_held(own: Ran, control: Ran | None) -> Iterator[Deviation]:
    """Yield a deviation for each type that has more such references than on the control.

    Where the control could not do each step, or raised elsewhere, or crashed, nothing is known.
    """
    if control is None or not own.ended_as(control):
        return
    yield from _find(own, control.outcome.censuses, f"on {control.name}")


def list_all_held(own: Ran) -> Iterator[Deviation]:
    """Yield a deviation for each type with such references, compared with nothing."""
    return _find(own, {}, "")


def _find(own: Ran, others: dict[int, dict[str, int]], where: str) -> Iterator[Deviation]:
    seen: set[str] = set()
    for number, counted in own.outcome.censuses.items():
        if not own.did(number):
            continue
        for name, count in counted.items():
            other = others.get(number, {}).get(name, 0)
            if count > other and name not in seen:
                seen.add(name)
                by = "a reference" if count == 1 else f"{count} references"
                detail = f"the type {name} is kept by {by} that the collector does not see"
                compared = f"; {where} by {other or 'none'}" if where else ""
                yield Deviation("left-alive", (OF_TYPE + name,), detail + compared)
