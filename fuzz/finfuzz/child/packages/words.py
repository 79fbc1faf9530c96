"""Words of every package, in place of those that the extensions of ``child/extensions`` share.

PACKAGE stands for the module's name.
"""


def import_extension(subject):
    import PACKAGE


def at_weakref(node, act):
    import _weakref

    leak(_weakref.ref(node, lambda _: act(None)))


def at_finalize(node, act):
    import weakref

    weakref.finalize(node, act, None)
