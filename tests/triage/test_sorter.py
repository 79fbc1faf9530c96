"""From a death to a finding, with real deaths and real scripts."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage import deferred as deferred_module
from finfuzz.triage import filer as module
from finfuzz.triage.diagnosis.bucket import DESTROYED
from finfuzz.triage.filer import Filer, Origin
from finfuzz.triage.findings.finding import Finding, load, update
from finfuzz.triage.findings.rate import FEW, Rate
from finfuzz.triage.findings.save import save
from finfuzz.triage.repro.choose import Script
from finfuzz.triage.sorter import Sorter
from helpers import finding_example
from helpers.dying import EXECUTED_AGAIN
from helpers.outcome_files import SURVIVED

LIMITS = Limits(deadline=10.0)
ORIGIN = Origin("random", 5)
SMALLEST = "finfuzz 1\nnode a container\nroot a codec\n"
CYCLE = """finfuzz 1
import
node a container
node b list
edge a a append
edge b a append
collect
root a codec
root b sys
"""
ANOTHER_ROUTE = (
    "finfuzz 1\nnode x container\nedge x x append\nhook x traverse lookup\nroot x leak\n"
)
LEAKED = "nanobind: leaked 1 instances!\n"
LEAKING = "finfuzz 1\nnode a instance\nroot a leak\n"


class Sorted(NamedTuple):
    """What one campaign's sorting left."""

    crashes: Path
    sorter: Sorter
    announced: list[str]

    @property
    def findings(self) -> list[Path]:
        return sorted(path.parent for path in self.crashes.glob("[A-Z]*/*/*/finding.json"))


def sort(made: Build, crashes: Path, *programs: str, outcomes: tuple[Outcome, ...] = ()) -> Sorted:
    """Sorts programs as they end here, or as ``outcomes`` say that they did."""
    announced: list[str] = []
    sorter = Sorter(made, crashes, LIMITS, ORIGIN, announced.append)
    try:
        seen = outcomes or tuple(run_fresh(made, parse(text), LIMITS) for text in programs)
        for number, (text, outcome) in enumerate(zip(programs, seen, strict=True), start=1):
            sorter.sight(text, outcome, number, number / 10)
    finally:
        sorter.close()
    return Sorted(crashes, sorter, announced)


@pytest.fixture(scope="module")
def filed(destroy: Build, tmp_path_factory: pytest.TempPathFactory) -> Sorted:
    return sort(destroy, tmp_path_factory.mktemp("crashes"), CYCLE, ANOTHER_ROUTE, CYCLE)


@pytest.fixture(scope="module")
def finding(filed: Sorted) -> Finding:
    return load(filed.findings[0])


def test_one_defect_by_two_graphs_is_one_finding(filed: Sorted, finding: Finding) -> None:
    assert filed.findings == [filed.crashes / finding.folder]
    assert finding.sightings == 3
    (seen,) = filed.sorter.seen.values()
    assert (seen.sightings, seen.new, seen.path) == (3, True, filed.findings[0])


def test_the_finding_says_what_where_and_how_often(
    finding: Finding, destroy: Build, pythons: list[Interpreter]
) -> None:
    assert (finding.signal, finding.diagnostic) == ("SIGABRT", "internals-recreated")
    assert finding.phase.startswith("finalizing")
    assert "reentrant call detected" in finding.detail
    assert finding.frames == DESTROYED
    assert finding.reproduced == finding.in_zygote == finding.script == Rate(FEW, FEW)
    assert (finding.interpreter, finding.fault) == ("main", "SI_TKILL")
    assert (finding.sightings, finding.signals) == (3, {"SIGABRT": 3})
    assert any(frame.function for frame in finding.stack)  # not of a stripped C library
    assert finding.target.spec == "pybind11==3.1.0+destroy"
    assert (finding.target.python, finding.target.build) == (pythons[0].text, destroy.id)
    first = finding.first_seen
    assert (first.execution, first.seconds, first.engine, first.seed) == (1, 0.1, "random", 5)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", first.date)


def test_no_step_of_its_program_can_go(finding: Finding, destroy: Build) -> None:
    head, *steps = finding.program.splitlines()
    assert len(steps) < len(CYCLE.splitlines()) - 1
    for left_out in range(len(steps)):
        fewer = "\n".join([head, *steps[:left_out], *steps[left_out + 1 :], ""])
        assert not run_fresh(destroy, parse(fewer), LIMITS).died, fewer


