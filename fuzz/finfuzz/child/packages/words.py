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


def make_cell():
    held = []

    def cell(*args, **kwargs):
        return held

    return cell


def hold_cell(node, cell):
    """Remember the cell that a node holds, without a reference to it; return the node."""
    import _weakref

    find_cells()[id(node)] = _weakref.ref(cell)
    return node


def cell_of(node):
    return find_cells()[id(node)]()


def find_cells():
    return globals().setdefault("CELLS", {})
