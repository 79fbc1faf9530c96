"""What is read as a case, and what each expects where."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from finfuzz.cli.group import cli
from finfuzz.replay.cases import Case, collect_cases
from finfuzz.support.errors import UserError
from finfuzz.targets.spec import parse_target
from finfuzz.triage.findings.finding import list_folders
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.trust import note_finding
from helpers.finding_example import PROGRAM, crashes_with, finding

GUARD, CAST = "SIGABRT/internals-recreated", "SIGABRT/cast-error"
SAYS = f"# why it is there\n# expect: {GUARD} on pybind11+destroy\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "survives.fin").write_text(PROGRAM)
    (tmp_path / "corpus" / "dies.fin").write_text(PROGRAM.replace("node", f"{SAYS}node", 1))
    crashes_with(tmp_path / "crashes", finding(), finding(bucket="b" * 12, reproduced=Rate(4, 10)))
    return tmp_path


def by_name(found: list[Case]) -> dict[str, Case]:
    return {case.name.rpartition("/")[2]: case for case in found}


def test_programs_and_findings_are_found_below_a_folder(folder: Path) -> None:
    found = collect_cases([folder / "corpus", folder / "crashes"])
    assert [case.name for case in found] == [
        "dies",
        "survives",
        "SIGABRT/internals-recreated/0123456789ab",
        "SIGABRT/internals-recreated/bbbbbbbbbbbb",
    ]
    assert [case.flaky for case in found] == [False, False, False, True]
    assert not any(case.problem for case in found)


def test_a_single_program_or_finding_will_do(folder: Path) -> None:
    (program,) = collect_cases([folder / "corpus" / "dies.fin"])
    assert program.name == "dies"
    (one,) = collect_cases([folder / "crashes" / finding().folder])
    assert one.name == "0123456789ab"


@pytest.mark.parametrize(
    ("files", "paths", "names"),
    [
        (["d1/x.fin", "d2/x.fin", "d2/y.fin"], ["d1", "d2"], ["d1/x.fin", "d2/x.fin", "y"]),
        (["d1/x.fin", "d2/x.fin"], ["d1/x.fin", "d2/x.fin"], ["d1/x.fin", "d2/x.fin"]),
        # the path of one is the name of another
        (
            ["d1/x.fin", "d2/x.fin", "a/d1/x.fin.fin"],
            ["a", "d1", "d2"],
            ["a/d1/x.fin.fin", "d1/x.fin", "d2/x.fin"],
        ),
        # twice the same
        (["d1/x.fin"], ["d1", "d1/x.fin", "d1/../d1"], ["x"]),
    ],
)
def test_no_two_cases_have_one_name(
    files: list[str],
    paths: list[str],
    names: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Results are kept by the name: one of two would hide the other."""
    monkeypatch.chdir(tmp_path)
    for file in map(Path, files):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PROGRAM)
    assert [case.name for case in collect_cases(map(Path, paths))] == names


