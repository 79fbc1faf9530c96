"""Programs that go from one target to another."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.program.language import Role
from finfuzz.program.model import Program, Step
from finfuzz.program.roles import adapt, list_own_words, to_language, to_own
from finfuzz.program.scope import effective
from finfuzz.program.text import parse, to_text
from finfuzz.program.vocabulary import EVERYTHING, NOTHING, OwnWords
from finfuzz.program.words import ACTION, EDGE, HOOK, KIND, Choice, Kind, is_own

#: What a recipe has whose words stand for a container, a callback and an instance.
OWN = OwnWords(
    {
        kind.text: kind
        for kind in (
            Kind(":variable", "", edges=(":context",), hooks=(":notify",)),
            Kind(":call", "", edges=(":cell",)),
            Kind(":number", "", weak=False),
        )
    },
    (":use", ":more"),
    {":call": "callback"},
)
PACKAGE = replace(
    NOTHING, kinds=frozenset({"extension"}), hooks=frozenset({"weakref", "finalize"}), own=OWN
)
BARE = replace(PACKAGE, own=OwnWords())


def translate(text: str, how: object) -> str:
    steps = to_text(how(parse("finfuzz 1\n" + text.replace("; ", "\n"))))  # type: ignore[operator]
    return "; ".join(steps.splitlines()[1:])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("node a :variable; edge a a :context", "node a container; edge a a append"),
        ("node a :call; edge a a :cell", "node a callback; edge a a member"),
        ("node a :number; hook a weakref :use", "node a instance; hook a weakref create"),
        ("node a :variable; hook a :notify print", "node a container; hook a finalize print"),
        ("shape a ring :call 3", "shape a ring callback 3"),
        # The recipe's kind has a dict, the kind that it stands for has none.
        ("node a :variable; edge a a attribute", "node a container; edge a a append"),
        # What the recipe does not know any more.
        ("node a :gone; edge a a :gone", "node a container; edge a a append"),
        # Nodes belong to the interpreter that made them.
        (
            "node a :call; start i legacy; enter i; node a :variable; edge a a :context; enter main"
            "; edge a a :cell",
            "node a callback; start i legacy; enter i; node a container; edge a a append; enter"
            " main; edge a a member",
        ),
        ("node a list; edge a a append; root a sys", "node a list; edge a a append; root a sys"),
    ],
)
def test_to_the_language(before: str, after: str) -> None:
    assert translate(before, lambda program: to_language(program, OWN)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("node a container; edge a a append", "node a :variable; edge a a :context"),
        ("node a callback; edge a a member", "node a :call; edge a a :cell"),
        ("node a gil-taker; root a leak", "node a :number; root a leak"),
        ("node a container; hook a traverse cast", "node a :variable; hook a finalize :use"),
        ("node a gil-taker; hook a dealloc plain", "node a :number; hook a atexit :use"),
        ("node a list; hook a atexit print", "node a list; hook a atexit print"),
        ("node a list; root a static-object", "node a list; root a leak"),
        ("start i framework", "start i isolated"),
        ("node a extension; self-check", "node a extension; self-check"),
        ("shape a ring container 3", "shape a ring :variable 3"),
        ("node a list; edge a a append", "node a list; edge a a append"),
    ],
)
def test_to_a_recipe(before: str, after: str) -> None:
    assert translate(before, lambda program: to_own(program, PACKAGE)) == after


def test_without_a_recipe_the_module_stands_for_all() -> None:
    before = "node a container; edge a a append; hook a clear cast"
    after = "node a extension; edge a a module-dict; hook a finalize cast"
    assert translate(before, lambda program: to_own(program, BARE)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Made for this target: a word that it lacks has no effect, and stays so.
        ("node a :variable; node b container", "node a :variable; node b container"),
        ("node a container", "node a :variable"),
        ("node a :of-others; edge a a :cell", "node a :variable; edge a a :context"),
    ],
)
def test_a_program_is_adapted_to_a_package(before: str, after: str) -> None:
    assert translate(before, lambda program: adapt(program, OwnWords(), PACKAGE)) == after


def test_a_program_is_adapted_to_a_framework() -> None:
    adapted = translate("node a :call; node b enum", lambda one: adapt(one, OWN, EVERYTHING))
    assert adapted == "node a callback; node b enum"


OF_RECIPES = {
    KIND: (*OWN.kinds, ":unknown"),
    EDGE: (":context", ":cell", ":unknown"),
    HOOK: (":notify", ":unknown"),
    ACTION: (*OWN.actions, ":unknown"),
}


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Any program, with words of recipes in it."""
    steps = []
    for step in draw(st.from_type(Program)).steps:
        args = list(step.args)
        for index, parameter, _ in step.typed():
            if isinstance(parameter, Choice) and parameter in OF_RECIPES and draw(st.booleans()):
                args[index] = draw(st.sampled_from(OF_RECIPES[parameter]))
        steps.append(Step(step.op, tuple(args)))
    return Program(tuple(steps))


def names(program: Program) -> list[tuple[str, tuple[str, ...]]]:
    return [(step.op, step.names(*Role)) for step in program.steps]


@given(programs())
def test_what_is_in_the_language_has_no_words_of_a_recipe(program: Program) -> None:
    there = to_language(program, OWN)
    assert parse(to_text(there)) == there
    assert not list_own_words(there)
    assert names(there) == names(program)


@given(programs())
def test_what_is_for_a_package_has_its_words_alone(program: Program) -> None:
    for offers in (PACKAGE, BARE):
        there = adapt(to_language(program, OWN), OWN, offers)
        assert parse(to_text(there)) == there
        assert names(there) == names(program)
        assert not any(word.startswith("kind ") for word in offers.missing(there))


@given(programs())
def test_there_and_back_again(program: Program) -> None:
    """A kind that stands for another one is that again."""
    once = to_language(to_own(to_language(program, OWN), PACKAGE), OWN)
    assert to_language(to_own(once, PACKAGE), OWN) == once


@given(programs())
def test_what_has_an_effect_is_translated_to_nodes_that_have_one(program: Program) -> None:
    made = effective(program, offers=replace(EVERYTHING, own=OWN))
    nodes = [step.args[0] for step in made.steps if step.op == "node" and is_own(step.args[1])]
    there = effective(to_language(made, OWN))
    assert nodes == [
        step.args[0]
        for step, before in zip(to_language(made, OWN).steps, made.steps, strict=True)
        if before.op == "node" and is_own(before.args[1]) and step in there.steps
    ]
