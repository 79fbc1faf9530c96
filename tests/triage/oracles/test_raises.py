"""Steps that raise here and not on the control, or not earlier in the program."""

from __future__ import annotations

import re

import msgspec
import pytest

from finfuzz.program.text import parse
from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.targets.frameworks import KNOWN
from finfuzz.triage.oracles.meanings import list_meanings
from finfuzz.triage.oracles.raises import find_raises, list_all_raises, normalize_text
from finfuzz.triage.oracles.ran import Ran
from helpers.outcome_files import SURVIVED

TWO_LIVES = "node a iterator; again; node b iterator"
LACKS = EVERYTHING.without(kinds={"iterator": "it has none"})


def ran(
    steps: str, *raised: str, offers: Vocabulary = EVERYTHING, died_in: int = 0, name: str = ""
) -> Ran:
    """A program that ran. ``raised``: as `3 TypeError: text`, with `import` after the number."""
    program = parse("finfuzz 1\n" + steps.replace("; ", "\n") + "\n")
    lines = []
    for line in raised:
        match = re.fullmatch(r"(\d+)( import)? (\w+): (.*)", line)
        assert match
        number, importing, kind, text = match.groups()
        step = program.steps[int(number) - 1]
        words = " ".join((step.op, *step.args))
        during = "while importing " if importing else ""
        lines.append(f"finfuzz: step {number} `{words}` raised {during}{kind}: {text}\n")
    outcome = msgspec.structs.replace(SURVIVED, stderr="".join(lines), step=len(program))
    if died_in:
        outcome = msgspec.structs.replace(outcome, signal="SIGSEGV", step=died_in, phase="running")
    return Ran(list_meanings(program, (3, 13), offers), outcome, name)


def on_control(steps: str, *raised: str, **rest: object) -> Ran:
    return ran(steps, *raised, name="plain-c", **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "raised", "expected"),
    [
        (
            TWO_LIVES,
            "3 RuntimeError: no type",
            ["RuntimeError < no type < node"],
        ),
        (
            "node a list; node b container; edge b a append",
            "3 TypeError: 'a' has 5 at 0x1f",
            ["TypeError < … has … at … < edge"],
        ),
        (
            "shape a ring container 3",
            "1 import ImportError: not so\\nmore",
            ["ImportError < not so < import"],
        ),
        # pybind11's PR 5947, then 5782.
        (
            "start i legacy; enter i; import; enter main; import",
            '5 import ImportError: type "A" is there',
            ["ImportError < type … is there < import"],
        ),
        (
            "node a container; unimport; import",
            '3 import ImportError: type "A" is there',
            ["ImportError < type … is there < import again"],
        ),
    ],
)
def test_a_step_that_does_not_raise_on_the_control(
    steps: str, raised: str, expected: list[str]
) -> None:
    found = list(find_raises(ran(steps, raised), on_control(steps)))
    assert [" < ".join(one.key) for one in found] == expected
    assert [one.detail.rpartition("; ")[2] for one in found] == ["on plain-c it does not"]


def test_what_is_compared_is_named() -> None:
    (found,) = find_raises(ran(TWO_LIVES, "3 RuntimeError: no type"), on_control(TWO_LIVES))
    said = "`node b iterator` raises RuntimeError: no type; on plain-c it does not"
    assert found.detail == said


@pytest.mark.parametrize(
    ("control", "reason"),
    [
        (on_control(TWO_LIVES, "3 TypeError: otherwise"), "the control raises too"),
        (on_control(TWO_LIVES, died_in=2, offers=LACKS), "the control died, and nothing is known"),
    ],
)
def test_a_step_is_not_compared_where_the_control_shows_nothing(control: Ran, reason: str) -> None:
    steps = "node a list; again; node b iterator"
    assert not list(find_raises(ran(steps, "3 RuntimeError: no type"), control)), reason


def test_a_node_that_the_control_could_not_make() -> None:
    steps = "node a iterator; root a sys"
    own = ran(steps, "2 KeyError: x")
    assert list(find_raises(own, on_control(steps)))
    assert not list(find_raises(own, on_control(steps, "1 TypeError: no")))
    assert not list(find_raises(own, on_control(steps, offers=LACKS)))


