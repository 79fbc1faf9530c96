"""Static features: what a program does in which circumstances, known before it is run.

A feature is a number of 32 bits, the same in every process. Two programs with the same features
hardly differ in what a defect could need. Not exact: two features may have one number, and a step
without effect counts as if it had one.
"""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

from finfuzz.program.language import MAIN, PREFIXES
from finfuzz.program.model import Program, Step
from finfuzz.program.words import FLAVOUR, Choice

_MASK = 0xFFFFFFFF
#: Odd factors that spread the parts of a feature over all bits (from xxHash, which is public).
_A, _B, _C = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
#: Sorts of features: a step in its circumstances, after another step, on a node after another step
#: on it, three steps on a node, the same step in two circumstances, a life cycle, a step after a
#: life cycle, the end.
_ONE, _TWO, _NODE, _THREE, _AGAIN, _CYCLE, _AFTER, _END = range(1, 9)
#: Moves of a life cycle that are remembered.
_MOVES = 6
#: Operations that are moves of a life cycle.
_LIFE = frozenset({"start", "stop", "enter", "again", "fork", "unimport", "fail-import", *PREFIXES})
#: The numbers of kinds of interpreters; the main one has 0.
_FLAVOUR_NUMBERS = {text: number for number, text in enumerate(FLAVOUR.texts, 1)}
_ON_NODE = frozenset({"root", "hook", "edge", "drop", "check", "perform"})


def list_features(program: Program) -> set[int]:
    """List the features of a program whose steps all have an effect."""
    return _Walk().take(program)


@lru_cache(maxsize=1 << 14)
def _describe(op: str, args: tuple[str, ...]) -> tuple[int, bool, bool]:
    """Return a step's number whatever its names, whether it is a move of a life, and imports."""
    step = Step(op, args)
    words = [text for _, parameter, text in step.typed() if isinstance(parameter, Choice)]
    if op == "edge":
        words.append("itself" if args[0] == args[1] else "other")
    elif op == "enter":
        words.append("main" if args[0] == MAIN else "other")
    return crc32(" ".join((op, *words)).encode()), op in _LIFE, step.imports


def _mix(sort: int, first: int, second: int) -> int:
    number = (sort * _C + first * _A + second * _B) & _MASK
    return number ^ number >> 15


class _Walk:
    """What of a program's past is in the features of its next step."""

    def __init__(self) -> None:
        self._found: set[int] = set()
        self._life, self._started, self._ended = 0, 0, 0
        self._here = MAIN
        self._flavours: dict[str, int] = {}
        self._imported: set[str] = set()
        self._import_died = 0
        self._prefix = 0
        self._cycle: list[int] = []
        self._before = 0
        self._on_node: dict[tuple[str, str], list[int]] = {}
        self._circumstances: dict[int, list[int]] = {}

    def take(self, program: Program) -> set[int]:
        for step in program.steps:
            self._take(step)
        found = self._found
        left = len(self._imported & self._flavours.keys())
        found.add(_mix(_END, left << 4 | len(self._flavours), self._cycle_number))
        return found

    def _take(self, step: Step) -> None:
        op, args, here = step.op, step.args, self._here
        token, is_life, imports = _describe(op, args)
        where = self._where(here)
        add = self._found.add
        add(_mix(_ONE, token, where))
        add(_mix(_TWO, token, self._before))
        cycle = self._cycle_number
        add(_mix(_AFTER, token, cycle))
        self._add_on_node(op, args, token, where)
        others = self._circumstances.setdefault(token, [])
        for other in others:
            if other != where:
                add(_mix(_AGAIN, token, other * _B ^ where))
        if where not in others:
            others.append(where)
        new_import = imports and here not in self._imported
        if is_life or new_import:
            self._cycle.append(token if is_life else 1)
            add(_mix(_CYCLE, self._cycle_number, 0))
        self._move(op, args, new_import)
        self._prefix = token if op in PREFIXES else 0
        self._before = token

    def _add_on_node(self, op: str, args: tuple[str, ...], token: int, where: int) -> None:
        if op in ("node", "shape"):
            self._on_node[self._here, args[0]] = [token]
        elif op in _ON_NODE:
            earlier = self._on_node.setdefault((self._here, args[0]), [])
            for other in earlier:
                self._found.add(_mix(_NODE, token, other * _B ^ where))
            for other in earlier[1:]:
                self._found.add(_mix(_THREE, token, other * _B ^ earlier[0]))
            earlier.append(token)

    def _where(self, here: str) -> int:
        imported = self._imported
        return (
            min(self._life, 3)
            | self._flavours.get(here, 0) << 2
            | min(self._started, 3) << 6
            | min(len(self._flavours), 2) << 8
            | min(self._ended, 2) << 10
            | (here in imported) << 12
            | bool(imported - {here}) << 13
            | self._import_died << 14
        ) ^ self._prefix

    @property
    def _cycle_number(self) -> int:
        number = 0
        for move in self._cycle[-_MOVES:]:
            number = (number * _C + move) & _MASK
        return number

    def _move(self, op: str, args: tuple[str, ...], new_import: bool) -> None:
        if new_import:
            self._imported.add(self._here)
        if op == "start":
            self._flavours[args[0]] = _FLAVOUR_NUMBERS.get(args[1], 15)
            self._started += 1
        elif op == "enter":
            self._here = args[0]
        elif op == "stop":
            self._flavours.pop(args[0], None)
            self._ended += 1
            if args[0] in self._imported:
                self._imported.discard(args[0])
                self._import_died = 1
            if self._here == args[0]:
                self._here = MAIN
        elif op == "again":
            self._life += 1
            self._import_died |= bool(self._imported)
            self._imported.clear()
            self._flavours.clear()
            self._on_node.clear()
            self._here = MAIN
