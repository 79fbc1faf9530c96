"""What other builds say of a finding, with real ones."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.program.model import Program
from finfuzz.program.text import parse, to_text
from finfuzz.program.vocabulary import EVERYTHING, NOTHING, OwnWords
from finfuzz.program.words import Kind
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.compiler import BuildError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution import verdict as module
from finfuzz.triage.attribution.verdict import OfPackage, Wanted, build_and_judge
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict
from helpers.finding_example import bare_finding
from helpers.outcome_files import SURVIVED

LIMITS = Limits(deadline=10.0)
GUARD = Diagnosis(
    "SIGABRT", "internals-recreated", "finalizing/dict-cleared", "", ("internals destroyed",)
)
PROGRAM = parse("finfuzz 1\nnode a container\nedge a a append\nroot a codec\n")
WANTED = Wanted(GUARD, PROGRAM, Rate(10, 10), (3, 13))


def test_the_same_defect(destroy: Build) -> None:
    assert build_and_judge(WANTED, lambda: destroy, LIMITS) == Verdict("same", Rate(3, 3))


def test_a_control_survives(plain_c: Build) -> None:
    assert build_and_judge(WANTED, lambda: plain_c, LIMITS) == Verdict("survived", Rate(3, 3))


def test_something_else_is_said(destroy: Build) -> None:
    other = msgspec.structs.replace(GUARD, diagnostic="cast-error")
    found = build_and_judge(
        msgspec.structs.replace(WANTED, diagnosis=other), lambda: destroy, LIMITS
    )
    assert found == Verdict("otherwise", Rate(3, 3), "SIGABRT/internals-recreated", phase="ending")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"alive": 2}, "same"),  # few builds report it
        ({}, "survived"),
        ({"alive": 2, "signal": "SIGSEGV", "exit_code": None}, "otherwise"),
    ],
)
def test_a_leak_is_the_same_where_objects_are_left(
    plain_c: Build, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], what: str
) -> None:
    monkeypatch.setattr(
        module, "run_fresh", lambda *_: msgspec.structs.replace(SURVIVED, **changes)
    )
    program = parse("finfuzz 1\nnode a container\nroot a module\n")
    leak = Diagnosis("NONE", "leak-report", "exited", "", ("nanobind: leaked … instances",))
    wanted = Wanted(leak, program, Rate(10, 10), (3, 13))
    found = build_and_judge(wanted, lambda: plain_c, LIMITS)
    assert (found.what, found.rate) == (what, Rate(3, 3))


def test_a_known_defect_says_nothing_of_this_one(
    plain_c: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Fatal Python error: Py_EndInterpreter: not the last thread\n"
    monkeypatch.setattr(module, "run_fresh", lambda *_: died(said))
    interpreter = dataclasses.replace(plain_c.interpreter, version=(3, 13, 18), text="3.13.18")
    older = dataclasses.replace(plain_c, interpreter=interpreter)  # 3.14 has it fixed
    found = build_and_judge(WANTED, lambda: older, LIMITS)
    assert (found.what, found.rate) == ("known", Rate(3, 3))
    assert found.seen == "an exception out of threading's exit functions leaves its threads running"


def test_a_flaky_one_is_run_as_often_as_its_rate_demands(
    plain_c: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "run_fresh", lambda *_: SURVIVED)
    flaky = msgspec.structs.replace(WANTED, rate=Rate(3, 10))
    assert build_and_judge(flaky, lambda: plain_c, LIMITS) == Verdict("survived", Rate(9, 9))


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (UserError("there is no such release"), "there is no such release"),
        (
            BuildError("the compiler failed: c++ …\nIn file\na.h:1:2: error: what now"),
            "does not compile: a.h:1:2: error: what now",
        ),
        (BuildError("the compiler failed: c++ …"), "does not compile: the compiler failed: c++ …"),
    ],
)
def test_a_build_that_there_is_not_is_a_verdict_too(error: Exception, seen: str) -> None:
    def get() -> Build:
        raise error

    assert build_and_judge(WANTED, get, LIMITS) == Verdict("absent", Rate(0, 0), seen)


def test_a_program_that_means_less_there_says_nothing(plain_c: Build) -> None:
    isolated = parse("finfuzz 1\nstart i1 isolated\n")
    newer = msgspec.structs.replace(WANTED, program=isolated, python=(3, 13))
    interpreter = dataclasses.replace(plain_c.interpreter, version=(3, 11, 7))
    older = dataclasses.replace(plain_c, interpreter=interpreter)
    found = build_and_judge(newer, lambda: older, LIMITS)
    assert (found.what, found.seen) == (
        "absent",
        "parts of the program have no effect on CPython 3.11.7",
    )


@pytest.mark.parametrize(
    ("hook", "expected"),
    [
        ("hook a clear plain", Verdict("not comparable", Rate(3, 3), "it has no hook clear")),
        ("hook a weakref plain", Verdict("survived", Rate(3, 3))),
    ],
)
def test_a_control_that_lacks_a_word_is_not_comparable(
    pythons: list[Interpreter], hook: str, expected: Verdict
) -> None:
    bare = build(parse_target("no-extension"), pythons[0], instrumented=False)
    program = parse(f"finfuzz 1\nnode a container\n{hook}\nroot a codec\n")
    wanted = msgspec.structs.replace(WANTED, program=program)
    assert build_and_judge(wanted, lambda: bare, LIMITS) == expected


def test_words_that_are_abuse_are_missed_whatever_the_limits(pythons: list[Interpreter]) -> None:
    bare = build(parse_target("no-extension"), pythons[0], instrumented=False)
    program = parse("finfuzz 1\nnode a list\nroot a static-object\n")
    wanted = msgspec.structs.replace(WANTED, program=program)
    assert not LIMITS.abuse
    assert build_and_judge(wanted, lambda: bare, LIMITS).what == "not comparable"


def died(stderr: str) -> Outcome:
    return msgspec.structs.replace(SURVIVED, exit_code=None, signal="SIGABRT", stderr=stderr)


OWN = OwnWords(
    {":box": Kind(":box", "a box", edges=(":added",)), ":bare": Kind(":bare", "one")},
    (":use",),
    {":box": "container"},
)
OF_PACKAGE = msgspec.structs.replace(
    WANTED,
    diagnosis=Diagnosis("SIGABRT", "cast-error", "running", "", ("_C.so+0x10",)),
    program=parse(
        "finfuzz 1\nnode a :box\nnode b :bare\nedge a b :added\nhook a finalize :use\nroot a leak\n"
    ),
    package=OfPackage("wheel:mine", OWN),
)
CAST = (
    "terminate called after throwing an instance of 'pybind11::cast_error'\n"
    "  what():  Unable to cast\n"
)


def test_a_package_is_judged_on_a_control_in_the_languages_words(
    plain_c: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Program] = []

    def run(_: Build, program: Program, __: object) -> Outcome:
        ran.append(program)
        return SURVIVED

    monkeypatch.setattr(module, "run_fresh", run)
    assert build_and_judge(OF_PACKAGE, lambda: plain_c, LIMITS).what == "survived"
    assert to_text(ran[0]).splitlines()[1:] == [
        "node a container",
        "node b instance",
        "edge a b append",
        "hook a finalize create",
        "root a leak",
    ]


def test_every_kind_of_a_package_may_be_one_that_the_collector_visits(plain_c: Build) -> None:
    kinds = [
        [step.args[1] for step in program.steps if step.op == "node"]
        for program in OF_PACKAGE.translate(plain_c.offers)
    ]
    assert kinds == [["container", "instance"], ["container", "container"]]


def test_an_extension_of_ours_has_all_its_features_after_each_import(plain_c: Build) -> None:
    """A package binds its own at once; ours are bound when they are first asked for."""
    program = parse("finfuzz 1\nimport\nunimport\nimport\n")
    wanted = msgspec.structs.replace(OF_PACKAGE, program=program)
    last = wanted.translate(plain_c.offers)[-1]
    assert to_text(last).split()[2:] == ["import", "self-check", "unimport", "import", "self-check"]
    offers = dataclasses.replace(NOTHING, kinds=frozenset({"extension"}))
    assert wanted.translate(offers) == (program,)


def test_a_control_with_a_recipe_is_tried_with_each_of_its_actions() -> None:
    own = OwnWords({":day": Kind(":day", "a day")}, (":now", ":add"))
    offers = dataclasses.replace(NOTHING, kinds=frozenset({"extension"}), own=own)
    actions = [
        step.args[2]
        for program in OF_PACKAGE.translate(offers)
        for step in program.steps
        if step.op == "hook"
    ]
    assert actions == [":now", ":add"]


def test_a_control_is_not_told_apart_by_what_a_package_does_not_show(
    plain_c: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our extensions show when a framework makes its internals anew."""
    facts = {"phase": "running", "recreated": 1, "recreated_after": "destroyed"}
    outcome = msgspec.structs.replace(died(CAST), **facts)
    monkeypatch.setattr(module, "run_fresh", lambda *_: outcome)
    found = build_and_judge(OF_PACKAGE, lambda: plain_c, LIMITS)
    assert found == Verdict("same", Rate(3, 3), alike="diagnostic")


def test_a_release_that_lacks_a_word_of_the_recipe_is_not_comparable(
    plain_c: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "run_fresh", lambda *_: SURVIVED)
    own = OwnWords({":box": OWN.kinds[":box"]}, (":use",))
    release = dataclasses.replace(plain_c, spec=parse_target("wheel:mine==1.0"))
    monkeypatch.setattr(Build, "offers", dataclasses.replace(EVERYTHING, own=own))
    found = build_and_judge(OF_PACKAGE, lambda: release, LIMITS)
    assert (found.what, found.seen) == ("not comparable", "it has no kind :bare")


def test_the_subject_is_read_off_a_finding() -> None:
    finding = bare_finding()
    wanted = Wanted.from_finding(finding)
    assert (wanted.diagnosis, wanted.program) == (finding.diagnosis, parse(finding.program))
    assert (wanted.rate, wanted.python) == (finding.reproduced, (3, 13, 0))
