"""`finfuzz triage`, `show`, `merge` and `rekey` as a user meets them: codes and output."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from finfuzz.cli import main
from finfuzz.triage.findings.finding import (
    Finding,
    StackFrame,
    encode,
    list_folders,
    load,
    update,
)
from helpers.campaign_example import plan, state_with
from helpers.finding_example import crashes_with, finding

Main = Callable[..., tuple[int, str, str]]
DAMAGED = "findings can't be read: see `finfuzz triage --status damaged`"
OTHER = finding(bucket="b" * 12, signal="SIGSEGV", diagnostic="none", attribution=None)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    crashes_with(tmp_path / "crashes", finding(), OTHER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    return tmp_path


@pytest.fixture
def finfuzz(
    here: Path,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Main:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["finfuzz", *arguments])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(str(ended.code or 0))
        return code, *capfd.readouterr()

    return run


def damage(here: Path) -> None:
    (here / "crashes" / OTHER.folder / "finding.json").write_text("{")


def test_triage_lists_and_suggests(finfuzz: Main) -> None:
    code, out, _ = finfuzz("triage")
    assert code == 0
    assert "0123456789ab" in out
    assert "bbbbbbbbbbbb" in out
    assert (
        "bbbbbbbbbbbb may be the same defect: the same program (finfuzz merge bbbbbbbbbbbb 0123"
        in out
    )


@pytest.mark.parametrize(
    ("arguments", "listed"),
    [
        (["--signal", "SIGSEGV"], ["b" * 12]),
        (["--owner", "target"], ["0123456789ab"]),
        (["--owner", "?"], ["b" * 12]),
        (["--status", "known"], []),
    ],
)
def test_triage_lists_what_is_asked_for(
    finfuzz: Main, arguments: list[str], listed: list[str]
) -> None:
    code, out, _ = finfuzz("triage", *arguments)
    assert code == 0
    assert [one for one in ("0123456789ab", "b" * 12) if one in out] == listed
    assert ("no findings" in out) is (listed == [])


def test_triage_writes_for_other_tools(finfuzz: Main, here: Path) -> None:
    assert finfuzz("triage", "--json", "all.json", "--sarif", "all.sarif")[0] == 0
    rows = json.loads((here / "all.json").read_text())
    assert [row["finding"]["bucket"] for row in rows] == ["0123456789ab", "b" * 12]
    assert len(json.loads((here / "all.sarif").read_text())["runs"][0]["results"]) == 2


def test_a_damaged_finding_is_listed_with_the_others_and_said(finfuzz: Main, here: Path) -> None:
    damage(here)
    code, out, err = finfuzz("triage")
    assert code == 2
    assert "0123456789ab" in out
    assert "damaged" in out
    assert err == f"finfuzz: error: 1 of 2 {DAMAGED}\n"


def test_show_tells_all_of_one_the_most_useful_first(finfuzz: Main) -> None:
    code, out, _ = finfuzz("show", "0123")
    assert code == 0
    parts = (
        "pybind11 internals used after they were destroyed in pybind11::cast, in Py_FinalizeEx",
        "crashes (SIGABRT, internals-recreated) in Py_FinalizeEx",
        "python3.13 crashes/SIGABRT/internals-recreated/0123456789ab/repro.py",
        "crashed in 10 of 10 runs (72 to 100 %)",
        "target: survives on pybind11 as released",
        "3 threads",
        "pybind11::cast  pybind11/cast.h:1234",
        "survived, 3 of 3",
        "not run: no headers",
        "node a container",
        "append → a container  ↑ again",
        "10 of 10 in fresh processes, 10 of 10 in forked children",
    )
    places = [out.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)
    bare = OTHER.folder
    assert f"not known yet: finfuzz attribute crashes/{bare}" in finfuzz("show", "bbb")[1]


def test_show_and_triage_print_no_line_that_a_finding_brings(finfuzz: Main, here: Path) -> None:
    """Which of them has a line feed: any text that a sent finding may contain."""
    evil = "evil\n::error::forged"
    folder = here / "crashes" / OTHER.folder
    changes = {"detail": evil, "frames": (evil, evil), "phase": evil, "diagnostic": "raises"}
    changed = replace(load(folder), **changes, stack=(StackFrame(evil, 1, evil),))
    (folder / "finding.json").write_bytes(encode(changed))
    for out in (finfuzz("show", "bbb")[1], finfuzz("triage")[1]):
        assert "evil" in out
        assert not [line for line in out.splitlines() if line.strip().startswith("::")]


def test_show_does_not_break_a_command(
    finfuzz: Main, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    long = here / ("long" * 30)
    (here / "crashes").rename(long)
    _, out, _ = finfuzz("show", "0123", "--crashes", str(long))
    assert f"  python3.13 {long}/SIGABRT/internals-recreated/0123456789ab/repro.py\n" in out


def test_a_text_for_a_tracker(finfuzz: Main, here: Path) -> None:
    folder = here / "crashes" / finding().folder
    (folder / "repro.py").write_text("print('it')\n")
    code, out, _ = finfuzz("report", "--issue", "0123")
    assert code == 0
    assert out.startswith("# `pybind11 internals used after they were destroyed in pybind11::cast")
    assert "```python\nprint('it')\n```" in out
    code, said, _ = finfuzz("report", "--issue", str(folder), "-o", "issue.md")
    assert (code, said) == (0, "wrote issue.md\n")
    assert (here / "issue.md").read_text() == out


def test_a_text_for_a_tracker_takes_no_compiler(
    finfuzz: Main, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "crashes" / finding().folder / "repro.py").write_text("")
    monkeypatch.setenv("CXX", "no-such-compiler")
    code, out, _ = finfuzz("report", "--issue", "0123")
    assert code == 0
    assert "| compiler |" not in out


def test_a_text_for_a_tracker_of_a_campaigns_finding(finfuzz: Main, here: Path) -> None:
    """Without --crashes, the folder that the campaign files in."""
    (here / "crashes").rename(here / "found")
    state_with(here / ".finfuzz", plan(here / "found"))
    assert finfuzz("report", "--issue", "0123")[0] == 0


@pytest.mark.parametrize("folder", [".finfuzz/crashes", ".finfuzz/20261130-120000/crashes"])
def test_a_finding_that_lies_elsewhere_is_pointed_to(
    finfuzz: Main, here: Path, folder: str
) -> None:
    """A campaign beside published findings files in another folder than `show` reads."""
    (here / folder).parent.mkdir(parents=True)
    (here / "crashes").rename(here / folder)
    (here / "crashes").mkdir()
    code, _, err = finfuzz("show", "0123")
    assert code == 2
    assert f"no finding 0123 in crashes: {folder} has it, add --crashes {folder}\n" in err
    assert finfuzz("show", "0123", "--crashes", folder)[0] == 0


def test_a_published_finding_is_pointed_to(finfuzz: Main, here: Path) -> None:
    """`report --issue` reads the folder of the campaign that there is."""
    (here / "found").mkdir()
    state_with(here / ".finfuzz", plan(here / "found"))
    _, _, err = finfuzz("report", "--issue", "0123")
    assert "crashes has it, add --crashes crashes\n" in err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["report", "--issue", "fff"], "no finding fff in crashes"),
        (["report", "--issue", "0123", "-o", "no/x.md"], "can't write no/x.md"),
        (["show", "fff"], "no finding fff in crashes: `finfuzz triage` lists those there are"),
        (["show", "what/ever"], "what/ever is neither a finding's folder nor a bucket"),
        (["show", "0123", "--crashes", "elsewhere"], "no finding 0123 in elsewhere"),
        (["merge", "0123"], "name two findings, or one and --undo"),
        (["merge", "0123", "bbb", "--undo"], "name two findings, or one and --undo"),
        (["merge", "0123", "0123"], "can't be merged into itself"),
        (["merge", "0123", "--undo"], "0123456789ab is not merged into another"),
        (["triage", "--owner", "me"], "Invalid value for '--owner'"),
        (["attribute", "fff"], "no finding fff in crashes"),
        (["file", "none.fin"], "can't read the program none.fin"),
    ],
)
def test_what_can_not_be_done_is_one_line(
    finfuzz: Main, arguments: list[str], complaint: str
) -> None:
    code, out, err = finfuzz(*arguments)
    assert (code, out) == (2, "")
    assert complaint in err
    assert err.count("\n") == 1


def test_show_says_what_is_wrong_with_a_damaged_one(finfuzz: Main, here: Path) -> None:
    damage(here)
    code, _, err = finfuzz("show", "bbb")
    assert code == 2
    assert "finding.json is not a finding: " in err


def test_a_merge_and_back(finfuzz: Main, here: Path) -> None:
    folder = here / "crashes" / OTHER.folder
    code, out, _ = finfuzz("merge", "bbb", "0123")
    assert (code, out) == (0, "bbbbbbbbbbbb is merged into 0123456789ab\n")
    assert "merged" in finfuzz("triage")[1]
    code, out, _ = finfuzz("merge", "bbb", "--undo")
    assert (code, out) == (0, "bbbbbbbbbbbb is no longer merged\n")
    assert load(folder) == OTHER


def test_attribute_without_a_name_means_all_that_are_open(finfuzz: Main, here: Path) -> None:
    """One that has its attribution already is not run again unless it is named."""
    for path in (here / "crashes" / "SIGSEGV").rglob("*"):
        if path.is_file():
            path.unlink()
    code, _, err = finfuzz("attribute")
    assert code == 2
    assert "every finding in crashes has an attribution: name one to run it again" in err


def age(here: Path, *findings: Finding) -> None:
    """Gives findings a key of an older version: their bucket is not what today's list makes."""
    for one in findings:
        update(here / "crashes" / one.folder, replace(one, key_version=0))


