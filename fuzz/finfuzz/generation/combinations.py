"""Combinations: which words, pairs and triples of words were run in one program.

A word counts with its operation: `node list` and `edge append` are two. An operation without words
is one by itself. A defect that needs two words in one program is not ruled out before their pair
was run; so a maintainer sees what a campaign has not looked at yet.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from itertools import combinations
from math import comb
from pathlib import Path
from typing import NamedTuple

from finfuzz.program.language import OPERATIONS
from finfuzz.program.model import Program, Step
from finfuzz.program.vocabulary import Vocabulary
from finfuzz.program.words import SIZE, Choice
from finfuzz.support.errors import UserError
from finfuzz.support.reading import read_bounded

#: Words of a combination at most. Of some 200 words there are 1.3 million triples, a byte each; of
#: four there would be 65 million.
MOST = 3
#: A file begins with the number of words, and the digest of the words.
_HEADER = struct.Struct("<I28s")
_MOST_BYTES = 1 << 26
#: Words of a target at most: they have 57 million triples, a byte each.
_MOST_WORDS = 700


class Explored(NamedTuple):
    """How many combinations of so many words were run, ``of`` how many that can be spelled."""

    words: int
    run: int
    of: int


class Combinations:
    """The combinations that were run, in a file that all workers of a lane map.

    ``offers``: the words of the target. In memory alone without ``path``. A file of other words is
    begun anew. Raises OSError.
    """

    def __init__(self, offers: Vocabulary, path: Path | None = None) -> None:
        words = list_words(offers)
        self._numbers = {word: number for number, word in enumerate(words)}
        header = _HEADER.pack(len(words), sha256(repr(words).encode()).digest()[:28])
        size = len(header) + sum(_count_all(len(words)))
        self._marks = mmap.mmap(-1, size) if path is None else _open_marks(path, header, size)
        self._marks[: len(header)] = header
        singles, pairs, _ = _count_all(len(words))
        self._pairs = _HEADER.size + singles
        self._triples = self._pairs + pairs

    def count(self, program: Program) -> None:
        """Count the combinations of a program that runs."""
        marks, pairs, triples = self._marks, self._pairs, self._triples
        numbers = sorted(self._list_numbers(program.steps))
        for index, third in enumerate(numbers):
            marks[_HEADER.size + third] = 1
            # The rank of a combination among all of its size (combinatorial number system).
            of_third = triples + third * (third - 1) * (third - 2) // 6
            for second in numbers[:index]:
                marks[pairs + third * (third - 1) // 2 + second] = 1
            for first, second in combinations(numbers[:index], 2):
                marks[of_third + second * (second - 1) // 2 + first] = 1

    def measure(self) -> tuple[Explored, ...]:
        """Count what was run: words, pairs, triples."""
        return _measure(bytes(self._marks))

    def _list_numbers(self, steps: Iterable[Step]) -> set[int]:
        known = self._numbers
        return {
            known[word] for step in steps for word in _spell(step.op, step.args) if word in known
        }


def pack_explored(path: Path) -> bytes:
    """Pack a lane's file, for a campaign on other machines; empty without one. Raises OSError."""
    return zlib.compress(path.read_bytes(), 1) if path.exists() else b""


def merge_explored(path: Path, packed: bytes) -> None:
    """Add what was run elsewhere to a lane's file; begin a file of other words again.

    What is no packed file changes nothing. Raises OSError.
    """
    try:
        data = zlib.decompressobj().decompress(packed, _MOST_BYTES)
    except zlib.error:
        return
    if not _is_whole(data):
        return
    marks = _open_marks(path, data[: _HEADER.size], len(data))
    # as two large numbers: C code adds millions of marks in some thousandths of a second
    both = int.from_bytes(marks, "little") | int.from_bytes(data, "little")
    marks[:] = both.to_bytes(len(data), "little")


def list_words(offers: Vocabulary) -> list[str]:
    """List the words that a target has, each with its operation, in their order."""
    found = []
    for operation in OPERATIONS.values():
        if operation.name in offers.lacking_operations:
            continue
        choices = [
            one for one in operation.parameters if isinstance(one, Choice) and one is not SIZE
        ]
        for choice in choices:
            texts = offers.list_texts(choice)
            found += [f"{operation.name} {text}" for text in texts if offers.has(choice, text)]
        if not choices:
            found.append(operation.name)
    return list(dict.fromkeys(found))


def read_explored(path: Path) -> tuple[Explored, ...]:
    """Read what was run from a lane's file; empty without one. Raises UserError."""
    if not path.exists():
        return ()
    data = read_bounded(path, _MOST_BYTES, "the combinations of a lane")
    if not _is_whole(data):
        raise UserError(f"{path} is damaged: remove it, and counting begins again")
    return _measure(data)


def _measure(data: bytes) -> tuple[Explored, ...]:
    begin, found = _HEADER.size, []
    for size, of in enumerate(_count_all(_read_words(data)), 1):
        marks = data[begin : begin + of]
        found.append(Explored(size, len(marks) - marks.count(0), of))
        begin += of
    return tuple(found)


def _count_all(words: int) -> list[int]:
    return [comb(words, size) for size in range(1, MOST + 1)]


def _is_whole(data: bytes) -> bool:
    if len(data) < _HEADER.size or (words := _read_words(data)) > _MOST_WORDS:
        return False
    return len(data) == _HEADER.size + sum(_count_all(words))


def _read_words(data: bytes) -> int:
    words: int = _HEADER.unpack_from(data)[0]
    return words


def _open_marks(path: Path, header: bytes, size: int) -> mmap.mmap:
    """Map a lane's file; one of other words is begun again."""
    with path.open("a+b") as file:
        file.seek(0)
        if file.read(len(header)) != header or file.seek(0, 2) != size:
            file.truncate(0)
            file.truncate(size)  # sparse: only what is used takes room
        marks = mmap.mmap(file.fileno(), size)
    marks[: len(header)] = header
    return marks


@lru_cache(maxsize=1 << 14)
def _spell(op: str, args: tuple[str, ...]) -> tuple[str, ...]:
    step = Step(op, args)
    typed = [(choice, text) for _, choice, text in step.typed() if isinstance(choice, Choice)]
    words = tuple(f"{op} {text}" for choice, text in typed if choice is not SIZE)
    return words or (op,)
