"""The scenarios are programs that do all their steps on any target, and take its own words."""

from __future__ import annotations

import re

import pytest

from finfuzz.check.run import Settings, run_scenarios
from finfuzz.check.scenarios import FOLDER, Scenario, adapt, load_scenarios
from finfuzz.program.legal import THREAD_ROOTS
from finfuzz.program.scope import effective
from finfuzz.program.text import parse, to_text
from finfuzz.program.vocabulary import EVERYTHING, NOTHING, OwnWords, Vocabulary
from finfuzz.program.words import Kind
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.offers import make_vocabulary
from finfuzz.targets.packages.probe import Imported, Probe
from finfuzz.targets.packages.recipe import Recipe
from finfuzz.targets.spec import parse_target

SCENARIOS = load_scenarios()


def name(scenario: Scenario) -> str:
    return scenario.name


def make_offers(*kinds: Kind, actions: tuple[str, ...] = ()) -> Vocabulary:
    """The vocabulary of a package with these words in its recipe."""
    bare = make_vocabulary(Recipe("mine"), Probe(Imported(0.1, 0, {})))
    own = OwnWords({kind.text: kind for kind in kinds}, actions)
    return Vocabulary(
        **{sort: getattr(bare, sort) for sort in ("operations", "kinds", "hooks", "actions")},
        edges=NOTHING.edges,
        roots=NOTHING.roots,
        interpreters=NOTHING.interpreters,
        own=own,
    )


BARE = make_offers()
BOX = Kind(":box", "", edges=(":cell", ":added"))
LEAF = Kind(":leaf", "")


# ---- the files --------------------------------------------------------------------------------


def test_files_are_numbered_from_one_in_their_order() -> None:
    numbers = [int(path.name.partition("-")[0]) for path in sorted(FOLDER.iterdir())]
    assert numbers == list(range(1, len(SCENARIOS) + 1))


def test_no_two_have_one_name_title_or_program() -> None:
    for part in ("name", "title", "program"):
        assert len({getattr(one, part) for one in SCENARIOS}) == len(SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name)
def test_a_title_is_one_line_for_a_table(scenario: Scenario) -> None:
    assert re.fullmatch(r"\S.{10,80}[^.\s]", scenario.title)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name)
def test_a_name_is_of_one_kind_in_all_interpreters(scenario: Scenario) -> None:
    """`adapt` relies on it: what a name stands for is decided once."""
    nodes = [step.args for step in scenario.program.steps if step.op == "node"]
    assert len(dict(nodes)) == len(set(nodes))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name)
@pytest.mark.parametrize("offers", [EVERYTHING, BARE, make_offers(BOX, LEAF, actions=(":use",))])
def test_every_step_has_an_effect_where_no_recipe_has_a_check(
    scenario: Scenario, offers: Vocabulary
) -> None:
    made = adapt(scenario.program, offers)
    lost = [step for step in made.steps if step not in effective(made, offers=offers).steps]
    assert {step.op for step in lost} <= {"self-check"}


def test_they_cover_what_a_check_promises() -> None:
    steps = [(step.op, *step.args[-1:]) for one in SCENARIOS for step in one.program.steps]
    ends = {word for op, word in filter(lambda step: len(step) > 1, steps) if op == "exit"}
    assert ends == {"sys-exit", "exception", "interrupt", "os-exit", "c-exit", "thread-exit"}
    roots = {step[1] for step in steps if step[0] == "root"}
    assert roots >= {"gc-garbage", "leak", "sys-modules", "codec", "interpreter-dict"}
    assert roots & THREAD_ROOTS == {"daemon-thread", "waking-thread"}
    assert {"fork", "again", "unimport", "elsewhere"} <= {step[0] for step in steps}
    assert {step[1] for step in steps if step[0] == "start"} == {"legacy", "isolated"}


# ---- a target's own words -----------------------------------------------------------------------


def adapted(steps: str, offers: Vocabulary, **roles: str) -> str:
    program = parse("finfuzz 1\n" + steps.replace("; ", "\n"))
    made = adapt(program, offers, {f":{kind}": role for kind, role in roles.items()})
    return "; ".join(to_text(made).splitlines()[1:])


@pytest.mark.parametrize(
    ("steps", "offers", "expected"),
    [
        ("import; start i legacy", make_offers(BOX), "import; start i legacy"),
        ("node a extension; root a leak", BARE, "node a extension; root a leak"),
        (
            "node a extension; root a leak",
            make_offers(LEAF),
            "node a1 :leaf; root a1 leak",
        ),
        (  # a kind without edges gets none
            "node a extension; edge a a module-dict",
            make_offers(BOX, LEAF),
            "node a1 :box; node a2 :leaf; edge a1 a1 :cell",
        ),
        (
            "node o object; edge o o attribute",
            make_offers(BOX),
            "node o object; edge o o attribute",
        ),
        (
            "node o object; hook o del repr; drop o",
            make_offers(actions=(":use", ":more")),
            "node o object; node o1 object; hook o del :use; hook o1 del :more; drop o; drop o1",
        ),
        ("node o object; hook o del repr", BARE, "node o object; hook o del repr"),
        (
            "node a extension; hook a atexit repr",
            make_offers(actions=(":use", ":more")),
            "node a extension; hook a atexit :use; hook a atexit :more",
        ),
        (
            "node a list; hook a atexit import-extension",
            make_offers(actions=(":use",)),
            "node a list; hook a atexit import-extension",
        ),
        (
            "node o object; hook o del repr; node a extension",
            EVERYTHING,
            "node o object; hook o del create; node a1 container; node a2 instance; "
            "node a3 callback; node a4 enum",
        ),
    ],
)
def test_placeholders(steps: str, offers: Vocabulary, expected: str) -> None:
    assert adapted(steps, offers) == expected


def test_kinds_of_different_roles_are_chosen_first() -> None:
    kinds = [Kind(f":k{number}", "") for number in range(6)]
    roles = {"k0": "container", "k1": "container", "k2": "container", "k3": "enum", "k4": "error"}
    found = adapted("node a extension", make_offers(*kinds), **roles)
    assert found == "node a1 :k0; node a2 :k3; node a3 :k4; node a4 :k5"


# ---- controls ---------------------------------------------------------------------------------


@pytest.mark.parametrize("control", ["no-extension", "plain-c"])
def test_a_control_survives_all(control: str, interpreter: Interpreter) -> None:
    made = build(parse_target(control), interpreter, instrumented=False)
    rows = list(run_scenarios(made, SCENARIOS, Settings(30, 8192), 2))
    assert [(row.scenario, row.detail) for row in rows if row.state != "survived"] == []
    assert len(rows) == len(SCENARIOS)
