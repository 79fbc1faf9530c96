"""All reducers, in the order in which they are tried.

The first ones make the rest cheap or possible:

1. names of their own, so that no name hinders a later merge,
2. whole lives and interpreters: a few questions, and each saves 5 to 10 ms of every later one,
3. runs of steps, from half the program to single steps; a step takes the steps that name it along,
4. where the rest runs: interpreters merged into one another, no other thread,
5. the graph: nodes merged, shapes spelled out, edges led back to their own nodes,
6. words, which is slow and changes nothing that the others depend on,
7. the order of steps,
8. other roots, in programs that are small by now: the most questions by far.

A reducer yields candidates, the boldest first. A candidate need not be legal, nor simpler: the
search leaves out steps without effect and asks only about simpler candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from finfuzz.program.model import Program
from finfuzz.triage.minimize.graph import (
    merge_nodes,
    replace_node_by_import,
    rewire_edge,
    spell_out_shape,
)
from finfuzz.triage.minimize.holding import (
    move_root,
    replace_hook_by_object,
    replace_node_by_root,
    replace_step_by_root,
)
from finfuzz.triage.minimize.interpreters import (
    drop_interpreter,
    join_stays,
    merge_interpreters,
)
from finfuzz.triage.minimize.names import give_own_names
from finfuzz.triage.minimize.order import sort_steps
from finfuzz.triage.minimize.steps import drop_life, drop_node, drop_prefixes, drop_run
from finfuzz.triage.minimize.words import use_plainer_word, use_plainer_word_everywhere

#: Longest program whose roots are tried at every place. Four nodes, one rooted for another, make
#: 4 * 3 * 27 questions, which is some seconds.
_SMALL = 8

Reducer = Callable[[Program], Iterator[Program]]


def reducers(program: Program) -> tuple[Reducer, ...]:
    """List the reducers for a program of that length, in their order."""
    return (
        give_own_names,
        drop_life,
        drop_interpreter,
        *(partial(drop_run, 2**power) for power in range(len(program).bit_length() - 1, 0, -1)),
        drop_node,
        partial(drop_run, 1),
        merge_interpreters,
        drop_prefixes,
        merge_nodes,
        replace_node_by_import,
        spell_out_shape,
        rewire_edge,
        use_plainer_word_everywhere,
        use_plainer_word,
        join_stays,
        sort_steps,
        *(
            (replace_step_by_root, replace_hook_by_object, move_root, replace_node_by_root)
            if len(program) <= _SMALL
            else ()
        ),
    )
