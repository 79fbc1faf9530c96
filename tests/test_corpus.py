"""Every seed program says why it is there and how it ends, and so it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from finfuzz.executor.zygote import Executor
from finfuzz.program.language import OPERATIONS
from finfuzz.program.legal import ABUSE
from finfuzz.program.model import Program
from finfuzz.program.text import parse, to_text
from finfuzz.program.words import Choice
from finfuzz.replay.expectations import find_expected
from finfuzz.targets.build import build
from finfuzz.targets.frameworks import DEFAULT, FRAMEWORKS
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.oracles.compare import compare
from helpers.places import CORPUS, USES_FREED

PROGRAMS = sorted(CORPUS.glob("*.fin"))
CONTROLS = [
    str(TargetSpec(name, policy=style))
    for name, record in FRAMEWORKS.items()
    if record.is_control
    for style in record.policy_names
]
TARGETS = [*CONTROLS, DEFAULT, f"{DEFAULT}+destroy"]


def read(path: Path) -> Program:
    return parse(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=TARGETS)
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """The controls, the newest release as it is, and with its internals destroyed at the end."""
    spec = resolve(parse_target(request.param))
    with Executor(build(spec, pick_interpreter(None))) as executor:
        yield executor


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program_opens_with_why_it_is_there_and_is_printed_as_it_stands(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    program = parse(text)
    assert program.steps[0].above
    assert not program.steps[0].above[0].startswith("expect:")
    assert to_text(program) == text


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program_ends_as_it_says(path: Path, executor: Executor) -> None:
    program, python = read(path), executor.build.interpreter
    outcome = executor.run(program)
    outcome = compare(executor.build, program, outcome, executor.limits)
    found = {str(one) for one in diagnose(outcome, executor.limits.memory_mib)}
    expected = find_expected(program, executor.build.spec, python.text)
    if "SIGABRT/heap-corruption" in expected:  # which signal it is depends on what is freed where
        found = {one.replace("SIGSEGV/heap", "SIGABRT/heap") for one in found}
    if path.stem in USES_FREED:
        assert bool(found) == bool(expected), outcome.stderr
    else:
        assert found == expected, outcome.stderr


def test_every_word_of_the_language_is_in_some_program() -> None:
    steps = [step for path in PROGRAMS for step in read(path).steps]
    used = {
        (choice.name, text)
        for step in steps
        for _, choice, text in step.typed()
        if isinstance(choice, Choice)
    }
    wanted = {
        (choice.name, word.text)
        for operation in OPERATIONS.values()
        for choice in operation.parameters
        if isinstance(choice, Choice)
        for word in choice.words
        if not word.abuse
    }
    assert wanted - used == set()
    assert {step.op for step in steps} == set(OPERATIONS)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_abuse_is_called_so(path: Path) -> None:
    steps = read(path).steps
    abuse = [step for step in steps if step.op == "hook" and step.args[1:] in ABUSE]
    assert not abuse or path.stem.startswith("abuse-")
