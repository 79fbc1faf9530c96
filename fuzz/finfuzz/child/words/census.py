"""The census: types of the extension that something keeps alive and the collector does not see."""


def census():
    """Return `Box 1, Cell 2`: for each type by name, how many references are not seen.

    A type's reference count, less its instances and what else its owners show to the collector:
    what is left has an owner in C++ alone, so the type stays when its module goes. Types whose
    instances the collector does not track are left out, since these can't be counted. Empty on a
    free-threaded CPython, where no count of a type is exact.
    """
    import gc
    import sys

    if "t" in getattr(sys, "abiflags", ""):
        return ""
    kinds = [each for each in gc.get_objects() if is_type_of_extension(each)]
    if not kinds:
        return ""
    kinds.append(type("Probe", (), {}))  # all that it is short of, the census itself holds
    unseen = count_unseen(kinds, gc.get_objects(), gc.get_referents, sys.getrefcount)
    names = [type.__dict__["__name__"].__get__(kind) for kind in kinds]
    usual = unseen[-1]
    found = sorted((name, count - usual) for name, count in zip(names, unseen) if count > usual)
    return ", ".join("%s %d" % one for one in found)


def count_unseen(kinds, objects, get_referents, getrefcount):
    """Return the reference count of each type, less what these objects are seen to refer to."""
    seen = dict.fromkeys(map(id, kinds), 0)
    for each in get_referents(*objects):
        if id(each) in seen:
            seen[id(each)] += 1
    for each in objects:
        kind = type(each)  # a class made by a metaclass of C does not show it
        if id(kind) in seen and not any(shown is kind for shown in get_referents(each)):
            seen[id(kind)] += 1
    objects = each = kind = None
    return [getrefcount(kind) - seen[id(kind)] for kind in kinds]


def is_type_of_extension(thing):
    """Whether it is a type of the extension, whose instances the collector tracks (1 << 14)."""
    if not issubclass(type(thing), type):
        return False
    try:
        module = type.__dict__["__module__"].__get__(thing)
    except AttributeError:  # a type of C may have none
        return False
    tracked = type.__dict__["__flags__"].__get__(thing) & 1 << 14
    return bool(tracked) and str(module).startswith("finfuzz_")
