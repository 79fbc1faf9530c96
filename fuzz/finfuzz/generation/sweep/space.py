"""The space of the sweep: which programs it has, in which order.

A cell is a set of life cycles with a set of payloads. Cells come in a stated order, and so do the
programs of each. A program is in one cell, at one place: names are given in the order of use, so
that none is another one renamed, and a life cycle without a place for a payload is in the cell
without payloads alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from itertools import pairwise, product
from pathlib import Path
from typing import NamedTuple

import finfuzz.generation
import finfuzz.program
from finfuzz.generation.generate import leave_out, leaves_threads
from finfuzz.generation.segments import SEGMENTS, Segment, Writer
from finfuzz.generation.sweep.payloads import Payload, Payloads, list_payloads
from finfuzz.generation.weights import weigh_for
from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.program.vocabulary import Vocabulary
from finfuzz.program.words import ACTION, EDGE, FLAVOUR, HOOK, KIND, ROOT
from finfuzz.support import cpythons
from finfuzz.support.cpythons import Quirk, Version, has

#: The commonest segments, whose cycles are short enough to be run up to three in a row.
COMMON = tuple(each for each in SEGMENTS.values() if each.weight >= 1)
_ALL = tuple(SEGMENTS.values())


class Cell(NamedTuple):
    """All life cycles of so many segments, with each payload of a set in all their places.

    ``every_segment``: of all segments, not of the common ones alone. ``every_interpreter``: with
    each kind of interpreter, not with the first alone; of one kind in each program.
    """

    segments: int
    payloads: Payloads
    every_segment: bool
    every_interpreter: bool

    def __str__(self) -> str:
        which = "" if self.every_segment else "common "
        cycles = f"life cycles of {self.segments} {which}segment" + "s" * (self.segments > 1)
        kinds = " × every kind of interpreter" if self.every_interpreter else ""
        return f"{cycles} × {self.payloads.value}{kinds}"


#: The cells in their order: the smaller the sooner.
CELLS = (
    Cell(1, Payloads.NONE, True, True),
    Cell(1, Payloads.KIND, True, False),
    Cell(2, Payloads.KIND, False, False),
    Cell(1, Payloads.KIND, True, True),
    Cell(2, Payloads.NONE, True, False),
    Cell(1, Payloads.ITSELF, True, False),
    Cell(1, Payloads.ROOT, True, False),
    Cell(2, Payloads.KIND, False, True),
    Cell(1, Payloads.PERFORM, True, False),
    Cell(2, Payloads.KIND, True, False),
    Cell(1, Payloads.HOOK, True, False),
    Cell(3, Payloads.NONE, True, False),
    Cell(3, Payloads.KIND, False, False),
    Cell(2, Payloads.ITSELF, False, False),
    Cell(2, Payloads.ROOT, False, False),
    Cell(2, Payloads.PERFORM, False, False),
    Cell(2, Payloads.HOOK, False, False),
    Cell(4, Payloads.KIND, False, False),
    Cell(3, Payloads.ROOT, False, False),
)

#: Life cycles that another one says as well.
_SAID_OTHERWISE = {
    ("left-empty", "end"), ("left-empty", "return"), ("again", "use"),
    ("self-check", "sub-check"), ("again", "use-elsewhere"),
}  # fmt: skip


class Block(NamedTuple):
    """The programs of one life cycle, with interpreters of one kind."""

    cycle: tuple[Segment, ...]
    payloads: Payloads
    flavour: str


def _may_share(one: Cell, other: Cell) -> bool:
    """Whether two cells may have blocks in common."""
    return (one.segments, one.payloads) == (other.segments, other.payloads)


def _is_in(cell: Cell, block: Block, first: str) -> bool:
    """Whether a block is in a cell that may share it. ``first``: the interpreter of each cell."""
    return (cell.every_segment or all(each in COMMON for each in block.cycle)) and (
        cell.every_interpreter or block.flavour == first
    )


@cache
def _digest_code() -> str:
    """Compute a digest of the code that decides which programs there are."""
    packages = (finfuzz.generation, finfuzz.program)
    folders = [Path(package.__path__[0]) for package in packages]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    digest = sha256()
    for path in sorted([*files, Path(cpythons.__file__)]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class Space:
    """The programs of the sweep for a target on a CPython.

    Programs that leave a thread in a subinterpreter are not in it where `Py_FinalizeEx` waits for
    them: each would cost the whole deadline, for one known defect (gh-113146). ``avoided``:
    operations and words that are in no program.
    """

    def __init__(self, offers: Vocabulary, python: Version, *, avoided: Iterable[str] = ()) -> None:
        self.cells = CELLS
        self.offers = offers
        self._python = python
        self._avoided = frozenset(avoided)
        self._weights = weigh_for(offers, python)

    @property
    def identity(self) -> str:
        """A text that two spaces share only if they have the same programs in the same order.

        What is legal, and how a segment is written, is said by code: another one is another space.
        """
        words = [
            [text for text in self.offers.list_texts(choice) if self.offers.has(choice, text)]
            for choice in (KIND, EDGE, ROOT, HOOK, ACTION, FLAVOUR)
        ]
        kinds = [
            (kind, self.offers.edges_from[kind], self.offers.hooks_of[kind])
            for kind in self.offers.list_texts(KIND)
        ]
        own = [sorted(each.items()) for each in (self.offers.own.kinds, self.offers.own.roles)]
        steps = [each.steps for each in SEGMENTS.values()]
        avoided = sorted(self._avoided)
        return repr((self.cells, steps, words, kinds, own, self._python, avoided, _digest_code()))

    def list_blocks(self, cell: Cell) -> Iterator[Block]:
        """Yield the blocks of a cell in their order, without those of earlier cells."""
        flavours = [
            text
            for text in FLAVOUR.texts
            if self.offers.has(FLAVOUR, text) and text not in self._avoided
        ]
        earlier = [one for one in self.cells[: self.cells.index(cell)] if _may_share(one, cell)]
        segments = {each.name: each for each in self._list_segments(cell)}
        places = {name for name, each in segments.items() if each.has_payload}
        without = cell.payloads is Payloads.NONE
        used = [name for name in segments if not (without and name in places)]
        for names in product(used, repeat=cell.segments):  # by name is three times as fast
            if not without and places.isdisjoint(names):
                continue
            if not _SAID_OTHERWISE.isdisjoint(pairwise(names)):
                continue
            cycle = tuple(segments[name] for name in names)
            several = cell.every_interpreter and any(each.picks_kind for each in cycle)
            for flavour in flavours if several else flavours[:1]:
                block = Block(cycle, cell.payloads, flavour)
                if not any(_is_in(one, block, flavours[0]) for one in earlier):
                    yield block

    def list_programs(self, block: Block) -> Iterator[Program]:
        """Yield the programs of a block: those whose steps all have an effect."""
        for payload in list_payloads(block.payloads, self.offers):
            program = self._write(block, payload)
            if program is not None and not self._leaves_out(program):
                yield program

    def _leaves_out(self, program: Program) -> bool:
        """Whether the sweep is without a program: it has avoided words, or costs a deadline."""
        if self._avoided and leave_out(program, self._avoided) != program:
            return True
        return self._hangs and leaves_threads(program)

    def _list_segments(self, cell: Cell) -> list[Segment]:
        """List the segments of a cell that are possible here."""
        return [
            each
            for each in (_ALL if cell.every_segment else COMMON)
            if self._avoided.isdisjoint(op for op, *_ in each.patterns)
        ]

    @property
    def _hangs(self) -> bool:
        return has(self._python, Quirk.LEFT_SUBINTERPRETER_HANGS)

    def _write(self, block: Block, payload: Payload) -> Program | None:
        writer = Writer(self._weights, block.flavour)
        for segment in block.cycle:
            left = next(reversed(writer.scope.flavours), "") if segment.needs_left else ""
            if not writer.write(segment, payload, left):
                return None
        program = writer.program
        offers, python = self.offers, self._python
        return program if effective(program, python, offers=offers) == program else None
