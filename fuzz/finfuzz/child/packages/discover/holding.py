"""Whether an object holds another after a call: by reference counts."""

import gc
import sys
import types

_MOST_DEPTH = 4
_MOST_OBJECTS = 2000


class Plain:
    """An object that is nothing but that: not callable, not iterable."""


def make_cell():
    """Return a function that counts its calls in `cell.calls` and returns a list.

    Recipes call such a function `cell`; it is hashable, weakly referable and callable.
    """
    held = []

    def cell(*_arguments, **_named):
        cell.calls += 1
        return held

    cell.calls = 0
    return cell


def measure(names, describe, make, edge, held, after=()):
    """Return how the object of the expression `make` holds `held`, or None if it does not.

    `names`: what expressions may use. `describe`: a function of the object. `edge`: statements with
    `source` and `target`; None where `make` itself takes `cell`. `after`: expressions with `source`
    that may call what is held.

    The answer has the object's description and `seen` (the collector is led from the object to what
    it holds), `freed` (the reference goes with the object) and `called`.
    """
    names = dict(names)
    if edge is None:
        names["cell"] = held
        before = sys.getrefcount(held)
        source = eval(make, names)
    else:
        source = names["source"] = eval(make, names)
        names["target"] = held
        before = sys.getrefcount(held)
        exec(edge, names)
    if sys.getrefcount(held) <= before:
        return None
    gc.collect()
    if sys.getrefcount(held) <= before:
        return None
    answer = dict(describe(source), seen=is_reachable(source, held))
    answer["called"] = _is_called(held, source, after, names)
    del source
    names.pop("source", None)
    gc.collect()
    answer["freed"] = sys.getrefcount(held) <= before
    return answer


def is_reachable(source, held):
    """Whether the collector is led from one object to another, types and modules left out."""
    known, frontier = {id(source)}, [source]
    for _ in range(_MOST_DEPTH):
        following = []
        for one in gc.get_referents(*frontier):
            if one is held:
                return True
            if id(one) not in known and not isinstance(one, (type, types.ModuleType)):
                known.add(id(one))
                following.append(one)
        frontier = following
        if not frontier or len(known) > _MOST_OBJECTS:
            return False
    return False


def _is_called(held, source, after, names):
    calls = getattr(held, "calls", None)
    if calls is None:
        return False
    local = dict(names, source=source)
    for text in after:
        try:
            eval(text, local)
        except BaseException:  # greenlets end by one
            continue
    return held.calls > 0


def read_traits(value):
    """Return which of weak, hashable, attributes and gc an object is or has."""
    import weakref

    return {
        "weak": _works(lambda: weakref.ref(value)),
        "hashable": _works(lambda: hash(value)),
        "attributes": hasattr(value, "__dict__") and _works(lambda: setattr(value, "finfuzz", 1)),
        "gc": gc.is_tracked(value),
    }


def _works(function):
    try:
        function()
    except Exception:
        return False
    return True
