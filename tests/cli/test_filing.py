"""Ctrl-C while controls run: the finding stays, and the printed command goes on."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from finfuzz.cli import attribute as command
from finfuzz.cli.filing import describe_filed, filing
from finfuzz.cli.group import cli
from finfuzz.executor.limits import Limits
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage import deferred
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.finding import load, update
from finfuzz.triage.findings.save import save
from finfuzz.triage.findings.sightings import SeenBucket
from helpers.finding_example import crashes_with, finding


def interrupted(*_: object, **__: object) -> Iterator[tuple[int, int]]:
    yield 1, 2
    raise KeyboardInterrupt


def attributed(folder: Path, *_: object, **__: object) -> Iterator[tuple[int, int]]:
    update(folder, msgspec.structs.replace(load(folder), attribution=finding().attribution))
    yield 1, 1


@pytest.mark.parametrize("name", ["crashes", "my crashes"])
def test_the_printed_command_goes_on(
    name: str,
    pythons: list[Interpreter],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    crashes = tmp_path / name
    python = next(found for found in pythons if found.includes)
    target = msgspec.structs.replace(finding().target, python=python.text, executable="")
    folder = save(crashes, finding(attribution=None, target=target), {"repro.py": ""})
    made = build(parse_target("no-extension"), python)
    monkeypatch.setattr(deferred, "attribute_finding", interrupted)
    with filing(made, crashes, Limits()) as opened:
        opened.sorter.defer(folder)
        opened.run_controls()
    printed = capsys.readouterr().err
    first, *_ = printed.splitlines()
    script = f"{name}/{finding().folder}/repro.py"
    assert first == (
        f"{folder.name} is filed, its script is {script}; running controls, Ctrl-C is fine"
    )
    hint = re.search("`finfuzz (.*)`", printed)
    assert hint
    monkeypatch.setattr(command, "attribute_finding", attributed)
    monkeypatch.setattr(command, "escalate", lambda *_: iter(()))
    done = CliRunner().invoke(cli, shlex.split(hint[1]))
    assert done.exit_code == 0, done.output
    assert load(folder).attribution == finding().attribution


@pytest.mark.parametrize(
    ("new", "has_owner", "line"),
    [
        (True, False, "SIGABRT/internals-recreated: FOLDER"),
        (False, True, "SIGABRT/internals-recreated: FOLDER (filed before)"),
        (
            *(False, False),
            "SIGABRT/internals-recreated: FOLDER (filed before); its owner: "
            "`finfuzz attribute FOLDER`",
        ),
    ],
)
def test_what_was_filed_before_is_said(
    new: bool, has_owner: bool, line: str, tmp_path: Path
) -> None:
    one = finding() if has_owner else finding(attribution=None)
    folder = crashes_with(tmp_path, one) / one.folder
    diagnosis = Diagnosis("SIGABRT", "internals-recreated", "running", "", ())
    seen = SeenBucket(diagnosis, 1, 0.0, path=folder, new=new)
    assert describe_filed(seen) == line.replace("FOLDER", str(folder))
