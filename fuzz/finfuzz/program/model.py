"""Programs as immutable values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from finfuzz.program.language import OPERATIONS, Operation, Role
from finfuzz.program.words import OF_EXTENSION, Choice, is_own


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a program: an operation, its arguments, and the comments above and beside it.

    ``line``: its number in the text that it was read from, from 1; 0 where it was in none.
    """

    op: str
    args: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    beside: str = ""
    line: int = field(default=0, compare=False, repr=False)

    @property
    def operation(self) -> Operation:
        return OPERATIONS[self.op]

    @property
    def cost(self) -> float:
        """The cost of a child with this step, in bare children (`tools/costs.py`)."""
        return _price(self.op, self.args)[0]

    @property
    def module(self) -> str:
        """The module whose import is what the step costs; empty where it is something else."""
        return _price(self.op, self.args)[1]

    @property
    def imports(self) -> bool:
        """Whether the step imports the extension if it is not imported yet."""
        kinds = {"node": self.args[-1:], "shape": self.args[2:3]}.get(self.op, ())
        return self.op == "import" or any(kind in OF_EXTENSION or is_own(kind) for kind in kinds)

    def typed(self) -> Iterator[tuple[int, Role | Choice, str]]:
        """Yield (index, parameter, argument) of each argument."""
        for index, (parameter, argument) in enumerate(
            zip(self.operation.parameters, self.args, strict=True)
        ):
            yield index, parameter, argument

    def names(self, *roles: Role) -> tuple[str, ...]:
        """Return the arguments that have one of the ``roles``, in order."""
        return tuple(argument for _, parameter, argument in self.typed() if parameter in roles)

    def with_arg(self, index: int, argument: str) -> Step:
        return replace(self, args=(*self.args[:index], argument, *self.args[index + 1 :]))


@lru_cache(maxsize=1 << 14)  # each candidate of a campaign is priced
def _price(op: str, args: tuple[str, ...]) -> tuple[float, str]:
    """Return a step's cost, and the module whose import that is; empty if it is something else."""
    words = [p.word(text) for _, p, text in Step(op, args).typed() if isinstance(p, Choice)]
    cost = max(OPERATIONS[op].cost, *(word.cost for word in words), 0)
    return cost, next((word.module for word in words if word.module), "")


#: Operations after which another interpreter goes on, with modules of its own.
_MOVES = ("start", "enter", "stop", "again")


@dataclass(frozen=True, slots=True)
class Program:
    """Steps in order, and the comments below the last of them. Any step can be left out."""

    steps: tuple[Step, ...] = ()
    below: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def cost(self) -> float:
        """The cost of its child, in bare children.

        A module that several steps need is paid for once; again where the program comes back to an
        interpreter, which is too much.
        """
        cost, imported = 1.0, set[str]()
        for step in self.steps:
            if step.op in _MOVES:
                imported.clear()
            price, module = _price(step.op, step.args)
            if module not in imported:
                cost += max(price - 1, 0)
            if module:
                imported.add(module)
        return cost

    def without_comments(self) -> Program:
        return Program(tuple(Step(step.op, step.args) for step in self.steps))


NODE_ROLES = (Role.NEW_NODE, Role.NODE)
INTERPRETER_ROLES = (Role.NEW_INTERPRETER, Role.INTERPRETER)
