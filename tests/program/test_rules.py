"""Why a step has no effect: a sentence for each rule."""

from __future__ import annotations

from random import Random

import pytest

from finfuzz.generation.generate import generate
from finfuzz.program.model import Program
from finfuzz.program.prefixes import list_refusals
from finfuzz.program.scope import Scope, explain_skipped
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import EVERYTHING, NOTHING
from finfuzz.support.cpythons import NEWEST, Version
from finfuzz.targets.frameworks import FRAMEWORKS

NANOBIND = FRAMEWORKS["nanobind"].find_vocabulary("released")
BUSY = "node a list / hook a busy-thread plain"
THREADS = "`threading` takes the thread that imports it for the main one"


def explain(steps: str, python: Version = NEWEST, offers: object = EVERYTHING) -> list[str]:
    program = parse("\n".join(["finfuzz 1", *steps.split(" / ")]))
    return list(explain_skipped(program, python, offers))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        # names
        ("root a sys", "there is no node `a` in `main`"),
        ("node a list / edge a b append", "there is no node `b` in `main`"),
        ("node a list / drop a / drop a", "there is no node `a` in `main`"),
        (
            "node a list / start i1 legacy / enter i1 / root a sys",
            "there is no node `a` in `i1`: `main` has one",
        ),
        ("enter i1", "there is no interpreter `i1`"),
        ("stop i1", "there is no interpreter `i1`"),
        (
            "start i1 legacy / stop i1 / enter i1",
            "there is no interpreter `i1` any more",
        ),
        (
            "start i1 legacy / again / stop i1",
            "there is no interpreter `i1` any more",
        ),
        ("start i1 legacy / start i1 legacy", "there is an interpreter `i1` already"),
        ("enter main", "the steps run in `main` already"),
        ("stop main", "`main` is no subinterpreter"),
        (
            " / ".join(f"start i{n} legacy" for n in range(9)),
            "at most 8 subinterpreters live at once",
        ),
        # kinds and edges
        (
            "node a instance / edge a a append",
            "an instance has no `append` edge (it has: keep-alive)",
        ),
        ("node a iterator / edge a a append", "an iterator has no `append` edge (it has: none)"),
        ("node a class / edge a a base", "a class can't be its own base"),
        ("node a class / node b list / edge a b base", "edge `base` can't lead to a list: a base"),
        ("node a dict / edge a a key", "edge `key` can't lead to a dict: a key must be hashable"),
        ("shape a ring iterator 3", "an iterator has no edges here, which a shape is made of"),
        ("node a dict / check a", "a dict takes no weak references"),
        # hooks and actions
        (
            "node a list / hook a traverse plain",
            "a list has no `traverse` hook: only container, subclass",
        ),
        (
            "node a dict / hook a weakref plain",
            "a dict has no `weakref` hook: that takes no weak",
        ),
        (
            "node a list / hook a busy-thread raise",
            "action `raise` is not legal at hook `busy-thread`: the thread would end at once",
        ),
        (
            "node a container / hook a traverse create",
            "action `create` at hook `traverse`: breaks a rule on purpose, which only --abuse "
            "does: tp_traverse must not",
        ),
        (
            "node a thread-local / hook a weakref repr",
            "hook `weakref` of a thread-local corrupts CPython's memory: all actions but `plain`",
        ),
        ("node a list / perform a call", "a list can't be called without arguments"),
        (
            "use second / node a container / use first / hook a clear plain",
            "node `a` is of the other extension than the one in use",
        ),
        # the interpreter, the thread, the CPython
        (
            "start i1 legacy / enter i1 / node a list / hook a static-destructor plain",
            "hook `static-destructor` is for the main interpreter only: it belongs to the process",
        ),
        (
            "start i1 strict / enter i1 / node a list / root a joined-thread",
            "an interpreter of kind `strict` may have no threads",
        ),
        (
            "node a list / elsewhere / hook a atexit thread / collect",
            "action `thread` is not for another thread: " + THREADS,
        ),
        ("node a list / root a static-object", "root `static-object`: breaks a rule on purpose"),
        # lives and forks
        (" / ".join(["again"] * 8), "a process has at most 8 lives"),
        (f"{BUSY} / again", "a thread may outlive this life, and must not wake in another"),
        (f"{BUSY} / fork", "a busy thread may hold a lock that stays locked in the forked process"),
        ("start i1 legacy / fork", "`fork` is for where no subinterpreter lives"),
        # prefixes
        ("everywhere / import", "`everywhere` is for where a subinterpreter lives, and none does"),
        ("elsewhere", "no step follows that has an effect"),
        (
            "together / exit return",
            "`together` has no effect on the next step, `exit`: it is legal where threads may be",
        ),
        (
            "start i1 legacy / enter i1 / native gil-state / import",
            "`native` is for the main interpreter: `PyGILState_*` knows it alone",
        ),
        # a recipe's words
        ("node a :variable", None),
    ],
)
def test_each_rule_has_its_reason(steps: str, reason: str | None) -> None:
    if reason is None:
        reason = "the target's recipe has no kind `:variable`"
    found = explain(steps)
    assert [one for one in found if f": {reason}" in one], found
    assert found[-1].startswith("line ")


@pytest.mark.parametrize(
    ("steps", "python", "offers", "reasons"),
    [
        (
            "start i1 isolated",
            (3, 11),
            EVERYTHING,
            ["interpreter kind `isolated` needs CPython 3.12"],
        ),
        (
            "node a smart",
            NEWEST,
            NANOBIND,
            [
                "the target has no kind `smart`: it has no holders: an object is in its instance, "
                "or behind a pointer"
            ],
        ),
        (
            "node a list / check a",
            NEWEST,
            NANOBIND,
            [
                "the target has no operation `check`: its internals are in no capsule that could "
                "be asked for"
            ],
        ),
        (
            "node a container / root a call-once",
            NEWEST,
            NOTHING,
            [
                "the target has no kind `container`: finfuzz compiles nothing into a package",
                "there is no node `a` in `main`",
            ],
        ),
    ],
)
def test_what_a_cpython_or_a_target_lacks(
    steps: str, python: Version, offers: object, reasons: list[str]
) -> None:
    assert [one.partition(": ")[2] for one in explain(steps, python, offers)] == reasons


def test_lines_are_those_of_the_file() -> None:
    text = "# why\nfinfuzz 1\n\n# a comment\nnode a list\n  drop b  # beside\n"
    assert explain_skipped(parse(text), NEWEST, EVERYTHING) == (
        "line 6: there is no node `b` in `main`",
    )
    assert explain_skipped(parse(text).without_comments(), NEWEST, EVERYTHING) == (
        "step 2: there is no node `b` in `main`",
    )


@pytest.mark.parametrize("seed", range(100))
def test_every_step_without_effect_has_a_reason(seed: int) -> None:
    rng = Random(seed)
    steps = [*generate(rng).steps, *generate(rng).steps]
    rng.shuffle(steps)
    record = rng.choice([one for one in FRAMEWORKS.values() if one.is_target])
    scope = Scope(rng.choice([(3, 9), (3, 12), NEWEST]), offers=record.find_vocabulary("released"))
    for refusal in list_refusals(Program(tuple(steps)), scope):
        assert refusal is None or str(refusal)
