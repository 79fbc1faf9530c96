from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finfuzz.generation.generate import generate
from finfuzz.generation.splice import slice_with_dependencies, splice
from finfuzz.generation.weights import Weights
from finfuzz.program.language import MAIN, OPERATIONS, Role
from finfuzz.program.model import INTERPRETER_ROLES, NODE_ROLES, Program, Step
from finfuzz.program.scope import effective
from finfuzz.program.text import parse, to_text
from finfuzz.program.walk import walk

USED, DEFINED = (Role.NODE, Role.INTERPRETER), (Role.NEW_NODE, Role.NEW_INTERPRETER)
SEEDS = st.integers(0, 2**64 - 1)


def read(text: str) -> Program:
    """Steps separated by semicolons."""
    return parse("finfuzz 1\n" + text.replace(";", "\n"))


def write(program: Program) -> str:
    return "; ".join(to_text(program).splitlines()[1:])


def slices(donor: str, seeds: int = 300) -> set[str]:
    """Every slice that comes up."""
    program = read(donor)
    found = (slice_with_dependencies(Random(seed), program) for seed in range(seeds))
    return {write(Program(steps)) for steps in found}


def names(steps: Iterable[Step], roles: tuple[Role, ...]) -> set[str]:
    return {name for step in steps for name in step.names(*roles)}


def with_names_apart(program: Program) -> Program:
    """No node called what an interpreter may be called."""
    return Program(tuple(map(with_node_names_apart, program.steps)), program.below)


def with_node_names_apart(step: Step) -> Step:
    args = [f"n_{arg[:30]}" if what in NODE_ROLES else arg for _, what, arg in step.typed()]
    return replace(step, args=tuple(args))


# ---- slices -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("donor", "expected"),
    [
        ("", {""}),
        ("collect", {"collect"}),
        ("import; collect", {"import", "collect", "import; collect"}),
        # what is used comes along from however far above
        (
            "node a list; collect; drop a",
            {
                "node a list",
                "collect",
                "node a list; drop a",
                "node a list; collect",
                "node a list; collect; drop a",
            },
        ),
        # where a name was made twice, the last time before the use counts
        (
            "node a list; node a dict; drop a",
            {
                "node a list",
                "node a dict",
                "node a list; node a dict",
                "node a dict; drop a",
                "node a list; node a dict; drop a",
            },
        ),
        # what had no effect defines nothing
        (
            "start i legacy; start i isolated; enter i",
            {
                "start i legacy",
                "start i isolated",
                "start i legacy; start i isolated",
                "start i legacy; enter i",
                "start i legacy; start i isolated; enter i",
            },
        ),
        # a shape makes the name of its first node
        (
            "shape a ring list 3; collect; root a sys",
            {
                "shape a ring list 3",
                "collect",
                "shape a ring list 3; collect",
                "shape a ring list 3; root a sys",
                "shape a ring list 3; collect; root a sys",
            },
        ),
        # and the interpreter that the slice ran in is entered, having been started
        (
            "start i legacy; enter i; collect",
            {
                "start i legacy",
                "start i legacy; enter i",
                "start i legacy; enter i; collect",
            },
        ),
    ],
)
def test_slices(donor: str, expected: set[str]) -> None:
    assert slices(donor) == expected


@given(st.from_type(Program), SEEDS)
def test_a_slice_is_of_the_donors_steps_in_their_order(donor: Program, seed: int) -> None:
    steps = slice_with_dependencies(Random(seed), donor)
    rest = iter(donor.steps)
    assert all(any(step is other for other in rest) for step in steps)
    assert bool(steps) == bool(donor.steps)


@given(st.from_type(Program), SEEDS)
@example(parse("finfuzz 1\nshape a ring gil-taker 1\nedge a a append\n"), 0)  # no such ring
def test_a_slice_brings_the_definitions_of_what_it_uses(program: Program, seed: int) -> None:
    """A step without an effect where it was may use what nothing defines."""
    donor = with_names_apart(program)
    steps = slice_with_dependencies(Random(seed), donor)
    effects = [visit.has_effect for visit in walk(donor)]
    defined = {MAIN}
    for step in steps:
        at = next(n for n, other in enumerate(donor.steps) if other is step)
        assert not effects[at] or defined.issuperset(step.names(*USED))
        defined.update(step.names(*DEFINED))


