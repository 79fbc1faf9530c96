"""What probes do in their child: evaluate expressions and describe what they give."""

import enum

from _finfuzz_discover import holding, natives
from _finfuzz_discover.members import describe_members


class Evaluation:
    """Evaluates expressions.

    `names`: what expressions may use; `owns`: whether a type is the package's.
    """

    def __init__(self, names, owns, stubs):
        self.names = names
        self.owns = owns
        self.stubs = stubs

    def describe(self, text, source=None):
        """Evaluate an expression and describe its value.

        `source`: the expression that makes `source` in it.
        """
        names = dict(self.names)
        if source is not None:
            names["source"] = eval(source, names)
        return self._describe_value(eval(text, names))

    def _describe_value(self, value):
        """Return `type`, `name`, `layer` and whether the package owns the type.

        A class, an exception or a value of Python's own enums is no node: none counts as owned.
        """
        kind = type(value)
        owned = self.owns(kind) and not isinstance(value, (type, BaseException, enum.Enum))
        return {
            "type": natives.name_type(kind),
            "name": kind.__name__,
            "owned": owned,
            "layer": natives.find_layer(value, self.owns) if owned else "python",
        }

    def examine(self, make):
        """Return the traits and members of the object that an expression makes."""
        value = eval(make, dict(self.names))
        return {
            "traits": holding.read_traits(value),
            "members": describe_members(value, self.owns, self.stubs),
        }

    def perform(self, text):
        """Run statements twice, as a program may."""
        for _ in range(2):
            exec(text, dict(self.names))
        return True

    def measure(self, make, edge, *, plain=False, after=()):
        """Return how an object holds another, or None: see `holding.measure`.

        `plain`: the other object is nothing but an object, else a function.
        """
        held = holding.Plain() if plain else holding.make_cell()
        return holding.measure(self.names, self._describe_value, make, edge, held, after)
