import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.program.language import EDGE, OPERATIONS, Role
from finfuzz.program.model import INTERPRETER_ROLES, NODE_ROLES, Program, Step
from finfuzz.program.text import parse

EDGE_STEP = Step("edge", ("a", "b", "append"), ("above",), "beside")


def test_a_step_knows_what_its_arguments_are() -> None:
    assert EDGE_STEP.operation is OPERATIONS["edge"]
    assert list(EDGE_STEP.typed()) == [
        (0, Role.NODE, "a"),
        (1, Role.NODE, "b"),
        (2, EDGE, "append"),
    ]


@pytest.mark.parametrize(
    ("step", "nodes", "interpreters"),
    [
        (EDGE_STEP, ("a", "b"), ()),
        (Step("node", ("a", "list")), ("a",), ()),
        (Step("start", ("i", "legacy")), (), ("i",)),
        (Step("enter", ("main",)), (), ("main",)),
        (Step("collect"), (), ()),
        (Step("exit", ("return",)), (), ()),
    ],
)
def test_names(step: Step, nodes: tuple[str, ...], interpreters: tuple[str, ...]) -> None:
    assert step.names(*NODE_ROLES) == nodes
    assert step.names(*INTERPRETER_ROLES) == interpreters


def test_a_step_with_too_few_arguments_is_not_taken_for_one() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        list(Step("edge", ("a", "b")).typed())


@pytest.mark.parametrize(
    ("index", "expected"),
    [(0, ("c", "b", "append")), (1, ("a", "c", "append")), (2, ("a", "b", "c"))],
)
def test_one_argument_changed(index: int, expected: tuple[str, ...]) -> None:
    assert EDGE_STEP.with_arg(index, "c") == Step("edge", expected, ("above",), "beside")


@given(st.from_type(Program))
def test_without_comments_the_steps_are_the_same(program: Program) -> None:
    bare = program.without_comments()
    assert [(step.op, step.args) for step in bare.steps] == [
        (step.op, step.args) for step in program.steps
    ]
    assert not bare.below
    assert not any(step.above or step.beside for step in bare.steps)
    assert bare.without_comments() == bare


@pytest.mark.parametrize(
    ("steps", "cost"),
    [
        ("", 1),
        ("node a list; root a sys", 1),
        ("node a list; root a daemon-thread", 3),
        # measured: one word of `threading` 2.3 to 3.2 bare children, four of them 3.0 to 3.2
        ("node a list; root a daemon-thread; root a joined-thread; hook a threading-exit join", 3),
        ("node a list; root a daemon-thread; node b native-enum; node c native-enum", 5),
        ("node a list; root a daemon-thread; start i legacy; enter i; node a list; "
         "root a joined-thread", 7.5),
        ("node a list; root a daemon-thread; again; node a list; root a daemon-thread", 7.5),
    ],
)  # fmt: skip
def test_a_module_is_paid_for_once_in_each_interpreter(steps: str, cost: float) -> None:
    assert parse(f"finfuzz 1\n{steps.replace('; ', chr(10))}\n").cost == cost
