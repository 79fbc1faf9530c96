"""All ways to make a program simpler, in the order in which they are tried.

What is tried first should make the rest cheap or possible:

1. names of their own, so that nothing that is merged later is in another's way,
2. whole lives and interpreters: a few questions, and each saves 5 to 10 ms of every later one,
3. runs of steps, from half the program to single ones; a step takes what speaks of it along,
4. what the rest happens in: interpreters merged into one another, no other thread,
5. the graph: nodes merged, shapes spelled out, edges back to where they come from,
6. words, which is slow and changes nothing that the others depend on,
7. the order of steps,
8. other places to be kept alive at, in what is small by now: the most questions by far.

A reducer yields candidates, the boldest first. They need not be legal, nor simpler: the search
leaves out steps without effect and asks about nothing that is not simpler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from finfuzz.program.model import Program
from finfuzz.triage.minimize.graph import import_instead, merged_nodes, rewired, spelled_out
from finfuzz.triage.minimize.holding import object_instead, other_node, other_root, root_instead
from finfuzz.triage.minimize.interpreters import (
    merged_interpreters,
    together,
    without_interpreter,
)
from finfuzz.triage.minimize.names import own_names
from finfuzz.triage.minimize.order import in_order
from finfuzz.triage.minimize.steps import in_one_thread, without_life, without_node, without_run
from finfuzz.triage.minimize.words import plainer_everywhere, plainer_word

#: Steps of a program whose roots are tried at every place. Four nodes, one rooted for another, make
#: 4 * 3 * 27 questions, which is some seconds.
_SMALL = 8

Reducer = Callable[[Program], Iterator[Program]]


def reducers(program: Program) -> tuple[Reducer, ...]:
    """Those for a program of that length, in their order."""
    return (
        own_names,
        without_life,
        without_interpreter,
        *(partial(without_run, 2**power) for power in range(len(program).bit_length() - 1, 0, -1)),
        without_node,
        partial(without_run, 1),
        merged_interpreters,
        in_one_thread,
        merged_nodes,
        import_instead,
        spelled_out,
        rewired,
        plainer_everywhere,
        plainer_word,
        together,
        in_order,
        *((root_instead, object_instead, other_root, other_node) if len(program) <= _SMALL else ()),
    )
