"""Kinds: types of which an expression makes an object, and the expressions to try for that."""

import enum
import inspect

from _finfuzz_discover import arguments
from _finfuzz_discover.members import OPERATORS, is_of_class, list_members
from _finfuzz_discover.safety import is_allowed, split_words
from _finfuzz_discover.signatures import read_signatures, read_type_signatures


class Kind:
    """A type that can be made.

    `type`: the type's name with its module. `make`: the expression. `maker`: the (expression of the
    callable, signatures) that made it, None where it came by a method. `parent`: the kind whose
    object the expression begins with.
    """

    def __init__(self, answer, make, maker=None, parent=None):
        self.type = answer["type"]
        self.name = answer["name"]
        self.layer = answer["layer"]
        self.is_type = maker is not None and maker[0].rpartition(".")[2] == self.name
        self.make = make
        self.maker = maker
        self.parent = parent
        self.depth = parent.depth + 1 if parent else 0
        self.traits = {}
        self.members = {"methods": {}, "attributes": [], "items": False, "calls": False}
        self.uses = []
        self.holdings = []
        self.edges = []


def list_enum_values(types):
    """Return the expression of an enum's first value, by the enum's name: arguments, no kinds."""
    return {
        kind.__name__: "%s.%s" % (path, next(iter(kind)).name)
        for path, kind in types
        if issubclass(kind, enum.Enum) and len(kind)
    }


def list_type_makes(path, kind, stubs, known, owns):
    """List (expression, maker) for a type: its constructor, its own members, its class methods."""
    signatures = read_type_signatures(kind, stubs.find_constructor(kind))
    calls = arguments.list_calls(signatures, known) + arguments.list_generic_calls(signatures)
    makes = [("%s(%s)" % (path, one), (path, signatures)) for one in dict.fromkeys(calls)]
    own = [("%s.%s" % (path, name), None) for name in _list_own_instances(kind)]
    makes = own + makes if hasattr(kind, "__members__") else makes + own
    for name, value in list_members(kind, owns):
        if is_of_class(value):
            found = read_signatures(getattr(kind, name), name, stubs.find_method(kind, name))
            makes += list_function_makes("%s.%s" % (path, name), found, known)
    return makes


def _list_own_instances(kind):
    """List the public class attributes that are instances of the class: an enum's values."""
    names = [name for name in vars(kind) if not name.startswith("_")]
    return [name for name in names if type(inspect.getattr_static(kind, name, None)) is kind][:3]


#: Words of functions that make what they return; others may return what is there already.
_MAKING = {
    *("build", "compile", "connect", "create", "from", "get", "load", "loads", "make", "new"),
    *("open", "parse", "read"),
}


def sort_functions(functions):
    """Return the (expression, function) that may be called, those that make objects first."""
    allowed = [one for one in functions if is_allowed(one[0].rpartition(".")[2])]
    words = [split_words(one[0].rpartition(".")[2]) for one in allowed]
    order = sorted(range(len(allowed)), key=lambda index: _MAKING.isdisjoint(words[index]))
    return [allowed[index] for index in order]


def list_function_makes(path, signatures, known):
    """List (expression, maker) for what a function or a class method returns."""
    if not is_allowed(path.rpartition(".")[2]):
        return []
    calls = arguments.list_calls(signatures, known) or arguments.FUNCTION_ARGUMENTS
    return [("%s(%s)" % (path, one), (path, signatures)) for one in calls]


def list_further(kind):
    """List the expressions with `source` that may give an object of another kind."""
    members = kind.members
    found = ["source.%s" % name for name in members["attributes"]]
    for name, signatures in members["methods"].items():
        if not signatures or any(_needs_nothing(one) for one in signatures):
            found.append("source.%s()" % name)
    return found + list(OPERATORS)


def _needs_nothing(signature):
    return not any(one["required"] for one in signature)


def list_holding_makes(kind, known):
    """List expressions with `cell` whose object may keep `cell`."""
    if kind.maker is None:
        return []
    path, signatures = kind.maker
    calls = arguments.list_holding_calls(signatures, known, "cell")
    calls += arguments.vary_call(kind.make, signatures, "cell")
    if not signatures or kind.is_type:
        calls += arguments.list_generic_holding_calls("cell")
    return ["%s(%s)" % (path, one) for one in dict.fromkeys(calls)]


def list_holding_calls(path, signatures, known):
    """List calls of a function with `cell` whose result may keep `cell`."""
    calls = arguments.list_holding_calls(signatures, known, "cell")
    calls = calls or arguments.list_generic_holding_calls("cell", numbers=False)
    return ["%s(%s)" % (path, one) for one in calls]


def list_edges(kind, known):
    """List (name, statements) that may have `source` keep `target`."""
    members, found = kind.members, []
    for name, signatures in members["methods"].items():
        calls = arguments.list_holding_calls(signatures, known, "target")
        if not signatures:
            calls = arguments.list_generic_holding_calls("target")
        found += [(name, "source.%s(%s)" % (name, one)) for one in calls]
    found += [(name, "source.%s = target" % name) for name in members["attributes"]]
    if members["items"]:
        places = ("source['a'] = target", "source[0] = target", "source[target] = 0")
        found += [("item" if one.endswith("target") else "key", one) for one in places]
    if members["calls"]:
        calls = ("source(target)", "source('a', target)")
        found += [("call", one) for one in calls]
    return found