@pytest.mark.parametrize(
    "donor",
    [
        "start i legacy; node i list; enter i",  # the node i stands in for the interpreter
        "node main list; root main sys",  # a node of that name is not the main interpreter
    ],
)
def test_a_slice_tells_nodes_from_interpreters(donor: str) -> None:
    for text in slices(donor):
        if text.endswith(("enter i", "root main sys")):
            assert effective(read(text)) == read(text)


def test_a_slice_makes_its_nodes_where_the_donor_made_them() -> None:
    donor = "start i legacy; enter i; node a list; enter main; collect; enter i; root a sys"
    for text in slices(donor):
        assert effective(read(text)) == read(text)


#: Programs in which nothing that was started ends, so that no name stands for two interpreters.
NOTHING_ENDS = Weights(operations=dict.fromkeys(OPERATIONS, 1) | {"stop": 0, "again": 0, "fork": 0})


@given(SEEDS)
@example(96)  # `everywhere`, and the interpreters that it needs
@example(407)  # a node that `everywhere` makes, used in another interpreter
def test_every_step_of_a_slice_has_an_effect_as_in_the_donor(seed: int) -> None:
    donor = generate(Random(seed), NOTHING_ENDS)
    piece = Program(slice_with_dependencies(Random(seed), donor))
    assert effective(piece) == piece


# ---- splicing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "donor", "expected"),
    [
        ("collect", "", {"collect"}),
        ("", "import", {"import"}),
        ("collect", "import", {"import; collect", "collect; import"}),
        # names are kept, so that the graphs grow into each other, or the donor's are changed
        (
            "node a list",
            "node a dict",
            {
                "node a dict; node a list",
                "node a list; node a dict",
                "node b dict; node a list",
                "node a list; node b dict",
            },
        ),
        (
            "start i legacy",
            "start i isolated",
            {
                "start i isolated; start i legacy",
                "start i legacy; start i isolated",
                "start i1 isolated; start i legacy",
                "start i legacy; start i1 isolated",
            },
        ),
        # the main interpreter keeps its name, and what the host does not have keeps its own
        ("enter main", "enter main", {"enter main; enter main"}),
        (
            "node a list",
            "shape a ring dict 3",
            {
                "shape a ring dict 3; node a list",
                "node a list; shape a ring dict 3",
                "shape b ring dict 3; node a list",
                "node a list; shape b ring dict 3",
            },
        ),
        ("node a list", "drop b", {"drop b; node a list", "node a list; drop b"}),
    ],
)
def test_splices(host: str, donor: str, expected: set[str]) -> None:
    found = {write(splice(Random(seed), read(host), read(donor), 48)) for seed in range(200)}
    assert found == expected


@given(st.from_type(Program), st.from_type(Program), SEEDS, st.integers(0, 40))
def test_a_splice_keeps_within_bounds(host: Program, donor: Program, seed: int, most: int) -> None:
    spliced = splice(Random(seed), host, donor, most)
    assert len(spliced) <= max(most, len(host))
    assert parse(to_text(spliced)) == spliced
    assert spliced == splice(Random(seed), host, donor, most)


@given(st.from_type(Program), st.from_type(Program), SEEDS)
def test_a_splice_loses_nothing_of_its_host(host: Program, donor: Program, seed: int) -> None:
    spliced = splice(Random(seed), host, donor, 1000)
    rest = iter(spliced.steps)
    assert all(any(step is other for other in rest) for step in host.steps)
    assert spliced.below == host.below
    assert len(spliced) > len(host) or not donor.steps


@given(st.from_type(Program), st.from_type(Program), SEEDS)
def test_a_piece_shares_its_names_with_the_host_or_none_of_them(
    host: Program, donor: Program, seed: int
) -> None:
    spliced = splice(Random(seed), host, donor, 1000)
    added = [step for step in spliced.steps if all(step is not other for other in host.steps)]
    as_they_were = all(any(step is other for other in donor.steps) for step in added)
    apart = all(
        names(added, roles) & names(host.steps, roles) <= {MAIN}
        for roles in (NODE_ROLES, INTERPRETER_ROLES)
    )
    assert as_they_were or apart
