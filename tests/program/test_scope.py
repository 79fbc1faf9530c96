"""Which steps have an effect where: beside each step `+` if it has one, `-` if it is skipped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.program.language import EDGE, EDGES_FROM, KIND, MAX_INTERPRETERS
from fuzz.program.model import Program, Step
from fuzz.program.scope import NEWEST, Scope, defines, effective, uses
from fuzz.program.text import parse, to_text


def check_effects(table: str, python: tuple[int, int] = NEWEST, *, abuse: bool = False) -> None:
    """Each line of ``table``: ``+`` or ``-``, then the step."""
    lines = [line.split(maxsplit=1) for line in table.strip().splitlines()]
    program = parse("finfuzz 1\n" + "\n".join(step for _, step in lines))
    scope = Scope(python, abuse)
    found = [
        ["+" if scope.apply(step) else "-", text]
        for step, (_, text) in zip(program.steps, lines, strict=True)
    ]
    assert found == lines


NODES = """
    -  drop a
    -  root a sys
    -  check a
    +  node a list
    -  edge a b append
    -  edge b a append
    +  edge a a append
    +  root a sys
    +  node a dict
    +  drop a
    -  drop a
    -  edge a a append
    +  node a list
    +  drop a
"""

ALWAYS = """
    +  import
    +  import
    +  collect
    +  exit exception
    +  exit return
    +  collect
"""

CHECKS = """
    +  node a container
    +  check a
    +  node a subclass
    +  check a
    +  node a instance
    +  check a
    +  node a function
    +  check a
    +  node a list
    -  check a
    +  node a dict
    -  check a
"""

HOOKS = """
    -  hook a clear create
    +  node a instance
    -  hook a clear create
    +  node a function
    -  hook a dealloc lookup
    +  node a list
    -  hook a traverse plain
    +  node a container
    +  hook a clear create
    +  hook a traverse lookup
    +  node a subclass
    +  hook a dealloc create
"""

INTERPRETERS = """
    -  enter main
    -  stop main
    -  enter i
    -  stop i
    +  start i legacy
    -  start i legacy
    -  start i isolated
    +  enter i
    -  enter i
    +  start j isolated
    +  enter j
    +  stop i
    -  stop i
    -  enter i
    -  enter j
    +  start i isolated
    +  enter i
    +  enter main
    -  enter main
"""

#: Ending the current interpreter goes back to the main one.
STOP_OF_THE_CURRENT_ONE = """
    +  node a list
    +  start i legacy
    +  enter i
    -  drop a
    +  stop i
    -  enter main
    +  drop a
"""

#: A name belongs to the interpreter it was made in, and goes with it.
NODES_ARE_PER_INTERPRETER = """
    +  node a container
    +  start i legacy
    +  start j legacy
    +  enter i
    -  root a codec
    +  node a list
    -  hook a clear cast
    +  enter j
    -  edge a a append
    +  enter main
    +  hook a clear cast
    +  enter i
    +  edge a a append
    +  stop i
    +  hook a clear cast
    +  start i legacy
    +  enter i
    -  edge a a append
"""

#: Names of nodes and of interpreters have nothing to do with each other.
TWO_SORTS_OF_NAMES = """
    +  node i list
    -  enter i
    +  start i legacy
    +  node main dict
    +  enter i
    -  drop main
    +  stop i
    +  drop i
    +  drop main
"""

#: A static type is the whole process's: only the main interpreter may put something in there.
TYPE_DICT = """
    +  node a list
    +  root a type-dict
    +  start i legacy
    +  enter i
    +  node a list
    -  root a type-dict
    +  root a interpreter-dict
    +  enter main
    +  root a type-dict
"""


@pytest.mark.parametrize(
    "table",
    [
        *(NODES, ALWAYS, CHECKS, HOOKS, INTERPRETERS, STOP_OF_THE_CURRENT_ONE),
        *(NODES_ARE_PER_INTERPRETER, TWO_SORTS_OF_NAMES, TYPE_DICT),
    ],
)
def test_effects(table: str) -> None:
    check_effects(table)


@pytest.mark.parametrize("kind", KIND.texts)
@pytest.mark.parametrize("edge", EDGE.texts)
def test_edges_by_kind(kind: str, edge: str) -> None:
    mark = "+" if edge in EDGES_FROM[kind] else "-"
    check_effects(f"+  node a {kind}\n+  node b instance\n{mark}  edge a b {edge}")


@pytest.mark.parametrize(
    ("python", "mark"),
    [((3, 9), "-"), ((3, 11), "-"), ((3, 12), "+"), ((3, 13), "+"), (NEWEST, "+")],
)
def test_isolated_interpreters_come_with_3_12(python: tuple[int, int], mark: str) -> None:
    check_effects(
        f"{mark}  start i isolated\n{mark}  enter i\n+  start j legacy\n{mark}  stop i", python
    )


def test_creating_objects_in_traverse_is_abuse() -> None:
    table = "+ node a container\n{} hook a traverse create\n+ hook a traverse cast"
    check_effects(table.format("-"))
    check_effects(table.format("+"), abuse=True)


def test_no_more_interpreters_at_once_than_that() -> None:
    starts = [f"+  start i{number} legacy" for number in range(MAX_INTERPRETERS)]
    check_effects("\n".join([*starts, "-  start j legacy", "+  stop i0", "+  start j legacy"]))


# ---- the effective program --------------------------------------------------------------------


def test_the_effective_program_keeps_the_comments_of_what_it_keeps() -> None:
    text = "finfuzz 1\n# a\nnode a list  # a list\n# lost\nroot b sys  # lost\ndrop a\n# below\n"
    kept = "finfuzz 1\n# a\nnode a list  # a list\ndrop a\n# below\n"
    assert to_text(effective(parse(text))) == kept


@given(st.from_type(Program))
def test_leaving_out_what_does_nothing_leaves_what_does_something(program: Program) -> None:
    once = effective(program)
    assert effective(once) == once
    assert len(once) <= len(program)


@given(st.from_type(Program))
def test_an_older_python_or_fewer_liberties_never_add_an_effect(program: Program) -> None:
    everything = effective(program, abuse=True)
    assert len(effective(program)) <= len(everything)
    assert len(effective(everything, (3, 9))) <= len(everything)


@given(st.from_type(Program))
def test_any_step_can_be_deleted(program: Program) -> None:
    for index in range(len(program)):
        rest = Program(program.steps[:index] + program.steps[index + 1 :], program.below)
        assert parse(to_text(rest)) == rest
        scope = Scope()
        assert all(scope.apply(step) in {True, False} for step in rest.steps)
        assert scope.current in scope.nodes


@pytest.mark.parametrize(
    ("line", "defined", "used"),
    [
        ("node a list", ("a",), ()),
        ("start i legacy", ("i",), ()),
        ("edge a b append", (), ("a", "b")),
        ("enter main", (), ("main",)),
        ("stop i", (), ("i",)),
        ("hook a clear cast", (), ("a",)),
        ("collect", (), ()),
    ],
)
def test_defines_and_uses(line: str, defined: tuple[str, ...], used: tuple[str, ...]) -> None:
    step: Step = parse(f"finfuzz 1\n{line}").steps[0]
    assert (defines(step), uses(step)) == (defined, used)
