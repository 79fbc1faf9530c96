"""What holds of every minimum, and of everything that is asked on the way to it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.program.text import to_text
from finfuzz.triage.minimize import minimize
from finfuzz.triage.minimize.interpreters import place_steps, write_enters
from finfuzz.triage.minimize.names import give_own_names, name_in_order
from finfuzz.triage.minimize.simplicity import complexity
from helpers.minimal_facts import Facts, Predicate, did, program, shown, some_program, where


class Recorded:
    """A predicate that remembers what it was asked, and what was best by then."""

    def __init__(self, start: Program, same: Predicate) -> None:
        self._same, self._best = same, start
        self.asked: list[str] = []
        self.simpler: list[bool] = []

    def __call__(self, candidate: Program) -> bool:
        self.asked.append(to_text(candidate))
        self.simpler.append(complexity(candidate) < complexity(self._best))
        if self._same(candidate):
            self._best = candidate
            return True
        return False


def as_much(start: Program, share: int) -> Predicate:
    """Does a part of what the start does: each operation half, or a third, as often."""
    least = {op: -(-Facts(start).count(op) // share) for op, _ in Facts(start).did}
    return where(lambda facts: all(facts.count(op) >= count for op, count in least.items()))


def as_many_objects(start: Program, share: int) -> Predicate:
    """Has a part of its objects, and some in each kind of interpreter that has any."""
    wanted = Facts(start).objects
    inside = {one.inside for one in wanted}
    return where(
        lambda facts: (
            len(facts.objects) * share >= len(wanted)
            and {one.inside for one in facts.objects} >= inside
        )
    )


def odd(start: Program, share: int) -> Predicate:
    """Has a number of steps that leaves the same rest: only so many can go at once."""
    wanted = len(effective(start)) % (share + 1)
    return lambda candidate: len(effective(candidate)) % (share + 1) == wanted


predicates = st.builds(
    lambda kind, seed, share: (some_program(seed), kind(some_program(seed), share)),
    st.sampled_from([as_much, as_many_objects, odd]),
    st.integers(0, 200),
    st.integers(1, 3),
)
Question = tuple[Program, Predicate]


@given(predicates)
@settings(max_examples=15, deadline=None)
def test_a_minimum(question: Question) -> None:
    start, same = question
    recorded = Recorded(start, same)
    least = minimize(start, recorded)
    assert same(least)
    assert complexity(least) <= complexity(start)
    assert len(recorded.asked) == len(set(recorded.asked))
    assert to_text(start) not in recorded.asked
    assert all(recorded.simpler)


@given(predicates)
@settings(max_examples=10, deadline=None)
def test_the_minimum_of_a_minimum_is_itself(question: Question) -> None:
    start, same = question
    least = minimize(start, same)
    assert minimize(least, same) == least


@given(predicates)
@settings(max_examples=10, deadline=None)
def test_the_same_questions_each_time(question: Question) -> None:
    start, same = question
    first, second = Recorded(start, same), Recorded(start, same)
    assert minimize(start, first) == minimize(start, second)
    assert first.asked == second.asked


@given(st.integers(0, 2**32), st.sampled_from([(3, 9), (3, 11), (3, 12), (3, 13)]))
@settings(max_examples=10, deadline=None)
def test_every_step_has_an_effect_on_that_python(seed: int, python: tuple[int, int]) -> None:
    start = some_program(seed)

    def same(candidate: Program) -> bool:
        assert effective(candidate, python) == candidate
        return len(candidate) >= len(effective(start, python)) // 2

    minimize(start, same, python)


@given(predicates, st.integers(0, 30))
@settings(max_examples=10, deadline=None)
def test_no_more_tries_than_allowed(question: Question, tries: int) -> None:
    start, same = question
    recorded = Recorded(start, same)
    least = minimize(start, recorded, tries=tries)
    assert len(recorded.asked) <= tries
    assert same(least)
    unbounded = Recorded(start, same)
    minimize(start, unbounded)
    assert recorded.asked == unbounded.asked[:tries]


def test_what_nothing_else_does_the_same_as_is_left_alone() -> None:
    start = program("node b container; edge x b append  # dead\nroot b sys")
    assert minimize(start, lambda _: False) == start


@pytest.mark.parametrize(
    ("abuse", "left"),
    [(False, "node a list; root a module"), (True, "node a list; root a static-object")],
)
def test_abuse_has_an_effect_where_it_is_asked_for(abuse: bool, left: str) -> None:
    start = program("node a container; root a static-object; root a sys")
    roots = {"static-object"} if abuse else {"module", "sys"}

    def same(candidate: Program) -> bool:
        return any(step.op == "root" and step.args[1] in roots for step in candidate.steps)

    assert shown(minimize(start, same, abuse=abuse)) == left


def test_few_questions() -> None:
    """40 steps of which two are needed: less than two questions a step."""
    noise = "; ".join(f"node n{at} list; root n{at} sys" for at in range(19))
    recorded = Recorded(program(f"import; {noise}; fork"), did("import", "fork"))
    assert shown(minimize(program(f"import; {noise}; fork"), recorded)) == "import; fork"
    assert len(recorded.asked) < 80


@given(st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_new_names_change_nothing_else(seed: int) -> None:
    start = effective(some_program(seed))
    named = name_in_order(start)
    assert effective(named) == named
    assert complexity(named) <= complexity(start)
    assert complexity(named).order == complexity(start).order
    assert name_in_order(named) == named


@given(st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_own_names_change_nothing_else(seed: int) -> None:
    start = effective(some_program(seed))
    for apart in give_own_names(start):
        assert effective(apart) == apart
        assert complexity(apart).order == complexity(start).order
        assert complexity(apart).shared_names < complexity(start).shared_names


@given(st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_each_step_stays_where_it_runs(seed: int) -> None:
    start = effective(some_program(seed))
    again = place_steps(write_enters(place_steps(start)))
    assert [(one.step, one.home.name) for one in again] == [
        (one.step, one.home.name) for one in place_steps(start)
    ]
