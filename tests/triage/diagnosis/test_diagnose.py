"""What each outcome means: one file of outcomes/ is one case (see outcome_files.py)."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from finfuzz.triage.diagnosis import DIAGNOSTICS, Diagnosis, beside, diagnose, find_key_frames
from finfuzz.triage.diagnosis import reading as module
from helpers.outcome_files import SURVIVED, Case, read, said, written
from helpers.places import OUTCOMES

FILES = sorted(OUTCOMES.glob("*.txt"))


def case(path: Path) -> object:
    defect = read(path).defect
    marks = [pytest.mark.xfail(strict=True, reason=defect)] if defect else []
    return pytest.param(path, id=path.stem, marks=marks)


def diagnosed(case: Case, monkeypatch: pytest.MonkeyPatch) -> tuple[Diagnosis, ...]:
    # The one thing that can't be had: the files of the machine that the stack was taken on.
    monkeypatch.setattr(module, "name_stack", case.name_stack)
    monkeypatch.setattr(beside, "name_stack", case.name_stack)
    return diagnose(case.outcome, case.memory_mib)


def first_bucket(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    first, *_ = diagnosed(read(OUTCOMES / f"{name}.txt"), monkeypatch)
    return first.bucket


@pytest.mark.parametrize("path", [case(path) for path in FILES])
def test_diagnosis(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = read(path)
    assert said(diagnosed(wanted, monkeypatch)) == wanted.expected


@pytest.mark.parametrize(
    "names",
    [
        # whoever asks for the internals that were destroyed, in whichever interpreter's end
        [
            *("guard-from-traverse", "guard-from-clear", "guard-from-dealloc"),
            *("guard-from-an-instance", "guard-from-freeing-a-function", "guard-after-sys-exit"),
            *("guard-from-looking-a-type-up", "guard-in-a-subinterpreter", "guard-libcxx"),
            *("guard-in-an-interpreter-of-the-standard-librarys", "guard-with-another-signal"),
        ],
        # without a guard, whatever comes of it: an abort, a segfault, nothing
        [
            *("no-guard-cast-fails", "no-guard-segfault", "no-guard-assertion-fails"),
            *("no-guard-cast-fails-after-sys-exit", "no-guard-survived-a-call"),
            *("no-guard-survived-an-instance", "no-guard-survived-a-look-up"),
        ],
        # those of another interpreter, whatever comes of it
        ["foreign-internals-of-the-last-importer", "foreign-internals-of-the-first-importer"],
        # internals that are there, and not found
        ["internals-lost-and-a-segfault", "internals-lost-and-a-cast-error"],
        # the signal of a damaged heap is chance
        [
            *("empty-enum-freed-wrongly", "empty-enum-crashes-in-free"),
            *(
                "empty-enum-in-a-subinterpreter",
                "empty-enum-in-a-subinterpreter-of-the-frameworks",
            ),
        ],
        ["leftover-subinterpreter", "leftover-subinterpreter-after-sys-exit"],
        ["terminated-in-a-destructors-unwinding", "terminated-in-a-daemon-threads-unwinding"],
    ],
    ids=lambda names: names[0],
)
def test_routes_to_one_defect_share_its_bucket(
    names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len({first_bucket(name, monkeypatch) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("guard-from-traverse", "no-guard-cast-fails"),
        ("no-guard-cast-fails", "internals-lost-and-a-cast-error"),
        ("internals-lost-and-a-cast-error", "no-guard-internals-lost-while-running"),
        ("no-guard-internals-lost-while-running", "framework-failure-instance-allocation"),
        ("no-guard-cast-fails", "cast-error"),
        ("glibc-invalid-pointer", "segfault-without-a-word"),
        ("fatal-gil-released", "fatal-none-deallocated"),
        ("assertion-negative-reference-count", "assertion-in-the-collector"),
        ("asan-use-after-free", "asan-bad-free"),
        ("pymalloc-trailing-pad", "pymalloc-leading-pad"),
        ("static-destructor-of-the-target", "static-destructor-of-a-thread-local"),
        ("bus-error", "division-by-zero"),
    ],
)
def test_two_defects_have_two_buckets(
    one: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert first_bucket(one, monkeypatch) != first_bucket(other, monkeypatch)


@pytest.mark.parametrize("path", [path for path in FILES if read(path).outcome.frames])
def test_a_stack_that_was_kept_gives_the_same_key(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = read(path)
    first, *_ = [*diagnosed(wanted, monkeypatch), None]
    if first and first.signal != "NONE":
        assert find_key_frames(first, wanted.frames) == first.frames


def test_an_older_key_of_the_guard_is_given_its_cause() -> None:
    old = Diagnosis("SIGABRT", "internals-recreated", "finalizing", "", ("target hook",))
    assert find_key_frames(old, []) == ("internals destroyed",)


@pytest.mark.parametrize(
    ("name", "interpreter"),
    [("subinterpreter-dies", "isolated"), ("bus-error", "main")],
)
def test_which_interpreter_died(
    name: str, interpreter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = diagnosed(read(OUTCOMES / f"{name}.txt"), monkeypatch)
    assert first.interpreter == interpreter


def test_every_diagnostic_has_a_case() -> None:
    shown = {word for path in FILES for word in re.findall(r"/([a-z-]+) in ", read(path).expected)}
    assert shown == set(DIAGNOSTICS)


def test_an_outcome_of_this_machine_is_read_as_it_was_written(tmp_path: Path) -> None:
    outcome = msgspec.structs.replace(
        SURVIVED,
        exit_code=None,
        signal="SIGABRT",
        phase="finalizing/dict-cleared",
        interpreter="legacy",
        recreated=2,
        recreated_after="first",
        recreated_phase="stopping",
        capsule_lost=("global", "module-local"),
        peak_kib=12_345,
        signal_code=-6,
        address=16,
        stderr="---\nstderr:\n\x00\r\n",
    )
    path = tmp_path / "case.txt"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(written("here", outcome))
    assert read(path).outcome == outcome
