"""Cells: lists that an object of a recipe holds, by a function that it takes for a callback."""


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
