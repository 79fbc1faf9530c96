"""Search releases or commits for the place where a defect begins or ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Generator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, TypeVar

import msgspec

from finfuzz.support.errors import UserError
from finfuzz.triage.findings.verdict import Verdict

#: Digits of a commit's id that messages show.
SHOWN = 12


class Trial(msgspec.Struct, frozen=True):
    """A trial of one release or commit. ``name``: the version, or the commit's full id."""

    name: str
    verdict: Verdict

    @property
    def bad(self) -> bool | None:
        """Whether the defect is there; None if the trial leaves that open.

        A crash of another kind, or a known defect, may hide this one: open.
        """
        return {"same": True, "survived": False}.get(self.verdict.what)


class TurningPoint(msgspec.Struct, frozen=True):
    """A change between two releases or commits. ``name``: the first that is bad, or good again.

    ``after``: the last before the change. ``skipped``: those between the two, which could not be
    judged: any of them may be the first.
    """

    what: Literal["first bad", "first good"]
    name: str
    subject: str
    after: str
    skipped: tuple[str, ...] = ()


_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


def send(plan: Generator[_Asked, _Answer, None], answer: _Answer) -> _Asked | None:
    """Answer a generator that asks one thing after the other; return the next, None at its end."""
    try:
        return plan.send(answer)
    except StopIteration:
        return None


def find_middle(low: int, high: int, without: Container[int]) -> int | None:
    """Return the index nearest to the middle between two, except those in ``without``."""
    left = [index for index in range(low + 1, high) if index not in without]
    return min(left, key=lambda index: abs(2 * index - low - high), default=None)


@dataclass
class Trials:
    """Judge each name once. ``subject_of``: returns a name's subject, in a line."""

    judge: Callable[[str], Verdict]
    announce: Callable[[str], None]
    advance: Callable[[int, int], None]
    subject_of: Callable[[str], str] = lambda _: ""
    done: dict[str, Trial] = field(default_factory=dict)

    def find_every_change(self, names: Sequence[str]) -> list[TurningPoint]:
        """Try all names and return every change."""
        for name in names:
            self.is_bad(name)
            self.advance(len(self.done), len(names))
        telling = [index for index, name in enumerate(names) if self.is_bad(name) is not None]
        return [
            self._make_turning_point(names, low, high)
            for low, high in pairwise(telling)
            if self.is_bad(names[low]) != self.is_bad(names[high])
        ]

    def find_one_change(self, names: Sequence[str], *, good_first: bool) -> TurningPoint:
        """Try both ends, then halve the names between them until none there can be judged.

        Raise UserError if an end is not what it should be.
        """
        low, high = 0, len(names) - 1
        self._require(names[low], bad=not good_first)
        self._require(names[high], bad=good_first)
        nothing: set[int] = set()
        while (index := find_middle(low, high, nothing)) is not None:
            self.advance(len(self.done), len(self.done) + math.ceil(math.log2(high - low)))
            bad = self.is_bad(names[index])
            if bad is None:
                nothing.add(index)
            elif bad == good_first:
                high = index
            else:
                low = index
        return self._make_turning_point(names, low, high)

    def is_bad(self, name: str) -> bool | None:
        """Judge a name unless that is done. Return what ``Trial.bad`` does."""
        if name not in self.done:
            self.done[name] = Trial(name, self.judge(name))
            self.announce(f"{self._describe(name)}: {self.done[name].verdict}")
        return self.done[name].bad

    def _require(self, name: str, *, bad: bool) -> None:
        if self.is_bad(name) != bad:
            is_not = "bad" if bad else "good"
            raise UserError(
                f"{self._describe(name)} is not {is_not}: {self.done[name].verdict}: "
                f"give another with --{is_not}"
            )

    def _make_turning_point(self, names: Sequence[str], low: int, high: int) -> TurningPoint:
        return TurningPoint(
            what="first bad" if self.is_bad(names[high]) else "first good",
            name=names[high],
            subject=self.subject_of(names[high]),
            after=names[low],
            skipped=tuple(names[low + 1 : high]),
        )

    def _describe(self, name: str) -> str:
        subject = self.subject_of(name)
        return f"{name[:SHOWN]} ({subject})" if subject else name
