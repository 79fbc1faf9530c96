"""Shapes: `shape_<shape>` makes `size` nodes by `make()`, links them, and returns the first."""


def shape_ring(make, refer, size):
    nodes = [make() for _ in range(size)]
    for index in range(size):
        refer(nodes[index - 1], nodes[index])
    return nodes[0]


def shape_chain(make, refer, size):
    nodes = [make() for _ in range(size)]
    for index in range(1, size):
        refer(nodes[index - 1], nodes[index])
    return nodes[0]


def shape_tree(make, refer, size):
    nodes = [make() for _ in range(size)]
    for index in range(1, size):
        refer(nodes[(index - 1) // 2], nodes[index])
    return nodes[0]


def shape_star(make, refer, size):
    first = make()
    for _ in range(1, size):
        refer(first, make())
    return first


def shape_clique(make, refer, size):
    nodes = [make() for _ in range(size)]
    for source in nodes:
        for target in nodes:
            refer(source, target)
    return nodes[0]


def shape_two_rings(make, refer, size):
    first = make()
    for _ in range(2):
        nodes = [first] + [make() for _ in range(1, size)]
        for index in range(size):
            refer(nodes[index - 1], nodes[index])
    return first