def read_all(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "output"),
    [(["triage"], ""), (["show", "bbb"], ""), (["export", "bbb", "--pytest"], "test_finfuzz_*.py")],
)
def test_reading_renames_nothing_and_says_what_does(
    finfuzz: Main, here: Path, arguments: list[str], output: str
) -> None:
    (here / "crashes" / OTHER.folder / "repro.py").write_text("")
    assert finfuzz(*arguments)[2] == ""
    for path in here.glob(output) if output else ():
        path.unlink()
    age(here, finding(), OTHER)
    before = read_all(here / "crashes")
    code, _, err = finfuzz(*arguments)
    assert (code, read_all(here / "crashes")) == (0, before)
    assert err == (
        "2 findings have keys of an older version: `finfuzz rekey crashes` renames them\n"
    )


@pytest.mark.parametrize("alone", [False, True])
def test_a_finding_that_lies_elsewhere_is_shown(finfuzz: Main, here: Path, alone: bool) -> None:
    (here / "crashes").rename(here / "elsewhere")
    folder = here / "elsewhere" / OTHER.folder
    if alone:  # an outdated finding beside it is nothing to it
        shutil.copytree(folder, here / "x" / "y" / "z")
        update(here / "x" / "y" / "z", replace(OTHER, key_version=0))
        (here / "a" / "b").mkdir(parents=True)
        folder = folder.rename(here / "a" / "b" / "alone")
    code, out, err = finfuzz("show", str(folder))
    assert (code, err) == (0, "")
    assert OTHER.bucket in out