def test_no_two_cases_have_one_name_however_it_is_spelled(tmp_path: Path) -> None:
    for name in (b"\xff.fin", b"\\xff.fin"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text(PROGRAM)
    assert len({case.name for case in collect_cases([tmp_path])}) == 2


@pytest.mark.parametrize(
    ("name", "target", "python", "expected"),
    [
        # a program survives where it does not say otherwise
        ("survives", "pybind11==3.1.0+destroy", "3.13.0", set()),
        ("dies", "pybind11==3.1.0+destroy", "3.13.0", {GUARD}),
        ("dies", "pybind11==3.1.0", "3.13.0", set()),
        # a finding does what it did when it was run there
        ("0123456789ab", "pybind11==3.1.0+destroy", "3.13.0", {GUARD}),
        ("0123456789ab", "plain-c", "3.13.0", set()),
        ("0123456789ab", "pybind11==3.0.1+destroy", "3.13.0", {f"{GUARD}-silently"}),
        # and nobody knows where it has not been
        ("0123456789ab", "pybind11==3.1.0+destroy", "3.12.1", None),
        ("0123456789ab", "no-extension", "3.9.18", None),
    ],
)
def test_expected(
    folder: Path, name: str, target: str, python: str, expected: set[str] | None
) -> None:
    case = by_name(collect_cases([folder]))[name]
    assert case.find_expected(parse_target(target), python) == expected


def test_a_finding_without_attribution_knows_its_own_build(tmp_path: Path) -> None:
    (case,) = collect_cases([crashes_with(tmp_path, finding(attribution=None))])
    assert case.seen == {("pybind11==3.1.0+destroy", "3.13.0"): frozenset({GUARD})}


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.fin", b"finfuzz 2\n", "line 1, column 9: found version `2`"),
        ("a.fin", b"\xff", "is not a program: byte 0 is not UTF-8"),
        ("a.fin", b"finfuzz 1\n# expect: it dies\nimport\n", "write `expect: SIGNAL/diagnostic"),
        ("finding.json", b"{", "is not a finding: "),
        ("finding.json", b'{"schema_version": 99}', "use a newer finfuzz"),
    ],
)
def test_what_is_damaged_is_a_case_with_a_problem(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (case,) = collect_cases([tmp_path])
    assert problem in case.problem


def test_a_finding_whose_program_is_damaged_says_so(tmp_path: Path) -> None:
    damaged = msgspec.structs.replace(finding(), program="finfuzz 1\nfly\n")
    (case,) = collect_cases([crashes_with(tmp_path, damaged)])
    assert "finding.json: its program: line 2, column 1: found `fly`" in case.problem


def test_nothing_to_replay_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing to replay in"):
        collect_cases([tmp_path])
    with pytest.raises(UserError, match=r"there is no .*elsewhere to replay"):
        collect_cases([tmp_path / "elsewhere"])


def test_the_recipe_of_somebody_elses_finding_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("FINFUZZ_CACHE", str(tmp_path / "cache"))
    target = msgspec.structs.replace(finding().target, spec="stdlib:json", recipe="recipe.toml")
    crashes = crashes_with(tmp_path / "sent", finding(target=target, program="finfuzz 1\nimport\n"))
    (folder,) = list_folders(crashes)
    (folder / "recipe.toml").write_text('module = "json"\n')
    (case,) = collect_cases([crashes])
    named = parse_target(f"stdlib:json+recipe={tmp_path / 'mine.toml'}")
    for spec in (parse_target("plain-c"), named):
        case.require_trust(spec)  # no word of the finding runs there
    with pytest.raises(UserError, match=r"runs its target stdlib:json with its recipe.toml"):
        case.require_trust(parse_target("stdlib:json"))
    for command in (
        ["replay", str(crashes)],
        ["replay", str(crashes), "--target", "stdlib:json"],
        ["exec", str(folder / "program.fin"), "--target", "stdlib:json"],
        ["file", str(folder / "program.fin"), "--target", "stdlib:json"],
    ):
        result = CliRunner().invoke(cli, command)
        assert "then give --trust" in str(result.exception), command
    note_finding(folder)
    case.require_trust(parse_target("stdlib:json"))


@pytest.mark.parametrize(
    ("found", "expected", "seen", "judgement"),
    [
        (True, {GUARD}, {GUARD, CAST}, "as expected"),
        (True, {GUARD}, {CAST}, "changed"),
        (True, set(), {CAST}, "regressed"),
        (False, {GUARD}, {GUARD, CAST}, "changed"),
        (False, set(), {CAST}, "failed"),
    ],
    ids=["and more", "another", "none before", "a program says it all", "no record of before"],
)
def test_a_finding_is_one_defect(
    found: bool, expected: set[str], seen: set[str], judgement: str
) -> None:
    case = Case("x", seen={} if found else None)
    assert case.judge(frozenset(expected), frozenset(seen)) == judgement


def test_a_findings_defect_may_end_by_another_signal() -> None:
    """Freed memory may hold anything: what controls called the same defect was "changed"."""
    defect = finding().diagnosis
    other = msgspec.structs.replace(defect, signal="SIGSEGV")
    cast = msgspec.structs.replace(defect, diagnostic="cast-error", frames=("f",))
    case, own = Case("x", seen={}, defect=defect), frozenset({str(defect)})
    assert str(other) != str(defect)
    assert case.judge(own, frozenset({str(other)}), [other]) == "as expected"
    assert case.judge(own, frozenset({str(cast)}), [cast]) == "changed"
    assert case.judge(frozenset(), frozenset({str(other)}), [other]) == "regressed"
