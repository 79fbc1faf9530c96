"""All instruments over one finding: what is filed, and that nothing else changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.findings.escalation import Escalation
from finfuzz.triage.findings.finding import encode, load
from finfuzz.triage.instruments import escalate as module
from finfuzz.triage.instruments.allocators import run_pymalloc_debug
from finfuzz.triage.instruments.escalate import escalate
from finfuzz.triage.instruments.experiment import Experiment, Report
from helpers.finding_example import finding

MakeFolder = Callable[[str], Path]
SPEC = parse_target("plain-c")  # it asks for no headers
SIX = ["asan-ubsan", "pymalloc-debug", "malloc", "debug-python", "valgrind", "gdb"]


@pytest.fixture
def folder_of(finding_folder: MakeFolder) -> Callable[[str, str], Path]:
    def make(what: str, signal: str) -> Path:
        folder = finding_folder(what)
        (folder / "finding.json").write_bytes(encode(finding(signal=signal, escalation=())))
        return folder

    return make


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def only(monkeypatch: pytest.MonkeyPatch, **instruments: Callable[[Experiment], Report]) -> None:
    monkeypatch.setattr(module, "_FOR_CRASHES", instruments)


def test_the_text_is_filed_and_the_rest_left_as_it_was(
    folder_of: Callable[[str, str], Path],
    pythons: list[Interpreter],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, pymalloc=run_pymalloc_debug)
    folder = folder_of("overrun", "NONE")
    before, announced = contents(folder), list[str]()
    done = list(escalate(folder, SPEC, pythons[0], Limits(), announced.append))
    after = contents(folder)
    text = after.pop("escalation/pymalloc.txt").decode()
    assert done == [(1, 1)]
    assert {**after, "finding.json": b""} == {**before, "finding.json": b""}
    assert announced == ["finding: pymalloc"]
    (one,) = load(folder).escalation
    assert (one.name, one.status, one.file) == ("pymalloc", "done", "escalation/pymalloc.txt")
    assert re.fullmatch(r"crashes \(SIGABRT\): pymalloc-check: .*pad byte.*", one.summary)
    assert "bad trailing pad byte" in text
    assert re.search(r'^  File "repro\.py", line 14 in <module>$', text, re.MULTILINE)
    assert str(folder.parent) not in text


def test_no_folder_of_this_machine_is_filed(
    folder_of: Callable[[str, str], Path],
    pythons: list[Interpreter],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """CPython 3.14 and later name the file of each C frame at a crash, the extension's too."""

    def name_files(experiment: Experiment) -> Report:
        copy = experiment.copy_uncompiled("asan-ubsan")
        named = [f'Binary file "{one.folder}/tiny.so", at +0x1' for one in (experiment, copy)]
        return Report("done", named[1], "\n".join(named))

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    only(monkeypatch, names=name_files)
    folder = folder_of("survives", "NONE")
    list(escalate(folder, SPEC, pythons[0], Limits(), str))
    line = 'Binary file "tiny.so", at +0x1'
    assert [one.summary for one in load(folder).escalation] == [line]
    assert (folder / "escalation" / "names.txt").read_text() == f"{line}\n{line}"


def test_a_script_that_does_not_compile_fails_under_each(
    folder_of: Callable[[str, str], Path], pythons: list[Interpreter]
) -> None:
    folder = folder_of("does not compile", "NONE")
    list(escalate(folder, SPEC, pythons[0], Limits(), str))
    found = load(folder).escalation
    assert [one.name for one in found] == SIX
    for one in found:
        assert (one.status, one.file) == ("failed", "")
        assert re.fullmatch(r"repro\.py does not compile: extension\.cpp:.*misspelt.*", one.summary)
    assert not (folder / "escalation").exists()


def test_what_it_said_before_is_gone(
    folder_of: Callable[[str, str], Path],
    pythons: list[Interpreter],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = folder_of("survives", "NONE")
    said = iter([Report("done", "something", "text"), Report("absent", "gone")])
    only(monkeypatch, one=lambda _: next(said))

    def again() -> tuple[Escalation, ...]:
        list(escalate(folder, SPEC, pythons[0], Limits(), str))
        return load(folder).escalation

    assert again() == (Escalation("one", "done", "something", "escalation/one.txt"),)
    assert (folder / "escalation" / "one.txt").read_text() == "text"
    assert again() == (Escalation("one", "absent", "gone"),)
    assert not list((folder / "escalation").iterdir())


def test_interrupted_it_leaves_what_was_said_so_far(
    folder_of: Callable[[str, str], Path],
    pythons: list[Interpreter],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def interrupt(_: Experiment) -> Report:
        raise KeyboardInterrupt

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    only(monkeypatch, first=lambda _: Report("done", "", "text"), second=interrupt)
    folder = folder_of("survives", "NONE")
    with pytest.raises(KeyboardInterrupt):
        list(escalate(folder, SPEC, pythons[0], Limits(), str))
    assert [path.name for path in (folder / "escalation").iterdir()] == ["first.txt"]
    assert load(folder).escalation == ()
    assert not list(scratch.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "signal", "names"),
    [
        ("use after free", "NONE", SIX),
        ("waits", "HANG", ["asan-ubsan", "debug-python", "stacks"]),
    ],
)
def test_every_instrument_has_a_line(
    folder_of: Callable[[str, str], Path],
    pythons: list[Interpreter],
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    signal: str,
    names: list[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(module, "START_SECONDS", 1.0)  # for the one that hangs
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    folder = folder_of(what, signal)
    list(escalate(folder, SPEC, pythons[0], Limits(deadline=1.0), str))
    found = load(folder).escalation
    assert [one.name for one in found] == names
    for one in found:
        assert one.summary
        assert "\n" not in one.summary
        if one.file:
            text = (folder / one.file).read_text()
            assert str(tmp_path) not in text + one.summary