def test_report_renames_nothing_and_says_what_does(finfuzz: Main, here: Path) -> None:
    state_with(here / "state", plan(here / "crashes"))
    age(here, OTHER)
    before = read_all(here / "crashes")
    code, _, err = finfuzz("report", "state")
    assert (code, read_all(here / "crashes")) == (0, before)
    folder = here / "crashes"
    assert err.splitlines()[-1] == (
        f"1 finding has a key of an older version: `finfuzz rekey {folder}` renames it"
    )


def test_rekey_renames_each_to_its_key(finfuzz: Main, here: Path) -> None:
    age(here, finding(), OTHER)
    planned = finfuzz("rekey", "--dry-run")
    assert [load(folder).key_version for folder in list_folders(here / "crashes")] == [0, 0]
    code, out, err = finfuzz("rekey", "crashes")
    assert planned == (0, f"{out}dry run: nothing was written\n", "")
    renamed = [load(folder) for folder in list_folders(here / "crashes")]
    assert [one.former for one in renamed] == [("0123456789ab",), ("b" * 12,)]
    assert [one.diagnosis.bucket for one in renamed] == [one.bucket for one in renamed]
    lines = [f"{one.former[0]} is renamed to {one.bucket}" for one in renamed]
    assert (code, out.splitlines(), err) == (0, lines, "")
    assert list_folders(here / "crashes") == [here / "crashes" / one.folder for one in renamed]
    assert finfuzz("rekey") == (0, "all keys are current\n", "")


def test_rekey_renames_the_readable_ones(finfuzz: Main, here: Path) -> None:
    age(here, finding())
    damage(here)
    code, out, err = finfuzz("rekey")
    assert (code, out.count("is renamed to")) == (2, 1)
    assert err == f"finfuzz: error: 1 of 2 {DAMAGED}\n"


def test_rekey_needs_a_folder(finfuzz: Main) -> None:
    assert finfuzz("rekey", "no-such")[0] == 2
    assert "no folder of findings no-such" in finfuzz("rekey", "no-such")[2]
