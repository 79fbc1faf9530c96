"""Edges: `refer_by_<edge>` makes the source refer to the target."""


def refer_by_append(source, target):
    source.append(target)


def refer_by_value(source, target):
    source[len(source)] = target


def refer_by_key(source, target):
    source[target] = len(source)


def refer_by_attribute(source, target):
    setattr(source, next_attribute(source), target)


def refer_by_class_attribute(source, target):
    setattr(type(source), next_attribute(type(source)), target)


def refer_by_self(source, target):
    setattr(source.__self__, next_attribute(source.__self__), target)


def next_attribute(owner):
    number = 0
    while "attribute%d" % number in owner.__dict__:
        number += 1
    return "attribute%d" % number


def refer_by_closure(source, target):
    source().append(target)


def refer_by_default(source, target):
    source.__defaults__ = (source.__defaults__ or ()) + (target,)


def refer_by_local(source, target):
    for name in ("gi_frame", "cr_frame", "tb_frame"):
        source = getattr(source, name, source)
    source.f_locals["held"].append(target)


def refer_by_base(source, target):
    source.__bases__ = (type("Between", (target,), {}),)


def refer_by_context(source, target):
    source.__context__ = ValueError(target, source.__context__)


def refer_by_context_variable(source, target):
    source.set(target)


def refer_by_member(t, source, target):
    t.set_member(source, target)


def refer_by_module_dict(source, target):
    source.__dict__[next_attribute(source)] = target


def refer_by_keep_alive(t, source, target):
    t.keep_alive(source, target)


def refer_by_weak(source, target):
    import _weakref

    source.append(_weakref.ref(target))
