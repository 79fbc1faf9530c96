"""The first lines of a script."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.program.text import parse
from finfuzz.targets.spec import parse_target
from finfuzz.triage.findings.attribution import Attribution, Owner
from finfuzz.triage.findings.escalation import Escalation
from finfuzz.triage.findings.finding import list_folders, load, save, update
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.repro.story import replace_story, rewrite_story, write_story
from finfuzz.triage.repro.write import write_script
from helpers.finding_example import bare_finding as finding
from helpers.places import CRASHES

OWNER = Attribution("framework", "plain-c survived", "", "", (), (), "2026-11-24")


@pytest.mark.parametrize(
    ("changes", "story"),
    [
        (
            {"detail": "what it said", "script": Rate(10, 10)},
            """\
pybind11 internals used after they were destroyed in pybind11::detail::clear_instance, in
Py_FinalizeEx after the interpreter dict is cleared: what it said

Crashes (SIGABRT, internals-recreated) in Py_FinalizeEx, after the interpreter's dict is
cleared.

pybind11 3.1.0, whose internals are destroyed with the interpreter's dict (as by its PR 5958),
on CPython 3.13.0: crashed in 10 of 10 runs (72 to 100 %).""",
        ),
        (
            {"signal": "NONE", "diagnostic": "wrong-answer", "detail": "it said " * 30,
             "phase": "running", "script": Rate(3, 40), "attribution": OWNER},
            """\
wrong answer: it said it said it said it said it said it said it said it said it said it said it
said it said it said it said it said it said it said it said it said it said it said it said it
said i…

Misbehaves without crashing (wrong-answer) while the program runs.

    it said it said it said it said it said it said it said it said it said it said it said it
    said it said it said it said it said it said it said it said it said it said it said it said
    it said it said it said it said it said it said it said

pybind11 3.1.0, whose internals are destroyed with the interpreter's dict (as by its PR 5958),
on CPython 3.13.0: misbehaved in 3 of 40 runs (3 to 20 %).

Owner: framework (plain-c survived).""",
        ),
    ],
)  # fmt: skip
def test_story(changes: dict[str, object], story: str) -> None:
    assert write_story(finding(**changes)) == story


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("plain-c", "plain-c on CPython"),
        ("plain-c+globals", "plain-c+globals, with objects in C globals, on CPython"),
        ("no-extension", "no-extension on CPython"),
        ("pybind11==3.1.0+released", "pybind11 3.1.0, as released, on CPython"),
        ("pybind11==3.0.1,3.0.2+leak", "pybind11 3.0.1 and 3.0.2, whose internals are never"),
        ("pybind11@/a/checkout+hold", "pybind11 of /a/checkout, whose types hold its internals"),
    ],
)
def test_target(spec: str, said: str) -> None:
    one = finding()
    one.target = msgspec.structs.replace(one.target, spec=spec)
    assert said in write_story(one).replace("\n", " ")


@pytest.mark.parametrize(
    ("owner", "last"),
    [
        (
            "CPython",
            "Owner: CPython (why). Since CPython 3.12.1, fixed between 3.13.0 and 3.13.18.",
        ),
        ("framework", "Owner: framework (why)."),  # whose releases are told elsewhere
    ],
)
def test_a_defect_of_cpython_has_the_affected_cpythons(owner: Owner, last: str) -> None:
    affected = "since CPython 3.12.1, fixed between 3.13.0 and 3.13.18"
    attribution = Attribution(owner, "why", "", "", (), (), "2026-11-29", python_range=affected)
    assert write_story(finding(attribution=attribution)).splitlines()[-1] == last


def test_lines_are_short() -> None:
    story = write_story(finding(detail="some words " * 30, attribution=OWNER))
    assert max(map(len, story.splitlines())) <= 96


@pytest.mark.parametrize("story", ["Another.", "Of\n\nparagraphs", 'it said """', "a\\b"])
def test_a_script_is_told_anew(story: str) -> None:
    program, spec = parse("finfuzz 1\nnode a list\n"), parse_target("plain-c")
    first, second = (
        write_script(program, spec, (3, 13), one)["repro.py"] for one in ("Run it.", story)
    )
    assert replace_story(first, story) == second
    assert replace_story(second, "Run it.") == first


@pytest.mark.parametrize(
    "script", ["", "import sys\n", '"""Mine.\n\nRun it with CPython 3.13\n"""']
)
def test_what_a_person_has_rewritten_stays(script: str) -> None:
    assert replace_story(script, "Another.") == script


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("wheel:optree==0.20.0", "optree 0.20.0"),
        ("module:my.part+path=/a/folder", "my.part"),
        ("stdlib:datetime", "the standard library's datetime"),
    ],
)
def test_a_package_is_called_as_people_call_it(target: str, name: str) -> None:
    one = finding()
    one.target = msgspec.structs.replace(one.target, spec=target)
    assert f"\n\n{name} on CPython 3.13.0: crashed in" in write_story(one)


@pytest.mark.parametrize("folder", list_folders(CRASHES), ids=lambda one: one.name)
def test_shipped_scripts_have_the_story_of_today(folder: Path) -> None:
    script = (folder / "repro.py").read_text(encoding="utf-8")
    assert replace_story(script, write_story(load(folder))) == script


def test_a_story_follows_what_is_found_later(tmp_path: Path) -> None:
    program, spec = parse("finfuzz 1\nnode a list\n"), parse_target("plain-c")
    script = write_script(program, spec, (3, 13), "A story.")["repro.py"]
    one = finding(signal="SIGSEGV", diagnostic="none", detail="", phase="running")
    folder = save(tmp_path, one, {"repro.py": script})
    one.escalation = (Escalation("asan-ubsan", "done", "heap-use-after-free in f (a.h:3)"),)
    update(folder, one)
    rewrite_story(folder, one)
    said = (folder / "repro.py").read_text()
    assert said.startswith('#!/usr/bin/env python3\nr"""heap-use-after-free in f\n\nCrashes')