def test_its_folder_has_all_that_a_reader_needs(filed: Sorted, finding: Finding) -> None:
    (folder,) = filed.findings
    assert {path.name for path in folder.iterdir()} == {
        *("finding.json", "program.fin", "stderr.txt", "stack.txt", "outcome.json"),
        *("repro.py", "extension.cpp"),
    }
    assert (folder / "program.fin").read_text() == finding.program
    assert finding.detail in (folder / "stderr.txt").read_text()
    stack = (folder / "stack.txt").read_text().splitlines()
    assert stack[0].startswith("#0 ")
    assert any("pybind11::pybind11_fail(char const*)" in line for line in stack)
    script = (folder / "repro.py").read_text()
    words = " ".join(script.split())
    end = "Crashes (SIGABRT, internals-recreated) in Py_FinalizeEx"
    assert f"{end}, after the interpreter's dict is cleared." in words
    assert f"crashed in {FEW} of {FEW} runs (72 to 100 %)." in words
    assert "finfuzz" not in script.replace("finfuzz_target", "").replace("FINFUZZ_", "")


@pytest.mark.slow  # compiles; a campaign's test runs a script the same way (test_supervisor.py)
def test_its_script_dies_of_the_same_alone(filed: Sorted, pythons: list[Interpreter]) -> None:
    done = run(pythons[0], filed.findings[0])
    assert done.returncode == -signal.SIGABRT
    assert "reentrant call detected while fetching pybind11 internals" in done.stderr


