"""Which of two programs is simpler: pairs of (simpler, the other), and that it is a total order."""

from itertools import permutations

import pytest
from hypothesis import given

from finfuzz.generation.generate import find_free_name
from finfuzz.program.language import OPERATIONS
from finfuzz.program.model import Program, Step
from finfuzz.program.text import parse
from finfuzz.program.words import ACTION, FLAVOUR, HOOK, KIND, ROOT, SIZE, Choice
from finfuzz.triage.minimize.simplicity import PLAINEST, complexity, plainer


def program(text: str) -> Program:
    return parse("finfuzz 1\n" + text.replace("; ", "\n"))


@pytest.mark.parametrize(
    ("simpler", "other"),
    [
        ("", "collect"),
        # worlds before steps, and lives before interpreters before threads before forks
        ("collect; collect; collect; collect", "again"),
        ("collect; collect; collect; collect", "start i1 legacy"),
        ("start i1 legacy; start i2 legacy", "again"),
        ("elsewhere; collect; elsewhere; collect", "start i1 legacy"),
        ("fork; fork", "elsewhere"),
        ("collect; collect", "fork"),
        # threads are many things
        ("node a list; root a sys; root a codec", "node a list; root a joined-thread"),
        ("node a list; hook a weakref collect; collect", "node a list; hook a weakref thread"),
        ("exit c-exit; collect", "exit thread-exit"),
        # steps before nodes
        ("node a list; node b list", "node a list; collect; collect"),
        # nodes, then edges, then those between two nodes, then hooks
        ("node a list; collect; collect", "node a list; node b list; collect"),
        ("node a list; root a codec", "node a list; edge a a append"),
        ("node a list; node b list; edge b b weak", "node a list; node b list; edge a b append"),
        ("node a list; root a leak", "node a list; hook a atexit plain"),
        # a shape counts as what it stands for, and a step more
        ("node a list; edge a a append", "shape a ring list 1"),
        ("node a list; node b list; edge a b append; drop b", "shape a chain list 2"),
        (
            "shape a chain list 2",
            "node a list; node b list; edge a b append; drop b; collect; drop a",
        ),
        ("shape a chain list 5", "shape a ring list 5"),
        ("shape a clique list 2", "shape a chain list 5"),
        # words: what is written in Python, then what everybody knows
        ("node a list", "node a container"),
        ("node a instance", "node a container"),
        ("node a container", "node a subclass"),
        ("node a list; root a module", "node a list; root a sys"),
        ("node a list; root a sys", "node a list; root a leak"),
        ("start i1 stdlib", "start i1 isolated"),
        ("exit return", "exit os-exit"),
        # two words for one that is much plainer
        ("node a dict; root a sys", "node a list; root a codec"),
        # order: as the language lists the operations
        ("import; node a list", "node a list; import"),
        ("node a list; root a sys; collect", "node a list; collect; root a sys"),
        ("node a list; node b dict", "node a dict; node b list"),
        # names: one for one thing, then as they come
        ("node b list; node a list", "node a list; node a list"),
        ("node a list; node b list", "node b list; node a list"),
        ("node z list", "node a1 list"),
        ("node a1 list", "node b1 list"),
        ("node z9 list", "node a10 list"),
        ("node z9 list", "node self list"),
        ("start i2 legacy", "start i10 legacy"),
        ("start i2 legacy", "start a legacy"),
        # and a world less is worth any number of names, words and steps
        ("node zz gil-taker; root zz native-thread-local", "start i1 stdlib"),
    ],
)
def test_simpler(simpler: str, other: str) -> None:
    assert complexity(program(simpler)) < complexity(program(other))


@pytest.mark.parametrize("choice", PLAINEST, ids=lambda choice: choice.name)
def test_every_word_has_a_rank(choice: Choice) -> None:
    assert sorted(PLAINEST[choice]) == sorted(choice.texts)


def test_every_choice_has_ranks() -> None:
    used = {
        parameter
        for operation in OPERATIONS.values()
        for parameter in operation.parameters
        if isinstance(parameter, Choice)
    }
    assert used == {*PLAINEST}


@pytest.mark.parametrize(
    ("choice", "word", "left"),
    [
        (KIND, "list", ()),
        (ROOT, "builtins", ("module", "sys")),
        (HOOK, "weakref", ("del",)),
        (ACTION, "plain", ()),
        (FLAVOUR, "isolated", ("stdlib", "legacy")),
        (SIZE, "5", ("1", "2", "3")),
    ],
)
def test_plainer(choice: Choice, word: str, left: tuple[str, ...]) -> None:
    assert plainer(choice, word) == left


def test_names_rank_as_they_are_given() -> None:
    names: list[str] = []
    while len(names) < 60:
        names.append(find_free_name(set(names)))
    ranks = [complexity(Program((Step("node", (name, "list")),))) for name in names]
    assert ranks == sorted(ranks)


@given(...)
def test_one_is_simpler_unless_they_are_the_same_but_for_comments(a: Program, b: Program) -> None:
    less, more = complexity(a) < complexity(b), complexity(b) < complexity(a)
    equal = a.without_comments() == b.without_comments()
    assert [less, more, equal].count(True) == 1


@given(...)
def test_what_is_simpler_than_the_simpler_is_simpler(a: Program, b: Program, c: Program) -> None:
    for one, other, third in permutations(map(complexity, (a, b, c))):
        if one < other < third:
            assert one < third


@given(...)
def test_comments_do_not_count(made: Program) -> None:
    assert complexity(made) == complexity(made.without_comments())


@given(...)
def test_without_a_step_it_is_simpler(made: Program) -> None:
    steps = made.steps
    for at in range(len(steps)):
        assert complexity(Program(steps[:at] + steps[at + 1 :])) < complexity(made)