@pytest.mark.parametrize(
    ("steps", "there"),
    [
        (TWO_LIVES, True),
        ("node a iterator; start i legacy; enter i; node b iterator", True),
        ("node a iterator; node b iterator", False),  # in the same interpreter, why not
        ("again; node b iterator", False),
        ("node a list; again; node b iterator", False),
    ],
)
def test_without_a_control_an_earlier_life_or_interpreter_is_compared(
    steps: str, there: bool
) -> None:
    last = len(steps.split("; "))
    own = ran(steps, f"{last} RuntimeError: no type")
    found = [one.detail.rpartition("; ")[2] for one in find_raises(own, None)]
    assert found == (["as step 1 it does not"] if there else [])
    lacking = on_control(steps, offers=LACKS)
    assert bool(list(find_raises(own, lacking))) == there


def test_a_step_of_nodes_of_another_kind_is_another_step() -> None:
    steps = "node a {}; root a sys; again; node a list; root a sys"
    raised = "5 KeyError: x"
    assert list(find_raises(ran(steps.format("list"), raised), None))
    assert not list(find_raises(ran(steps.format("dict"), raised), None))


@pytest.mark.parametrize(
    "raised",
    [
        "MemoryError: ",
        "KeyboardInterrupt: ",
        "ImportError: module x does not support loading in subinterpreters",
        "ImportError: cannot load module more than once per process",
        "SystemError: as its record says",
    ],
)
def test_an_exception_that_is_no_defect(raised: str) -> None:
    own = ran("import", f"1 import {raised}")
    assert not list(find_raises(own, on_control("import"), ["SystemError: as its record"]))


def test_an_import_that_failed_before_is_not_made_again() -> None:
    own = ran("import; import", "1 import ImportError: not so", "2 import ImportError: not so")
    (found,) = find_raises(own, on_control("import; import"))
    assert found.key == ("ImportError", "not so", "import")


def test_one_way_to_raise_is_found_once() -> None:
    steps = "node a list; node b iterator; node c iterator"
    own = ran(steps, "2 RuntimeError: no type", "3 RuntimeError: no type")
    assert len(list(find_raises(own, on_control(steps)))) == 1


def test_on_the_control_itself_all_that_raised_counts() -> None:
    (found,) = list_all_raises(ran(TWO_LIVES, "3 RuntimeError: no type"))
    assert found.key == ("RuntimeError", "no type", "node")
    assert found.detail == "`node b iterator` raises RuntimeError: no type"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'a' object at 0x7f1 has 3", "… object at … has …"),
        ("pybind11's capsule is not in it's dict", "pybind11's capsule is not in it's dict"),
        (
            'generic_type: type "Box" is already registered!',
            "generic_type: type … is already registered!",
        ),
        (r"f(): incompatible arguments:\n    1. (a: int)", "f(): incompatible arguments:"),
        ("f(): incompatible arguments:\n    1. (a: int)", "f(): incompatible arguments:"),
        (
            "cannot import name 'Error' from 'box' (/home/a/.venv/lib/box.so)",
            "cannot import name … from … (…)",
        ),
        ("either and/or both", "either and/or both"),
        ("Container", "Container"),
        ("1 2 3 4 5 6 7 8 9 10 11 12 13", " ".join("…" * 12)),
    ],
)
def test_a_text_without_what_varies(text: str, expected: str) -> None:
    assert normalize_text(text) == expected


GLOBALS = "RuntimeError: the module's C globals are the main interpreter's"


@pytest.mark.parametrize(("framework", "refused"), [("cython", True), ("pybind11", False)])
def test_what_our_own_extension_refuses_is_no_deviation(framework: str, refused: bool) -> None:
    """A legacy interpreter that imports first, and would put its object into a C global."""
    steps = "start i1 legacy; enter i1; node a list; root a call-once"
    own, control = ran(steps, f"4 {GLOBALS}"), on_control(steps)
    assert (not list(find_raises(own, control, KNOWN[framework].refusals))) is refused