@pytest.mark.slow
def test_its_script_dies_with_nothing_built_beside_it(
    filed: Sorted, finding: Finding, tmp_path: Path, pythons: list[Interpreter]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(filed.findings[0], copy, ignore=shutil.ignore_patterns("*.so", "finding.json"))
    done = run(pythons[0], copy)
    assert signal.Signals(-done.returncode).name == finding.signal
    assert finding.detail in done.stderr


def run(python: Interpreter, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python.executable, "repro.py"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_takes_time_is_announced(filed: Sorted) -> None:
    (seen,) = filed.sorter.seen
    mine = [line for line in filed.announced if not line.startswith("building ")]
    assert mine == [
        f"SIGABRT/internals-recreated {seen}: {what}"
        for what in (
            "reproducing in fresh processes",
            f"the program as found crashed in {FEW} of {FEW} runs, minimizing",
            "writing and running the script",
            f"{load(filed.findings[0]).title}: script crashed in {FEW} of {FEW} runs",
        )
    ]


def test_the_next_campaign_counts_what_is_filed_and_tries_nothing(
    filed: Sorted, destroy: Build, tmp_path: Path
) -> None:
    crashes = tmp_path / "crashes"
    shutil.copytree(filed.crashes, crashes)
    again = sort(destroy, crashes, ANOTHER_ROUTE, CYCLE)
    (seen,) = again.sorter.seen.values()
    assert (seen.new, seen.sightings, seen.execution) == (False, 2, 1)
    assert again.announced == []
    assert load(again.findings[0]).sightings == 3 + 2
    assert load(again.findings[0]).first_seen == load(filed.findings[0]).first_seen


@pytest.fixture
def damaged(filed: Sorted, tmp_path: Path) -> Path:
    """The folder of the finding in a copy of what was filed; its finding.json is damaged."""
    crashes = tmp_path / "crashes"
    shutil.copytree(filed.crashes, crashes)
    (folder,) = [crashes / found.relative_to(filed.crashes) for found in filed.findings]
    (folder / "finding.json").write_text("{")
    return folder


def test_a_damaged_finding_is_said_and_the_others_are_counted(
    damaged: Path, destroy: Build, tmp_path: Path
) -> None:
    again = sort(destroy, tmp_path / "crashes", CYCLE)
    (line,) = again.announced
    assert line.startswith(f"1 sighting not counted: {damaged}/finding.json is not a finding: ")
    assert (damaged / "finding.json").read_text() == "{"


@pytest.mark.usefixtures("damaged")
def test_what_can_not_be_counted_is_said_once(destroy: Build, tmp_path: Path) -> None:
    """A finding that is moved away cost a line every ten seconds, for the rest of the campaign."""
    again = sort(destroy, tmp_path / "crashes", CYCLE)
    again.sorter.save()
    again.sorter.save()
    assert len(again.announced) == 1


def test_another_signal_of_the_same_bucket_is_no_other_finding(
    filed: Sorted, destroy: Build, tmp_path: Path
) -> None:
    """Two lanes filed it twice, and no command could name it any more."""
    crashes = tmp_path / "crashes"
    shutil.copytree(filed.crashes, crashes)
    died = run_fresh(destroy, parse(CYCLE), LIMITS)
    other = msgspec.structs.replace(died, signal="SIGSEGV")
    assert died.signal != other.signal
    again = sort(destroy, crashes, CYCLE, outcomes=(other,))
    assert [one.relative_to(crashes) for one in again.findings] == [
        one.relative_to(filed.crashes) for one in filed.findings
    ]
    assert load(again.findings[0]).sightings == 3 + 1


@pytest.fixture
def scripts_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No script is compiled and run ten times, where a test is about something else."""

    def choose(write: Callable[[bool], Mapping[str, str]], *_: object) -> Script:
        return Script(write(True), Rate(FEW, FEW))

    monkeypatch.setattr(module, "choose_script", choose)


@pytest.mark.usefixtures("scripts_are_believed")
def test_two_campaigns_may_file_the_same_at_once(
    filed: Sorted, destroy: Build, tmp_path: Path
) -> None:
    """The other one's finding appears while this one is busy confirming its own."""
    crashes = tmp_path / "crashes"
    crashes.mkdir()

    def announce(line: str) -> None:
        if line.endswith("minimizing"):
            shutil.copytree(filed.crashes, crashes, dirs_exist_ok=True)

    sorter = Sorter(destroy, crashes, LIMITS, ORIGIN, announce)
    try:
        sorter.sight(ANOTHER_ROUTE, run_fresh(destroy, parse(ANOTHER_ROUTE), LIMITS), 1, 0.1)
    finally:
        sorter.close()
    (seen,) = sorter.seen.values()
    assert seen.path == crashes / filed.findings[0].relative_to(filed.crashes)
    assert load(seen.path).sightings == 3 + 1


def test_what_never_dies_again_is_kept_aside(plain_c: Build, tmp_path: Path) -> None:
    once = msgspec.structs.replace(
        SURVIVED, exit_code=None, signal="SIGSEGV", phase="finalizing", stderr="what it said\n"
    )
    left = sort(plain_c, tmp_path, SMALLEST, SMALLEST, outcomes=(once, once))
    assert left.findings == []
    assert left.sorter.seen == {}
    ((bucket, seen),) = left.sorter.unconfirmed.items()
    assert (seen.sightings, seen.path) == (2, tmp_path / "unconfirmed" / bucket)
    assert seen.path is not None
    assert (seen.path / "program.fin").read_text() == SMALLEST
    assert (seen.path / "stderr.txt").read_text() == "what it said\n"
    outcome = msgspec.json.decode((seen.path / "outcome.json").read_bytes(), type=Outcome)
    assert outcome == once


def test_a_rare_program_hides_no_other_of_its_bucket(plain_c: Build, tmp_path: Path) -> None:
    """The first one did not die again; only another one of that bucket may show that it does."""
    once = msgspec.structs.replace(SURVIVED, exit_code=None, signal="SIGSEGV", phase="finalizing")
    texts = ["finfuzz 1\n" + "collect\n" * times for times in range(1, 8)]
    left = sort(plain_c, tmp_path, *texts, outcomes=(once,) * len(texts))
    tried = [line for line in left.announced if line.endswith("reproducing in fresh processes")]
    assert len(tried) == 4  # the first, second, third and fifth
    ((_, seen),) = left.sorter.unconfirmed.items()
    assert seen.sightings == len(texts)


def test_a_leak_that_the_control_shares_is_kept_aside(destroy: Build, tmp_path: Path) -> None:
    reported = msgspec.structs.replace(SURVIVED, stderr=LEAKED, keeps_nothing=True)
    left = sort(destroy, tmp_path, LEAKING, outcomes=(reported,))
    assert (left.findings, left.sorter.seen) == ([], {})
    ((bucket, seen),) = left.sorter.unconfirmed.items()
    assert str(seen.diagnosis) == "NONE/leak-report"
    assert left.announced[-1] == (
        f"NONE/leak-report {bucket}: plain-c leaves objects too (1), kept as unconfirmed"
    )


def test_a_leak_that_the_control_lacks_is_run_again(destroy: Build, tmp_path: Path) -> None:
    """pybind11 reports none, so this one never comes back."""
    reported = msgspec.structs.replace(SURVIVED, stderr=LEAKED, keeps_nothing=True)
    left = sort(destroy, tmp_path, "finfuzz 1\nnode a container\n", outcomes=(reported,))
    assert left.announced[-1].endswith("not reproduced in fresh processes, kept as unconfirmed")


def test_what_survived_is_nothing(plain_c: Build, tmp_path: Path) -> None:
    left = sort(plain_c, tmp_path, SMALLEST, outcomes=(SURVIVED,))
    assert (left.sorter.seen, left.sorter.unconfirmed, left.announced) == ({}, {}, [])
    assert list(tmp_path.iterdir()) == []


def test_a_known_death_is_counted_and_not_filed(pythons: list[Interpreter], tmp_path: Path) -> None:
    old = [python for python in pythons if python.version < (3, 13)]
    if not old:
        pytest.skip("every CPython found ends leftover subinterpreters by itself")
    made = build(parse_target("plain-c"), old[0])
    left = sort(made, tmp_path, *["finfuzz 1\nstart i1 legacy\n"] * 2)
    ((entry, count),) = left.sorter.known.items()
    assert (entry.owner, entry.diagnostics, count) == ("CPython", ("fatal-python-error",), 2)
    assert (left.sorter.seen, left.announced, list(tmp_path.iterdir())) == ({}, [], [])


#: Ten places that keep a container in a cycle alive until its interpreter's dict is gone.
ROOTS = (
    *("codec", "interpreter-dict", "leak", "audit-hook", "thread-dict", "type-dict"),
    *("thread-local", "gc-garbage", "builtins", "context"),
)


@pytest.mark.usefixtures("scripts_are_believed")
def test_ten_roots_are_ten_routes_to_one_bucket(destroy: Build, tmp_path: Path) -> None:
    programs = [
        f"finfuzz 1\nnode a container\nedge a a append\nroot a leak\nroot a {root}\n"
        for root in ROOTS
    ]
    left = sort(destroy, tmp_path, *programs)
    (folder,) = left.findings
    finding = load(folder)
    assert finding.sightings == len(ROOTS)
    assert {route.roots for route in finding.routes} == {
        tuple(sorted({"leak", root})) for root in ROOTS
    }


@pytest.mark.slow
def test_the_guard_and_the_silent_making_again_are_two(
    destroy: Build, pythons: list[Interpreter], tmp_path: Path
) -> None:
    silent = build(parse_target("pybind11==3.0.1+destroy"), pythons[0])
    buckets = [
        set(sort(made, tmp_path / str(number), ANOTHER_ROUTE).sorter.seen)
        for number, made in enumerate((destroy, silent))
    ]
    assert [len(found) for found in buckets] == [1, 1]
    assert buckets[0] != buckets[1]


@pytest.mark.slow
def test_what_dies_of_it_takes_the_place_of_what_lived_with_it(
    pythons: list[Interpreter], tmp_path: Path
) -> None:
    """On 3.0.1 internals are made again silently: an instance survives that, a cast does not."""
    silent = build(parse_target("pybind11==3.0.1+destroy"), pythons[0])
    survives = "finfuzz 1\nnode a container\nhook a traverse lookup\nroot a leak\nroot a codec\n"
    left = sort(silent, tmp_path, survives)
    (milder,) = left.findings
    assert load(milder).signal == "NONE"
    left = sort(silent, tmp_path, survives, ANOTHER_ROUTE.replace("lookup", "cast"))
    (worse,) = left.findings
    finding = load(worse)
    assert (finding.signal != "NONE", finding.bucket) == (True, milder.name)
    assert finding.signals == {"NONE": 2, "SIGABRT": 1}
    assert finding.sightings == 3


def test_deaths_of_what_is_merged_are_counted_for_the_other(
    filed: Sorted, finding: Finding, destroy: Build, tmp_path: Path
) -> None:
    crashes = tmp_path / "crashes"
    shutil.copytree(filed.crashes, crashes)
    one = crashes / finding.folder
    other = one.with_name("f" * 12)
    shutil.copytree(one, other)
    update(other, msgspec.structs.replace(finding, bucket="f" * 12))
    update(one, msgspec.structs.replace(finding, merged_into="f" * 12))
    sort(destroy, crashes, CYCLE)
    assert [load(folder).sightings for folder in (one, other)] == [3, 4]


def test_what_dies_never_takes_the_place_of_what_it_is_merged_into(
    finding: Finding, destroy: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A merge says where sightings are counted; the other finding is not the one that crashed."""
    milder = msgspec.structs.replace(finding, signal="NONE", diagnostic="wrong-answer")
    own = save(tmp_path, msgspec.structs.replace(milder, merged_into="c" * 12), {})
    other = save(tmp_path, msgspec.structs.replace(milder, bucket="c" * 12), {})
    third = msgspec.structs.replace(milder, bucket="d" * 12, merged_into=finding.bucket)
    third_folder = save(tmp_path, third, {})
    monkeypatch.setattr(Filer, "file", lambda *_: save(tmp_path, finding, {}))
    left = sort(destroy, tmp_path, finding.program)
    assert left.findings == sorted([tmp_path / finding.folder, other, third_folder])
    assert not own.exists()
    crashing = load(tmp_path / finding.folder)
    assert (crashing.signal, crashing.merged_into) == (finding.signal, "")
    assert crashing.sightings == 2 * finding.sightings + 1
    assert left.announced[-1] == (
        f"{finding.bucket} was merged into cccccccccccc, where nothing crashes: it is its own now"
    )


@pytest.mark.slow
def test_one_that_was_mended_is_filed_as_come_back(destroy: Build, tmp_path: Path) -> None:
    (tmp_path / "known.toml").write_text(
        """[[known]]
title = "the guard speaks up"
link = "https://example.org/1"
owner = "pybind11"
diagnostics = ["internals-recreated"]
on = "pybind11<3.1.0"
fixed = "pybind11>=3.1.0"
"""
    )
    (folder,) = sort(destroy, tmp_path, ANOTHER_ROUTE).findings
    assert load(folder).regressed == "the guard speaks up"


def test_what_can_not_be_filed_is_said_once_and_counted(
    destroy: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Path:
        raise UserError("no space left")

    monkeypatch.setattr(Filer, "file", full)
    left = sort(destroy, tmp_path, ANOTHER_ROUTE, CYCLE)
    ((bucket, seen),) = left.sorter.seen.items()
    assert (seen.sightings, seen.path) == (2, None)
    assert left.announced == [f"SIGABRT/internals-recreated {bucket}: not filed: no space left"]


def test_a_finding_is_written_when_there_is_room(dying: Build, tmp_path: Path) -> None:
    """Root may write everywhere, so a file stands in the way."""
    (tmp_path / "SIGABRT").write_text("in the way")
    left = sort(dying, tmp_path, EXECUTED_AGAIN)
    ((bucket, why),) = left.sorter.unfiled.items()
    assert re.fullmatch(r"can't write .*: (File exists|Not a directory)", why)
    left.sorter.retry()
    assert left.findings == []
    (tmp_path / "SIGABRT").unlink()
    left.sorter.retry()
    (folder,) = left.findings
    assert left.sorter.unfiled == {}
    (seen,) = left.sorter.seen.values()
    assert (seen.path, seen.new) == (folder, True)
    assert left.announced[-1] == f"SIGABRT/none {bucket}: filed now: {folder}"
    left.sorter.save()
    assert load(folder).sightings == 1


def test_owner_and_instruments_wait_until_there_is_time(filed: Sorted) -> None:
    assert set(filed.sorter.waiting) == set(filed.findings)


def test_the_owners_of_all_findings_come_first(
    plain_c: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then their instruments, then the controls that tell releases and CPythons."""
    ran: list[str] = []
    attribution = finding_example.finding().attribution

    def attribute(
        folder: Path, *_: object, owner_only: bool, **_nodes: object
    ) -> Iterator[tuple[int, int]]:
        for number in range(1, 4):
            ran.append(f"{folder.name[0]} control {number}")
            if number == 2:
                update(folder, msgspec.structs.replace(load(folder), attribution=attribution))
                if owner_only:
                    return
            yield number, 3

    def escalate(folder: Path, *_: object) -> Iterator[tuple[int, int]]:
        ran.append(f"{folder.name[0]} instrument")
        yield 1, 1

    monkeypatch.setattr(deferred_module, "attribute_finding", attribute)
    monkeypatch.setattr(deferred_module, "escalate", escalate)
    some = [
        save(tmp_path, finding_example.finding(bucket=letter * 12, attribution=None), {})
        for letter in "ab"
    ]

    def work(*, owner_only: bool) -> list[str]:
        ran.clear()
        announced: list[str] = []
        sorter = Sorter(plain_c, tmp_path, LIMITS, ORIGIN, announced.append, owner_only=owner_only)
        for folder in some:
            update(folder, msgspec.structs.replace(load(folder), attribution=None))
            sorter.defer(folder)
        assert sorter.waiting == some
        while sorter.work():
            pass
        sorter.close()
        assert [line.partition(":")[0] for line in announced] == ["aaaaaaaaaaaa", "bbbbbbbbbbbb"]
        return ran.copy()

    owners = ["a control 1", "a control 2", "b control 1", "b control 2"]
    assert work(owner_only=True) == owners
    rest = ["a instrument", "b instrument", "a control 3", "b control 3"]
    assert work(owner_only=False) == [*owners, *rest]
