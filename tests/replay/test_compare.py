"""Two builds compared: which differ in what, and what makes a replay fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from finfuzz.replay.compare import (
    Comparison,
    compare_all,
    pair_with_python,
    pair_with_target,
)
from finfuzz.replay.judge import Judgement, Result
from finfuzz.replay.run import PlannedBuild
from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import Diagnosis

OLD = Interpreter(Path("/old/python"), (3, 13, 0), (), "", "", "3.13.0")
NEW = Interpreter(Path("/new/python"), (3, 15, 2), (), "", "", "3.15.2")
MINE = Interpreter(Path("/src/python"), (3, 15, 2), (), "", "", "3.15.2")
BARE = parse_target("no-extension")
HERE, THERE = PlannedBuild(BARE, NEW), PlannedBuild(BARE, OLD)


def crash(*frames: str, phase: str = "finalizing", signal: str = "SIGSEGV") -> Diagnosis:
    return Diagnosis(signal, "none", phase, "", frames)


def result(
    build: PlannedBuild, judgement: Judgement = "as expected", *found: Diagnosis, case: str = "case"
) -> Result:
    return Result(
        case=case,
        target=str(build.spec),
        python=build.python,
        judgement=judgement,
        seen=tuple(sorted(map(str, found))),
        diagnoses=found,
    )


def compare(here: Result, there: Result) -> Comparison:
    (found,) = compare_all([here, there], [(HERE, THERE)])
    return found


@pytest.mark.parametrize(
    ("here", "there", "what"),
    [
        ([], [], None),
        ([crash("f")], [], "fails here only"),
        ([], [crash("f")], "fails there only"),
        ([crash("f")], [crash("f")], None),
        # another bucket, although the signal and the diagnostic are the same
        ([crash("f")], [crash("g")], "fails differently"),
        ([crash("f")], [crash("f", phase="exited")], "fails differently"),
        ([crash("f"), crash("g")], [crash("f")], "fails differently"),
        # one function in common: between CPythons, others have other names
        ([crash("f", "g")], [crash("f", "h")], None),
    ],
)
def test_what_differs(here: list[Diagnosis], there: list[Diagnosis], what: str | None) -> None:
    found = compare(result(HERE, "as expected", *here), result(THERE, "as expected", *there))
    assert [one.what for one in found.differences] == ([what] if what else [])


@pytest.mark.parametrize(
    ("judgement", "here", "there", "worse"),
    [
        ("as expected", [crash("f")], [], False),
        ("regressed", [crash("f")], [], True),
        ("failed", [crash("f")], [], True),
        ("regressed", [crash("f")], [crash("f")], False),  # no difference
        ("changed", [crash("f")], [crash("g")], True),
        ("fixed", [], [crash("f")], False),
        ("flaky", [crash("f")], [], False),
        # a finding that has never run here should do what it did there
        ("new here", [crash("f")], [], True),
        ("new here", [], [crash("f")], False),
    ],
)
def test_what_fails(
    judgement: Judgement, here: list[Diagnosis], there: list[Diagnosis], worse: bool
) -> None:
    found = compare(result(HERE, judgement, *here), result(THERE, "as expected", *there))
    assert bool(found.worse) is worse


def test_what_one_side_can_not_tell_is_counted_apart() -> None:
    results = [
        result(HERE, "regressed", crash("f")),
        result(THERE, "not comparable"),
        result(HERE, "regressed", crash("f"), case="other"),
        result(THERE, case="other"),
        result(HERE, case="third"),  # interrupted before it ran there
    ]
    (found,) = compare_all(results, [(HERE, THERE)])
    assert found.total == (
        "no-extension on 3.15.2 against no-extension on 3.13.0: 1 of 1 program differs: "
        "1 fails on CPython 3.15.2 only; 1 can't be compared; 1 worse than expected"
    )


@pytest.mark.parametrize(
    ("here", "there", "total"),
    [
        ([("as expected", [])] * 3, [[]] * 3, "3 programs, none differs"),
        ([("not comparable", [])] * 2, [[]] * 2, "no program could be compared"),
        (
            [("as expected", [crash("f")])] * 2,
            [[]] * 2,
            "2 of 2 programs differ: 2 fail on pybind11==3.1.0+released only; nothing worse than "
            "expected",
        ),
        (
            [("failed", [crash("f")]), ("as expected", []), ("changed", [crash("f")])],
            [[], [crash("f")], [crash("g")]],
            "3 of 3 programs differ: 1 fails on pybind11==3.1.0+released only, 1 fails on plain-c "
            "only, 1 fails differently; 2 worse than expected",
        ),
    ],
)
def test_the_total_says_what_was_done_and_what_fails(
    here: list[tuple[Judgement, list[Diagnosis]]], there: list[list[Diagnosis]], total: str
) -> None:
    """Nothing that differs was hard to tell from nothing done (issue 21)."""
    pair = tuple(PlannedBuild(parse_target(text), NEW) for text in ("pybind11==3.1.0", "plain-c"))
    results = []
    for number, ((judgement, mine), others) in enumerate(zip(here, there, strict=True)):
        results.append(result(pair[0], judgement, *mine, case=str(number)))
        results.append(result(pair[1], "as expected", *others, case=str(number)))
    (found,) = compare_all(results, [(pair[0], pair[1])])
    names = " against ".join(one.name for one in pair)
    assert found.total == f"{names}: {total}"


def test_a_target_is_compared_on_the_same_cpython_and_with_the_same_policy() -> None:
    specs = [parse_target(f"pybind11==3.1.0+{policy}") for policy in ("released", "destroy")]
    builds = [PlannedBuild(spec, python) for spec in specs for python in (OLD, NEW)]
    pairs = pair_with_target(builds, "pybind11==3.0.1", ("released", "destroy"))
    assert [there.name for _, there in pairs] == [
        "pybind11==3.0.1+released on 3.13.0",
        "pybind11==3.0.1+released on 3.15.2",
        "pybind11==3.0.1+destroy on 3.13.0",
        "pybind11==3.0.1+destroy on 3.15.2",
    ]
    assert [there.name for _, there in pair_with_target(builds[:1], "plain-c", ())] == [
        "plain-c on 3.13.0"
    ]


def test_cpythons_of_one_version_have_their_paths_in_their_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A build in its source tree against the release that it began from."""
    monkeypatch.setattr("finfuzz.replay.matrix.pick_interpreter", lambda _: NEW)
    ((here, there),) = pair_with_python([PlannedBuild(BARE, MINE)], "3.15")
    assert here.name == "no-extension on 3.15.2 (/src/python)"
    assert there.name == "no-extension on 3.15.2 (/new/python)"


def test_environments_of_one_cpython_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = (replace(NEW, environment=Path(f"/{name}/bin/python")) for name in "ab")
    monkeypatch.setattr("finfuzz.replay.matrix.pick_interpreter", lambda _: other)
    ((here, there),) = pair_with_python([PlannedBuild(BARE, mine)], "/b/bin/python")
    assert here.name == "no-extension on 3.15.2 (/a/bin/python)"
    assert there.name == "no-extension on 3.15.2 (/b/bin/python)"


def test_a_build_is_not_compared_with_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finfuzz.replay.matrix.pick_interpreter", lambda _: NEW)
    pairs = pair_with_python([HERE, THERE], "3.15")
    assert [(here.python, there.python) for here, there in pairs] == [("3.13.0", "3.15.2")]
    with pytest.raises(UserError, match=r"--against-python 3\.15: .* is the same build: give"):
        pair_with_python([HERE], "3.15")


def test_a_python_to_compare_with_that_is_not_here_is_said_at_once() -> None:
    with pytest.raises(UserError, match=r"^--against-python 3\.99: no such CPython was found"):
        pair_with_python([HERE], "3.99")
