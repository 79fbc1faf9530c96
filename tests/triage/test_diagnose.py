"""What each outcome means: one file of outcomes/ is one case (see outcome_files.py)."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import msgspec
import pytest
from outcome_files import SURVIVED, Case, read, said, written

from fuzz.executor.outcome import PROGRESS
from fuzz.triage import diagnose as module
from fuzz.triage import telling
from fuzz.triage.diagnose import DIAGNOSTICS, Diagnosis, diagnose

OUTCOMES = Path(__file__).parent / "outcomes"
FILES = sorted(OUTCOMES.glob("*.txt"))


def case(path: Path) -> object:
    defect = read(path).defect
    marks = [pytest.mark.xfail(strict=True, reason=defect)] if defect else []
    return pytest.param(path, id=path.stem, marks=marks)


def diagnosed(case: Case, monkeypatch: pytest.MonkeyPatch) -> tuple[Diagnosis, ...]:
    # The one thing that can't be had: the files of the machine that the stack was taken on.
    monkeypatch.setattr(module, "named", case.names.__getitem__)
    return diagnose(case.outcome, case.memory_mib)


@pytest.mark.parametrize("path", [case(path) for path in FILES])
def test_diagnosis(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = read(path)
    assert said(diagnosed(wanted, monkeypatch)) == wanted.expected


@pytest.mark.parametrize(
    ("diagnostic", "names"),
    [
        (
            "internals-recreated",
            ["guard-from-traverse", "guard-from-clear", "guard-from-looking-a-type-up"],
        ),
        ("internals-recreated", ["guard-from-traverse", "guard-in-a-subinterpreter"]),
        ("internals-recreated", ["guard-from-dealloc", "guard-from-an-instance"]),
        (
            "internals-recreated",
            ["guard-from-traverse", "guard-after-sys-exit"],
        ),
    ],
)
def test_routes_to_one_defect_share_its_bucket(
    diagnostic: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    buckets = {
        one.bucket
        for name in names
        for one in diagnosed(read(OUTCOMES / f"{name}.txt"), monkeypatch)
        if one.diagnostic == diagnostic
    }
    assert len(buckets) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("guard-from-traverse", "guard-from-dealloc"),
        ("guard-from-traverse", "guard-from-freeing-a-function"),
        ("guard-from-traverse", "no-guard-cast-fails"),
        ("no-guard-segfault", "no-guard-assertion-fails"),  # alike but for the signal
        ("glibc-invalid-pointer", "segfault-without-a-word"),
        ("fatal-gil-released", "fatal-none-deallocated"),
    ],
)
def test_two_defects_have_two_buckets(
    one: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        {found.bucket for found in diagnosed(read(OUTCOMES / f"{name}.txt"), monkeypatch)}
        for name in (one, other)
    )
    assert first
    assert second
    assert not first & second


def test_every_diagnostic_has_a_case() -> None:
    shown = {word for path in FILES for word in re.findall(r"/([a-z-]+) in ", read(path).expected)}
    assert shown == set(DIAGNOSTICS)


def test_an_outcome_of_this_machine_is_read_as_it_was_written(tmp_path: Path) -> None:
    outcome = msgspec.structs.replace(
        SURVIVED,
        exit_code=None,
        signal="SIGABRT",
        phase="finalizing/dict-cleared",
        recreated=2,
        recreated_phase="stopping",
        capsule_lost=("global", "module-local"),
        peak_kib=12_345,
        stderr="---\nstderr:\n\x00\r\n",
    )
    path = tmp_path / "case.txt"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(written("here", outcome))
    assert read(path).outcome == outcome


def diagnosis(**changes: object) -> Diagnosis:
    facts = ("SIGABRT", "internals-recreated", "finalizing", "what it said", ("one", "two"))
    return msgspec.structs.replace(Diagnosis(*facts), **changes)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"phase": "stopping"}, True),  # a subinterpreter's end and the last one's: two routes
        ({"phase": "finalizing/dict-cleared"}, True),
        ({"phase": "stopping/modules-cleared"}, True),
        ({"phase": "running"}, False),
        ({"phase": "exited"}, False),
        ({"detail": "something else"}, True),  # it may hold an address or a name of the program's
        ({"signal": "SIGSEGV"}, False),
        ({"diagnostic": "cast-error"}, False),
        ({"frames": ("two", "one")}, False),
        ({"frames": ("one",)}, False),
        ({"frames": ()}, False),
        ({"stack": ("three",)}, True),
    ],
)
def test_what_makes_another_bucket(changes: dict[str, object], same: bool) -> None:
    assert (diagnosis(**changes).bucket == diagnosis().bucket) is same


def test_no_two_diagnostics_or_phases_share_a_bucket_but_those_that_end() -> None:
    phases = {
        phase: "ending" if phase in ("stopping", "finalizing") else phase for phase in PROGRESS
    }
    buckets = {
        (diagnosis(diagnostic=word, phase=phase).bucket, (word, phases[phase]))
        for word, phase in itertools.product(DIAGNOSTICS, PROGRESS)
    }
    assert len(buckets) == len({bucket for bucket, _ in buckets}) == len(DIAGNOSTICS) * 3


def test_a_bucket_is_twelve_hex_digits() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", diagnosis().bucket)


def test_buckets_of_two_versions_of_the_key_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    before = diagnosis().bucket
    monkeypatch.setattr(telling, "VERSION", telling.VERSION + 1)
    assert diagnosis().bucket != before


def test_a_diagnosis_reads_as_the_folder_it_goes_to() -> None:
    assert str(diagnosis()) == "SIGABRT/internals-recreated"
