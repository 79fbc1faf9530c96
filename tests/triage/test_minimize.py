"""Fewer steps, same bucket: tables of (program, what has to hold, what is left)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.program.generate import generate
from fuzz.program.model import Program
from fuzz.program.mutate import mutate
from fuzz.program.text import parse, to_text
from fuzz.triage.minimize import minimize


def program(text: str) -> Program:
    return parse("finfuzz 1\n" + text)


def has(*lines: str) -> Callable[[Program], bool]:
    """Whether all of these steps are still there."""
    return lambda candidate: set(lines) <= set(to_text(candidate).splitlines())


def count(op: str, least: int) -> Callable[[Program], bool]:
    return lambda candidate: sum(step.op == op for step in candidate.steps) >= least


CYCLE = """
import
node a container
edge a a append
node b list
hook a clear lookup
root a codec
collect
"""


@pytest.mark.parametrize(
    ("text", "same", "left"),
    [
        # whatever: nothing is needed
        (CYCLE, lambda _: True, ""),
        ("", lambda _: True, ""),
        # nothing can go
        (
            "node a list\nroot a sys\n",
            has("node a list", "root a sys"),
            "node a list\nroot a sys\n",
        ),
        # one step, first, last and in the middle
        (CYCLE, has("import"), "import\n"),
        (CYCLE, has("collect"), "collect\n"),
        (CYCLE, has("node b list"), "node b list\n"),
        # some, far from each other
        (
            CYCLE,
            has("node a container", "root a codec"),
            "node a container\nroot a codec\n",
        ),
        # of many alike the first are left: the last go first
        ("node a list\nnode b list\nnode c list\n", count("node", 1), "node a list\n"),
        ("collect\nnode a list\ncollect\n", count("collect", 2), "collect\ncollect\n"),
        # two that only go together, side by side
        (
            "import\nnode a list\nnode b list\ncollect\n",
            lambda p: count("node", 2)(p) or not count("node", 1)(p),
            "",
        ),
        # what has no effect goes at once, if all of it can
        ("edge a b append\nnode a list\nroot c sys\n", has("node a list"), "node a list\n"),
        # and stays where it is what counts (a driver that treats it otherwise, say)
        ("edge a b append\nnode a list\n", has("edge a b append"), "edge a b append\n"),
        # comments go with their steps, those at the end stay
        (
            "# above a\nnode a list  # beside a\n# above b\nnode b list\n# at the end\n",
            has("node b list"),
            "# above b\nnode b list\n# at the end\n",
        ),
    ],
)
def test_minimize(text: str, same: Callable[[Program], bool], left: str) -> None:
    assert to_text(minimize(program(text), same)) == "finfuzz 1\n" + left


def some_program(seed: int) -> Program:
    rng = Random(seed)
    made = generate(rng)
    for _ in range(rng.randrange(6)):
        made = mutate(rng, made)
    return made


def without_each_step(made: Program) -> list[Program]:
    steps = made.steps
    return [Program(steps[:at] + steps[at + 1 :], made.below) for at in range(len(steps))]


def is_part_of(smaller: Program, larger: Program) -> bool:
    steps = iter(larger.steps)
    return all(step in steps for step in smaller.steps)


def chosen(made: Program, picks: list[int]) -> Callable[[Program], bool]:
    """Holds where the picked steps are still there, in their order."""
    wanted = sorted({pick % len(made) for pick in picks}) if made.steps else []
    needed = Program(tuple(made.steps[index] for index in wanted))
    return lambda candidate: is_part_of(needed, candidate)


def odd(made: Program, _: list[int]) -> Callable[[Program], bool]:
    """Holds for an odd number of steps: no single one can go, two always can."""
    parity = len(made) % 2
    return lambda candidate: len(candidate) % 2 == parity


@given(
    seed=st.integers(0, 2**32),
    picks=st.lists(st.integers(0, 99), max_size=4),
    kind=st.sampled_from([chosen, odd]),
)
def test_the_result_satisfies_is_a_part_and_no_step_of_it_can_go(
    seed: int, picks: list[int], kind: Callable[[Program, list[int]], Callable[[Program], bool]]
) -> None:
    made = some_program(seed)
    same = kind(made, picks)
    smaller = minimize(made, same)
    assert same(smaller)
    assert is_part_of(smaller, made)
    assert not any(same(candidate) for candidate in without_each_step(smaller))


@given(seed=st.integers(0, 2**32))
def test_nothing_is_tried_that_was_not_asked_for(seed: int) -> None:
    made = some_program(seed)
    tried: list[Program] = []

    def same(candidate: Program) -> bool:
        tried.append(candidate)
        return False

    assert minimize(made, same) == made
    assert all(len(candidate) < len(made) and is_part_of(candidate, made) for candidate in tried)
    assert len(tried) <= 1 + len(made) * len(made).bit_length()  # at every place, half as long each
