"""Words of a target's own recipe, beside the language's: they begin with a colon."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.generation.generate import generate
from finfuzz.generation.mutate import make_mutation
from finfuzz.generation.weights import Weights
from finfuzz.program.model import Step
from finfuzz.program.prepared import prepare
from finfuzz.program.scope import effective
from finfuzz.program.text import ParseError, parse, to_text
from finfuzz.program.vocabulary import EVERYTHING, NOTHING, OwnWords
from finfuzz.program.words import ACTION, HOOK, KIND, Kind
from finfuzz.support.cpythons import NEWEST
from finfuzz.triage.minimize.simplicity import complexity, plainer

VARIABLE = Kind(":variable", "", edges=(":context", "attribute"), hooks=(":notify",))
BLOB = Kind(":blob", "", edges=(), weak=False, hashable=False)
OWN = OwnWords({":variable": VARIABLE, ":blob": BLOB}, (":use",))
OFFERS = replace(NOTHING, hooks=frozenset({"weakref", "finalize"}), own=OWN)


def effects(*lines: str) -> list[str]:
    program = parse("\n".join(["finfuzz 1", *lines]))
    kept = effective(program, NEWEST, offers=OFFERS)
    return [" ".join((step.op, *step.args)) for step in kept.steps]


@pytest.mark.parametrize(
    "line",
    [
        "edge a b :context",
        "edge a a :context",
        "edge a l attribute",
        "edge l b append",  # Python's own kinds hold it as anything else
        "edge d a key",
        "hook a atexit :use",
        "hook a weakref :use",
        "hook a :notify print",
        "hook l atexit :use",
        "root b leak",
    ],
)
def test_a_step_with_own_words_has_an_effect(line: str) -> None:
    nodes = ["node a :variable", "node b :blob", "node l list", "node d dict"]
    assert effects(*nodes, line) == [*nodes, line]


@pytest.mark.parametrize(
    "line",
    [
        "node c :other",  # a recipe that no longer has it
        "edge b a :context",
        "edge d b key",  # not hashable
        "hook b weakref print",  # takes no weak references
        "hook b :notify print",
        "hook a atexit :other",
        "edge l a :context",
        "node c container",  # the extension's words are of the language, and this target has none
        "hook a atexit cast",
        "check a",
    ],
)
def test_a_step_without_them_has_none(line: str) -> None:
    nodes = ["node a :variable", "node b :blob", "node l list", "node d dict"]
    assert effects(*nodes, line) == nodes


def test_no_other_target_has_them() -> None:
    program = parse("finfuzz 1\nnode a :variable\nhook a atexit :use\n")
    assert effective(program, NEWEST, offers=EVERYTHING).steps == ()
    assert EVERYTHING.missing(program) == ("kind :variable", "action :use")


@pytest.mark.parametrize("text", ["root a :leak", "start i :mine", "exit :now", "node a :Big"])
def test_choices_without_own_words_are_closed(text: str) -> None:
    with pytest.raises(ParseError):
        parse(f"finfuzz 1\n{text}\n")


@given(st.integers(0, 2**32))
def test_what_is_generated_and_mutated_uses_them(seed: int) -> None:
    rng, weights = Random(seed), Weights(offers=OFFERS)
    program = generate(rng, weights)
    assert effective(program, NEWEST, offers=OFFERS).steps == program.steps
    mutated = make_mutation(rng, program, weights).program
    for each in (program, mutated):
        assert parse(to_text(each)) == each
        assert complexity(each) == complexity(each.without_comments())


def test_all_of_them_are_generated() -> None:
    rng, weights = Random(1), Weights(offers=OFFERS)
    steps = [step for _ in range(600) for step in generate(rng, weights).steps]
    words = {argument for step in steps for argument in step.args}
    assert {":variable", ":blob", ":context", ":notify", ":use"} <= words


def test_a_node_of_an_own_kind_imports_the_extension() -> None:
    assert Step("node", ("a", ":variable")).imports
    assert not Step("node", ("a", "list")).imports
    program = parse("finfuzz 1\nnode a :variable\n")
    assert prepare(program, NEWEST, offers=OFFERS).begins_by_importing


def test_a_shape_is_made_of_the_first_edge() -> None:
    program = parse("finfuzz 1\nshape a ring :variable 2\nshape b ring :blob 2\n")
    assert prepare(program, NEWEST, offers=OFFERS).text == (
        "finfuzz 1\nshape a ring :variable 2 :context\n\n"
    )


def test_only_words_that_any_target_has_are_plainer() -> None:
    assert "list" in plainer(KIND, ":variable")
    assert "extension" in plainer(KIND, ":variable")
    assert "container" not in plainer(KIND, ":variable")
    assert "cast" not in plainer(ACTION, ":use")
    assert "print" in plainer(ACTION, ":use")
    assert ":notify" in HOOK


def test_two_own_words_are_never_equally_simple() -> None:
    one, other = (parse(f"finfuzz 1\nnode a :{name}\n") for name in ("variable", "blob"))
    assert complexity(one) != complexity(other)


@pytest.mark.parametrize(
    ("hook", "legal"),
    [
        ("traverse", False),  # it may run no Python
        ("py-atexit", False),  # the interpreter is gone
        ("clear", True),
        ("dealloc", True),
        ("capsule", True),
        ("atexit", True),
    ],
)
def test_an_action_of_its_own_is_legal_where_python_may_run(hook: str, legal: bool) -> None:
    kind = "capsule" if hook == "capsule" else "container"
    program = parse(f"finfuzz 1\nnode a {kind}\nhook a {hook} :use\n")
    offers = replace(EVERYTHING, own=OWN)
    assert len(effective(program, NEWEST, offers=offers)) == 1 + legal
    assert len(effective(program, NEWEST, offers=offers, abuse=True)) == 1 + (hook != "py-atexit")


def test_an_action_comes_mostly_on_the_kinds_that_it_is_meant_for() -> None:
    """Two known defects need one action on one of 60 kinds, and did not come (issue 19)."""
    meant = replace(OFFERS, own=replace(OWN, actions=(":use", ":call"), meant={"list": (":call",)}))
    rng, weights = Random(1), Weights(offers=meant, operations={"perform": 30})
    found = Counter(
        (kinds[step.args[0]], step.args[1])
        for _ in range(1000)
        for program in [generate(rng, weights)]
        for kinds in [{step.args[0]: step.args[1] for step in program.steps if step.op == "node"}]
        for step in program.steps
        if step.op == "perform" and step.args[0] in kinds
    )
    assert found["list", ":call"] > 5 * found["list", ":use"]
    assert found["dict", ":call"] < 2 * found["dict", ":use"]  # as any other
