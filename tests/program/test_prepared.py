"""Programs without the steps that do nothing, and prepared for a child."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.program.language import Role
from finfuzz.program.legal import EDGES_FROM
from finfuzz.program.model import Program, Step
from finfuzz.program.prepared import prepare
from finfuzz.program.scope import Scope, effective
from finfuzz.program.text import parse, to_text
from finfuzz.support.cpythons import NEWEST

PYTHONS = st.sampled_from([(3, 9), (3, 11), (3, 12), NEWEST])


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
        ("shape a ring list 3", ("a",), ()),
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
    assert step.names(Role.NEW_NODE, Role.NEW_INTERPRETER) == defined
    assert step.names(Role.NODE, Role.INTERPRETER) == used


# ---- what a child is given --------------------------------------------------------------------

OF_ALL_SORTS = """\
finfuzz 1
# above
node a container  # beside
drop b
shape b two-rings dict 3
shape c ring iterator 3
start i isolated
enter i
root a static-object
# below
"""


@pytest.mark.parametrize(
    ("python", "abuse", "lines"),
    [
        ((3, 13), False, ["start i isolated", "enter i", ""]),
        ((3, 11), False, ["", "", ""]),
        ((3, 11), True, ["", "", "root a static-object"]),
    ],
)
def test_a_line_for_each_step_and_an_empty_one_for_what_does_nothing(
    python: tuple[int, int], abuse: bool, lines: list[str]
) -> None:
    text = prepare(parse(OF_ALL_SORTS), python, abuse=abuse).text
    first = ["finfuzz 1", "node a container", "", "shape b two-rings dict 3 value", ""]
    assert text == "".join(f"{line}\n" for line in first + lines)


@given(st.from_type(Program), PYTHONS, st.booleans())
def test_a_child_is_given_what_has_an_effect_and_no_more(
    program: Program, python: tuple[int, int], abuse: bool
) -> None:
    first, *lines = prepare(program, python, abuse=abuse).text[:-1].split("\n")
    assert first == "finfuzz 1"
    assert len(lines) == len(program)
    taken = effective(program, python, abuse=abuse).without_comments().steps
    assert [line.split()[:5] for line in lines if line] == [[s.op, *s.args] for s in taken]
    shapes = [line.split() for line in lines if line.startswith("shape ")]
    assert all(words[5:] == [EDGES_FROM[words[3]][0]] for words in shapes)


@given(st.from_type(Program), PYTHONS)
def test_what_is_given_once_is_given_again(program: Program, python: tuple[int, int]) -> None:
    """The effective program's text is the program's without its empty lines."""
    lines = prepare(program, python).text.split("\n")
    again = prepare(effective(program, python), python).text.split("\n")
    assert [line for line in lines if line] == [line for line in again if line]
    assert again.count("") == 1, "but for the end of the text"


@pytest.mark.parametrize(
    ("steps", "begins"),
    [
        ("import", True),
        ("node a container", True),
        ("shape a ring container 3", True),
        ("node a list\nimport", False),
        ("elsewhere\nimport", False),
        ("start i1 legacy\nenter i1\nimport", False),
        ("use second\nimport", False),
        ("root b codec\nimport", True),  # the first has no effect
        ("", False),
    ],
)
def test_what_a_zygote_may_import_ahead(steps: str, begins: bool) -> None:
    """The import has to be the very first thing that happens: what stands before it would find
    other modules, and objects come to the last collection in another order."""
    assert prepare(parse(f"finfuzz 1\n{steps}\n"), (3, 13)).begins_by_importing is begins
