"""Which deaths are CPython's own and known."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from outcome_files import SURVIVED, read

from fuzz.triage.diagnose import Diagnosis
from fuzz.triage.known import KNOWN, NOT_YET, Known, is_known_death, known

LEFTOVER = KNOWN[0]
DETAIL = "PyInterpreterState_Delete: remaining subinterpreters"

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("diagnostic", "detail", "python", "entry"),
    [
        ("fatal-python-error", DETAIL, (3, 12, 1), LEFTOVER),
        ("fatal-python-error", DETAIL, (3, 12, 99), LEFTOVER),
        ("fatal-python-error", DETAIL, (3, 9), LEFTOVER),
        ("fatal-python-error", f"{DETAIL}, said otherwise", (3, 12), LEFTOVER),
        # fixed there, so it would be news
        ("fatal-python-error", DETAIL, (3, 13), None),
        ("fatal-python-error", DETAIL, (3, 13, 0), None),
        ("fatal-python-error", DETAIL, (3, 14, 2), None),
        # another death
        ("fatal-python-error", "PyInterpreterState_Delete: something else", (3, 12), None),
        ("fatal-python-error", "", (3, 12), None),
        ("uncaught-cxx-exception", DETAIL, (3, 12), None),
        ("none", DETAIL, (3, 12), None),
    ],
)
def test_known(diagnostic: str, detail: str, python: tuple[int, ...], entry: Known | None) -> None:
    diagnosis = Diagnosis("SIGABRT", diagnostic, "finalizing", detail, ("a",))
    assert known(diagnosis, python) is entry


@pytest.mark.parametrize(
    ("stderr", "python", "is_known"),
    [
        (f"Fatal Python error: {DETAIL}\nPython runtime state: finalizing\n", (3, 12, 1), True),
        (f"something before\nFatal Python error: {DETAIL}\n", (3, 11, 7), True),
        (f"Fatal Python error: {DETAIL}\n", (3, 13, 0), False),
        (f"it said {DETAIL}\n", (3, 12, 1), False),
        ("Fatal Python error: PyThreadState_Get: no thread state\n", (3, 12, 1), False),
        ("", (3, 12, 1), False),
    ],
)
def test_the_same_read_off_an_outcome(stderr: str, python: tuple[int, ...], is_known: bool) -> None:
    outcome = msgspec.structs.replace(SURVIVED, exit_code=None, signal="SIGABRT", stderr=stderr)
    assert is_known_death(outcome, python) is is_known


def test_a_real_one_is_known_both_ways() -> None:
    path = Path(__file__).parent / "outcomes" / "leftover-subinterpreter.txt"
    case = read(path)
    detail = case.outcome.stderr.splitlines()[0].removeprefix("Fatal Python error: ")
    diagnosis = Diagnosis("SIGABRT", "fatal-python-error", case.outcome.phase, detail, ())
    assert known(diagnosis, (3, 12, 1)) is LEFTOVER
    assert is_known_death(case.outcome, (3, 12, 1))


BY_FRAME = Known(
    title="told by a frame",
    diagnostics=("none",),
    link="",
    frame=r"^_PyTuple_Fini$",
    since=(3, 12),
    fixed_in=(3, 12, 4),
)


@pytest.mark.parametrize(
    ("frames", "python", "is_known"),
    [
        (("free", "_PyTuple_Fini"), (3, 12), True),
        (("free", "_PyTuple_Fini"), (3, 12, 3), True),
        (("free", "_PyTuple_Fini"), (3, 12, 4), False),
        (("free", "_PyTuple_Fini"), (3, 11, 9), False),
        (("free", "_PyTuple_Finish"), (3, 12), False),
        ((), (3, 12), False),
    ],
)
def test_one_that_a_frame_tells(
    frames: tuple[str, ...], python: tuple[int, ...], is_known: bool
) -> None:
    diagnosis = Diagnosis("SIGABRT", "none", "finalizing", "", frames)
    assert (known(diagnosis, python, (BY_FRAME,)) is not None) is is_known
    outcome = msgspec.structs.replace(SURVIVED, exit_code=None, signal="SIGABRT")
    assert not is_known_death(outcome, python, (BY_FRAME,))


def test_a_caller_of_the_telling_frames_tells_it_too() -> None:
    diagnosis = Diagnosis("SIGABRT", "none", "finalizing", "", ("a", "b"), ("c", "_PyTuple_Fini"))
    assert known(diagnosis, (3, 12), (BY_FRAME,)) is BY_FRAME


def test_one_that_is_not_fixed_concerns_every_python_from_its_first() -> None:
    entry = BY_FRAME._replace(fixed_in=NOT_YET)
    assert [entry.concerns(python) for python in ((3, 11), (3, 12), (3, 99))] == [False, True, True]


def test_each_entry_says_where_to_read_on() -> None:
    assert all(entry.title for entry in KNOWN)
    ours = [entry.link for entry in KNOWN if not entry.link.startswith("https://")]
    assert all((ROOT / link.partition("#")[0]).exists() for link in ours)


def test_what_finfuzz_says_itself_is_not_filed() -> None:
    detail = "observe_life: finfuzz: can't tell this interpreter's phases"
    said = Diagnosis("SIGABRT", "fatal-python-error", "running", detail, ("observe_life",))
    entry = known(said, (3, 13))
    assert entry is not None
    assert entry.title.startswith("finfuzz itself")
