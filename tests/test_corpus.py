"""The programs in corpus/ are what they say, and none of them kills the control."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fuzz.executor.zygote import Executor
from fuzz.program.text import parse, to_text
from fuzz.target.build import build
from fuzz.target.interpreters import pick_interpreter
from fuzz.target.spec import parse_target
from fuzz.triage.diagnose import diagnose
from fuzz.triage.known import known

PROGRAMS = sorted((Path(__file__).resolve().parent.parent / "corpus").glob("*.fin"))


@pytest.fixture(scope="module")
def control() -> Iterator[Executor]:
    with Executor(build(parse_target("plain-c"), pick_interpreter(None))) as executor:
        yield executor


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program_opens_with_why_it_is_there_and_is_printed_as_it_stands(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    program = parse(text)
    assert program.steps[0].above
    assert to_text(program) == text


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program_survives_without_a_framework(path: Path, control: Executor) -> None:
    program = parse(path.read_text(encoding="utf-8")).without_comments()
    found = diagnose(control.run(to_text(program)), control.limits.memory_mib)
    python = control.build.interpreter.version
    assert [one for one in found if not known(one, python)] == []
