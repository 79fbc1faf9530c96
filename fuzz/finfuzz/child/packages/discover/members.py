"""The public members of an object: methods, attributes, and operators that give further objects."""

import inspect
import types

from _finfuzz_discover.safety import is_allowed
from _finfuzz_discover.signatures import read_signatures

MOST_MEMBERS = 200
#: Members in C that belong to the class; all other callables need an object.
_OF_CLASS = (classmethod, staticmethod, types.ClassMethodDescriptorType, types.BuiltinFunctionType)
_DATA = (property, types.GetSetDescriptorType, types.MemberDescriptorType)
#: Operators that give another object, without a name of their own.
OPERATORS = (
    *("iter(source)", "source + 1", "1 * source", "source >= 1", "source == source"),
    *("source | source", "source[0]", "source['a']", "reversed(source)", "memoryview(source)"),
)


def is_of_class(value):
    """Whether a member, as the type's dict has it, is called on the type."""
    return isinstance(value, _OF_CLASS) or type(value).__name__ == "nb_func"


def list_members(kind, owns):
    """Yield (name, value as the dict has it) of the public members that the package defines."""
    names = [name for name in dir(kind) if is_allowed(name)]
    for name in names[:MOST_MEMBERS]:
        value = inspect.getattr_static(kind, name, None)
        if any(name in vars(base) and owns(base) for base in kind.__mro__):
            yield name, value


def describe_members(value, owns, stubs):
    """Return `methods`, name to signatures, and `attributes`, names of data, of an object."""
    kind = type(value)
    methods, attributes = {}, []
    for name, member in list_members(kind, owns):
        if isinstance(member, _DATA):
            attributes.append(name)
        elif not is_of_class(member) and not isinstance(member, type) and callable(member):
            bound = getattr(value, name, None)
            methods[name] = read_signatures(bound, name, stubs.find_method(kind, name))
    return {
        "methods": methods,
        "attributes": attributes,
        "items": hasattr(kind, "__setitem__"),
        "calls": callable(value),
    }
