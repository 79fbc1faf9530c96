"""A word that a target lacks has no effect there, and is not generated for it."""

import ast
from random import Random

import pytest

from finfuzz.generation.generate import generate
from finfuzz.generation.weights import Weights
from finfuzz.program.model import Step
from finfuzz.program.prepared import prepare
from finfuzz.program.scope import Scope, effective
from finfuzz.program.text import parse, to_text
from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.program.words import ACTION, HOOK, KIND
from finfuzz.support.cpythons import NEWEST
from helpers.places import CHILD

NOTHING = Vocabulary(*[frozenset[str]()] * 7)
PREFIXES = {
    "kinds": "make_",
    "edges": "refer_by_",
    "roots": "hold_in_",
    "hooks": "at_",
    "actions": "act_",
}

#: The word that is lacking, the program, and the steps that have an effect without it.
LACKING = {
    "kinds smart": ("node a smart; node b list; drop a; drop b", "node b list; drop b"),
    "edges keep-alive": (
        "node a container; edge a a keep-alive; edge a a append",
        "node a container; edge a a append",
    ),
    "edges member": ("shape a ring holder 2; node b holder; edge b b member", "node b holder"),
    "roots call-once": ("node a list; root a call-once; root a sys", "node a list; root a sys"),
    "hooks capsule": ("node a capsule; hook a capsule plain", "node a capsule"),
    "actions cast": (
        "node a container; hook a clear cast; hook a clear plain",
        "node a container; hook a clear plain",
    ),
    "interpreters framework": (
        "start i1 framework; enter i1; start i2 legacy",
        "start i2 legacy",
    ),
    "operations self-check": ("import; self-check", "import"),
    "operations check": ("node a container; check a", "node a container"),
}


def program_of(steps: str) -> str:
    return "finfuzz 1\n" + "".join(f"{step}\n" for step in steps.split("; "))


@pytest.mark.parametrize("lacking", LACKING)
def test_a_step_with_a_word_that_the_target_lacks_has_no_effect(lacking: str) -> None:
    sort, word = lacking.split()
    steps, left = LACKING[lacking]
    program, offers = parse(program_of(steps)), EVERYTHING.without(**{sort: [word]})
    assert to_text(effective(program, offers=offers)) == program_of(left)
    lines = prepare(program, (3, 13), offers=offers).text.splitlines()[1:]
    assert [line for line in lines if line] == left.split("; ")
    assert len(lines) == len(program)
    assert effective(program).steps != effective(program, offers=offers).steps


def test_a_shape_is_made_of_the_first_edge_that_the_target_has() -> None:
    program = parse(program_of("shape a ring instance 3; shape b ring dynamic 3"))
    offers = EVERYTHING.without(edges=["keep-alive"])
    assert prepare(program, (3, 13)).text.splitlines()[1:] == [
        "shape a ring instance 3 keep-alive",
        "shape b ring dynamic 3 attribute",
    ]
    assert prepare(program, (3, 13), offers=offers).text.splitlines()[1:] == [
        "",
        "shape b ring dynamic 3 attribute",
    ]


@pytest.mark.parametrize("offers", [NOTHING, EVERYTHING.without(kinds=["container"])])
def test_what_is_generated_is_made_of_what_the_target_has(offers: Vocabulary) -> None:
    weights = Weights(offers=offers)
    for seed in range(100):
        program = generate(Random(seed), weights)
        assert effective(program, offers=offers) == program
        assert offers.missing(program) == ()


@pytest.mark.parametrize("offers", [EVERYTHING, NOTHING, EVERYTHING.without(kinds=["capsule"])])
def test_a_hook_is_listed_with_an_action_where_a_node_of_some_kind_takes_both(
    offers: Vocabulary,
) -> None:
    taken = set()
    for kind in offers.list_texts(KIND):
        scope = Scope(NEWEST, offers=offers)
        if scope.apply(Step("node", ("a", kind))):
            taken |= {
                (hook, action)
                for hook in offers.list_texts(HOOK)
                for action in offers.list_texts(ACTION)
                if scope.may_hook("a", hook, action)
            }
    assert set(offers.hooks_with_actions) == taken


def test_the_words_that_a_target_lacks_are_named_with_their_sort() -> None:
    program = parse(program_of("self-check; node a smart; node b smart; root b call-once"))
    assert NOTHING.missing(program) == ("operation self-check", "kind smart", "root call-once")
    assert EVERYTHING.without(kinds=["smart"]).missing(program) == ("kind smart",)
    assert EVERYTHING.missing(program) == ()


def test_words_of_no_extension_are_refused() -> None:
    with pytest.raises(ValueError, match="no kinds of an extension: list, nonsense"):
        Vocabulary(kinds=frozenset({"list", "nonsense", "smart"}))
    with pytest.raises(ValueError, match="no kinds of this vocabulary: smart"):
        EVERYTHING.without(kinds=["smart"]).without(kinds=["smart"])


@pytest.mark.parametrize("sort", PREFIXES)
def test_every_word_whose_code_takes_the_extension_is_in_the_vocabulary(sort: str) -> None:
    tree = ast.parse((CHILD / "words" / f"{sort}.py").read_text())
    taking = {
        node.name.removeprefix(PREFIXES[sort]).replace("_", "-")
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith(PREFIXES[sort])
        and [argument.arg for argument in node.args.args][:1] == ["t"]
    }
    #: These run in slots of the extension's types, which the node itself brings along.
    native = {"traverse", "clear", "dealloc"} if sort == "hooks" else set()
    assert getattr(EVERYTHING, sort) == taking | native
