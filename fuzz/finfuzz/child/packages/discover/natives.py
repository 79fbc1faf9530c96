"""Which types are written in C, and which objects are, or keep, an object of such a type."""

import enum
import gc
import os
import sys
import types

_HEAP_TYPE = 1 << 9
_IMMUTABLE = 1 << 8
#: Attributes that the compiler gives to each class statement since CPython 3.13.
_STATEMENT = "__static_attributes__"


def is_stdlib(top):
    """Whether a top-level module is of the standard library."""
    names = getattr(sys, "stdlib_module_names", None)
    if names is not None:
        return top in names
    if top in sys.builtin_module_names:  # CPython 3.9
        return True
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return file.startswith(os.path.dirname(os.__file__)) and "site-packages" not in file


def is_c_type(kind):
    """Whether a type is defined in C, as far as its attributes show."""
    flags = kind.__flags__
    if not flags & _HEAP_TYPE or (flags & _IMMUTABLE and sys.version_info >= (3, 10)):
        return True
    own = vars(kind)
    if _STATEMENT in own:
        return False
    if type(kind) is not type and is_c_type(type(kind)):
        return True
    # Binding frameworks have metaclasses in C; other heap types have neither of these.
    return not ({"__weakref__", "__dict__", "__slots__"} & own.keys() or _has_functions(own))


def _has_functions(own):
    values = (getattr(value, "__func__", value) for value in own.values())
    return any(isinstance(value, types.FunctionType) for value in values)


def is_worth_making(kind):
    """Whether a type can be a kind: no exception, no enum in Python, no abstract class."""
    if issubclass(kind, (BaseException, enum.Enum)):
        return False
    return not getattr(kind, "__abstractmethods__", None)


def has_native_base(kind, owns):
    """Whether a type or a base of its own package is in C. `owns`: a function of a type."""
    return any(owns(base) and is_c_type(base) for base in kind.__mro__)


def find_layer(value, owns, depth=2):
    """Return how near an object is to the package's C code.

    `c`: its type is in C. `derived`: a base of its type is. `wrapper`: it keeps an object of such a
    type, within `depth` references. `python`: none of these.
    """
    kind = type(value)
    if owns(kind) and is_c_type(kind):
        return "c"
    if has_native_base(kind, owns):
        return "derived"
    return "wrapper" if _keeps_native(value, owns, depth) else "python"


def _keeps_native(value, owns, depth):
    frontier = [value]
    for _ in range(depth):
        # The dict of an object is not always materialized: the attributes are asked as well.
        held = [one for parent in frontier for one in gc.get_referents(parent)]
        held += [one for parent in frontier for one in _list_attributes(parent)]
        frontier = [
            one for one in held if not isinstance(one, (type, types.ModuleType, types.FunctionType))
        ][:500]
        if any(has_native_base(type(one), owns) for one in frontier):
            return True
    return False


def _list_attributes(value):
    attributes = getattr(value, "__dict__", None)
    return list(attributes.values()) if isinstance(attributes, dict) else []


def name_type(kind):
    """Return a name that is the same in every child."""
    return "%s.%s" % (kind.__module__, kind.__qualname__)
