"""Which deaths are known, where they are excused, and where they are news."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.diagnosis import Diagnosis, beside, diagnose, reading
from finfuzz.triage.findings import known as module
from finfuzz.triage.findings.known import (
    KnownDefect,
    find_known,
    find_regressed,
    is_known_crash,
    list_avoided,
    load_known,
    load_shipped,
)
from helpers.outcome_files import SURVIVED, read
from helpers.places import OUTCOMES, ROOT

DETAIL = "PyInterpreterState_Delete: remaining subinterpreters"
PLAIN_C = parse_target("plain-c")
(LEFTOVER,) = (entry for entry in load_shipped() if entry.detail == DETAIL)


@pytest.mark.parametrize(
    ("diagnostic", "detail", "python", "is_known", "is_back"),
    [
        ("fatal-python-error", DETAIL, "3.12.1", True, False),
        ("fatal-python-error", DETAIL, "3.9.18", True, False),
        ("fatal-python-error", f"{DETAIL}, said otherwise", "3.12.0", True, False),
        # mended there, so it would be news
        ("fatal-python-error", DETAIL, "3.13.0", False, True),
        ("fatal-python-error", DETAIL, "3.14.2", False, True),
        # another death
        ("fatal-python-error", "PyInterpreterState_Delete: something else", "3.12.1", False, False),
        ("fatal-python-error", "", "3.12.1", False, False),
        ("uncaught-cxx-exception", DETAIL, "3.12.1", False, False),
        ("none", DETAIL, "3.13.0", False, False),
    ],
)
def test_a_left_subinterpreter(
    diagnostic: str, detail: str, python: str, is_known: bool, is_back: bool
) -> None:
    diagnosis = Diagnosis("SIGABRT", diagnostic, "finalizing", detail, ("a",))
    assert (find_known(diagnosis, PLAIN_C, python) is LEFTOVER) is is_known
    assert (find_regressed(diagnosis, PLAIN_C, python) is LEFTOVER) is is_back


@pytest.mark.parametrize(
    ("stderr", "python", "is_known"),
    [
        (f"Fatal Python error: {DETAIL}\nPython runtime state: finalizing\n", "3.12.1", True),
        (f"something before\nFatal Python error: {DETAIL}\n", "3.11.7", True),
        (f"Fatal Python error: {DETAIL}\n", "3.13.0", False),
        (f"it said {DETAIL}\n", "3.12.1", False),
        ("Fatal Python error: PyThreadState_Get: no thread state\n", "3.12.1", False),
        ("", "3.12.1", False),
    ],
)
def test_the_same_read_off_an_outcome(stderr: str, python: str, is_known: bool) -> None:
    outcome = msgspec.structs.replace(SURVIVED, exit_code=None, signal="SIGABRT", stderr=stderr)
    assert is_known_crash(outcome.stderr, PLAIN_C, python) is is_known


def test_a_real_one_is_known_both_ways() -> None:
    case = read(OUTCOMES / "leftover-subinterpreter.txt")
    detail = case.outcome.stderr.splitlines()[0].removeprefix("Fatal Python error: ")
    diagnosis = Diagnosis("SIGABRT", "fatal-python-error", case.outcome.phase, detail, ())
    assert find_known(diagnosis, PLAIN_C, "3.12.1") is LEFTOVER
    assert is_known_crash(case.outcome.stderr, PLAIN_C, "3.12.1")


@pytest.mark.parametrize("signal", ["SIGABRT", None])
def test_a_sanitizer_s_report_is_known_by_a_function_of_its_stack(signal: str | None) -> None:
    report = (
        "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x61\n"
        "READ of size 8 at 0x61 thread T1\n"
        "    #0 0x55 in drop_gil Python/ceval_gil.c:266\n"
        "    #1 0x55 in PyEval_SaveThread Python/ceval_gil.c:640\n\n"
        "0x61 is located 88 bytes inside of 352-byte region\n"
    )
    outcome = msgspec.structs.replace(SURVIVED, exit_code=1, signal=signal, stderr=report)
    (diagnosis,) = diagnose(outcome, 2048)
    found = find_known(diagnosis, PLAIN_C, "3.13.15")
    assert found is not None
    assert found.link.endswith("/154175")
    assert find_known(diagnosis, PLAIN_C, "3.14.0") is None


BY_FRAME = KnownDefect(
    title="told by a frame",
    link="",
    owner="pybind11",
    diagnostics=("none",),
    frame=r"^_PyTuple_Fini$",
    on="pybind11<3.0.3, python>=3.12",
    fixed="pybind11>=3.0.3",
)
OLD, NEW = parse_target("pybind11==3.0.2"), parse_target("pybind11==3.0.3")


@pytest.mark.parametrize(
    ("frames", "stack", "spec", "python", "is_known", "is_back"),
    [
        (("free", "_PyTuple_Fini"), (), OLD, "3.12.1", True, False),
        (("a", "b"), ("c", "_PyTuple_Fini"), OLD, "3.13.0", True, False),  # a caller tells it too
        (("free", "_PyTuple_Fini"), (), OLD, "3.11.9", False, False),
        (("free", "_PyTuple_Fini"), (), NEW, "3.12.1", False, True),
        (("free", "_PyTuple_Fini"), (), PLAIN_C, "3.12.1", False, False),
        (("free", "_PyTuple_Finish"), (), OLD, "3.12.1", False, False),
        ((), (), NEW, "3.12.1", False, False),
    ],
)
def test_one_that_a_frame_tells(
    frames: tuple[str, ...],
    stack: tuple[str, ...],
    spec: TargetSpec,
    python: str,
    is_known: bool,
    is_back: bool,
) -> None:
    diagnosis = Diagnosis("SIGABRT", "none", "finalizing", "", frames, stack)
    assert (find_known(diagnosis, spec, python, (BY_FRAME,)) is not None) is is_known
    assert (find_regressed(diagnosis, spec, python, (BY_FRAME,)) is not None) is is_back
    outcome = msgspec.structs.replace(SURVIVED, exit_code=None, signal="SIGABRT")
    assert not is_known_crash(outcome.stderr, spec, python, (BY_FRAME,))


@pytest.mark.parametrize(
    ("diagnostic", "version", "is_known"),
    [("none", "2.12.0", True), ("hang", "2.12.0", True), ("hang", "2.13.0", False)],
)
def test_a_static_that_takes_the_gil_crashes_or_hangs(
    diagnostic: str, version: str, is_known: bool
) -> None:
    """CPython 3.14 hangs the thread that takes the GIL too late; before, it crashed."""
    frames = ("PyGILState_Ensure", "nanobind::gil_scoped_acquire::gil_scoped_acquire")
    found = Diagnosis(
        "HANG", diagnostic, "exited", "", (*frames, "nanobind::detail::ndarray_dec_ref")
    )
    known = find_known(found, parse_target(f"nanobind=={version}"), "3.15.2")
    assert (known is not None and known.link.endswith("/1371")) is is_known


@pytest.mark.parametrize(
    ("name", "python", "quirk"),
    [
        ("stripped-hang-of-a-left-subinterpreter", "3.13.18", "left-subinterpreter-hangs"),
        ("stripped-thread-local-3.13", "3.13.18", "thread-local-in-a-callback"),
        ("stripped-thread-local-3.14", "3.14.10", "thread-local-in-a-callback"),
        ("stripped-thread-local-3.15", "3.15.2", "thread-local-in-a-callback"),
    ],
)
def test_a_stripped_cpython_is_enough(
    name: str, python: str, quirk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its local functions have no names, but for those that CPython's types point to."""
    case = read(OUTCOMES / f"{name}.txt")
    monkeypatch.setattr(reading, "name_stack", case.name_stack)
    monkeypatch.setattr(beside, "name_stack", case.name_stack)
    (diagnosis,) = diagnose(case.outcome, case.memory_mib)
    entry = find_known(diagnosis, PLAIN_C, python)
    assert entry is not None
    assert entry.quirk == quirk


WAITS = ("PyEvent_WaitTimed", "?", "?", "_PyEval_EvalFrameDefault", "PyObject_VectorcallMethod")


@pytest.mark.parametrize(
    ("stack", "is_known"),
    [
        ((*WAITS, "?", "Py_EndInterpreter", "?", "Py_RunMain"), True),
        # the target's code waits, at the same time of a life
        ((*WAITS, "target::wait", "?", "Py_EndInterpreter", "?", "Py_RunMain"), False),
        # another interpreter's end, for which nobody waits
        ((*WAITS, "?", "Py_RunMain"), False),
    ],
)
def test_nameless_functions_of_a_hang(stack: tuple[str, ...], is_known: bool) -> None:
    hang = Diagnosis("HANG", "hang", "finalizing", "", ("python3.13+0x395410",), stack)
    assert (find_known(hang, PLAIN_C, "3.13.18") is not None) is is_known


@pytest.mark.parametrize(
    ("below", "is_known"),
    [
        # the main interpreter's finalization, after it has ended the other interpreter
        (("gil_taker_dealloc", "finalize_modules", "_Py_Finalize", "Py_RunMain"), True),
        # the other interpreter's own end
        (("gil_taker_dealloc", "Py_EndInterpreter", "?", "_Py_Finalize", "Py_RunMain"), False),
        # a step of the program
        (("gil_taker_dealloc", "_PyEval_EvalFrameDefault", "Py_RunMain"), False),
    ],
)
def test_a_state_that_a_left_thread_leaves(below: tuple[str, ...], is_known: bool) -> None:
    detail = "_PyThreadState_Attach: non-NULL old thread state"
    stack = ("_PyThreadState_Attach", "PyGILState_Ensure", *below)
    abort = Diagnosis("SIGABRT", "fatal-python-error", "finalizing", detail, stack[:2], stack)
    assert (find_known(abort, PLAIN_C, "3.13.18") is not None) is is_known


@pytest.mark.parametrize(
    ("inner", "owner"),
    [
        (("PyEval_RestoreThread", "_PyEval_EvalFrameDefault"), "CPython"),
        # it read as CPython's busy thread, where no thread is busy
        (("PyEval_RestoreThread", "PyGILState_Ensure", "gil_scoped_acquire_simple"), "pybind11"),
    ],
)
def test_who_keeps_the_gil_from_a_subinterpreter(inner: tuple[str, ...], owner: str) -> None:
    stack = ("take_gil", *inner, "finfuzz::run_in_interpreter", "Py_RunMain")
    hang = Diagnosis("HANG", "hang", "running", "", stack[:3], stack)
    entry = find_known(hang, NEW, "3.11.7")
    assert entry is not None
    assert entry.owner == owner


def test_an_entry_with_a_stack_alone_wants_that_stack() -> None:
    entry = msgspec.structs.replace(BY_FRAME, frame="", stack="^a < b")
    crash = Diagnosis("SIGSEGV", "none", "finalizing", "", ("a",), ("a", "b"))
    assert find_known(crash, OLD, "3.12.1", (entry,)) is entry
    other = msgspec.structs.replace(crash, stack=("b", "a"))
    assert find_known(other, OLD, "3.12.1", (entry,)) is None
    assert not is_known_crash("Fatal Python error: ", OLD, "3.12.1", (entry,))


def test_an_assertion_of_a_debug_build_is_the_hang_of_others() -> None:
    detail = "tstate_activate: pystate.c:2021: Assertion `!tstate->_status.bound_gilstate || ..."
    stack = ("tstate_activate", "PyThreadState_Swap", "finalize_subinterpreters", "Py_FinalizeEx")
    failed = Diagnosis("SIGABRT", "assertion-failure", "finalizing", detail, stack[:1], stack)
    entry = find_known(failed, PLAIN_C, "3.13.18d")
    assert entry is not None
    assert entry.quirk == "left-subinterpreter-hangs"
    assert find_regressed(failed, PLAIN_C, "3.14.10d") == entry


def test_what_finfuzz_says_itself_is_not_filed() -> None:
    detail = "observe_life: finfuzz: can't tell this interpreter's phases"
    said = Diagnosis("SIGABRT", "fatal-python-error", "running", detail, ("observe_life",))
    entry = find_known(said, PLAIN_C, "3.13.0")
    assert entry is not None
    assert entry.owner == "finfuzz"


def test_a_quirk_tells_title_link_and_versions() -> None:
    said = Diagnosis("SIGSEGV", "none", "finalizing", "", ("PyThread_exit_thread",))
    entry = find_known(said, PLAIN_C, "3.13.7")
    assert entry is not None
    assert entry.title.startswith("a thread that comes back during finalization")
    assert entry.link == "https://github.com/python/cpython/issues/87135"
    assert find_regressed(said, PLAIN_C, "3.13.7") is None
    assert find_known(said, PLAIN_C, "3.13.8") is None
    assert find_regressed(said, PLAIN_C, "3.13.8") == entry


DELETES = (
    "_PyThreadState_DeleteCurrent: the function must be called with the GIL held, but the GIL "
)
DELETES += "is released (the current Python thread state is NULL)"
RELEASES = "PyGILState_Release: thread state 0x7ffff0000b90 must be current when releasing"


@pytest.mark.parametrize(
    ("framework", "detail", "phase", "is_known"),
    [
        ("pybind11", DELETES, "finalizing/dict-cleared", True),
        ("nanobind", RELEASES, "finalizing/dict-cleared", True),
        # while Python runs, no thread is unwound: a GIL that is released twice, say
        ("pybind11", DELETES, "running", False),
        ("nanobind", RELEASES, "running", False),
        ("pybind11", "_PyThreadState_DeleteCurrent: wrong thread state", "finalizing", False),
    ],
)
def test_an_unwound_thread_meets_the_destructor_that_releases_the_gil(
    framework: str, detail: str, phase: str, is_known: bool
) -> None:
    """The stack is no longer that of PyThread_exit_thread, which unwinds it."""
    spec, destructor = parse_target(framework), "::gil_scoped_acquire::~gil_scoped_acquire"
    stack = ("raise", "abort", detail.partition(":")[0], f"{framework}{destructor}", "come_back")
    died = Diagnosis("SIGABRT", "fatal-python-error", phase, detail, stack[2:4], stack)
    entry = find_known(died, spec, "3.13.0")
    assert (entry is not None and entry.quirk == "returning-thread-is-unwound") is is_known
    assert find_known(died, spec, "3.13.18") is None
    assert (find_regressed(died, spec, "3.13.18") is not None) is is_known


WAITS_FOR_GUARDS = ("?", "_PySemaphore_Wait", "_PyParkingLot_Park")


@pytest.mark.parametrize(
    ("target", "python", "calls", "is_known"),
    [
        ("nanobind==3.1.0", "3.15.2", ("make_pre_finalization_calls", "_Py_Finalize"), True),
        ("nanobind==3.1.0", "3.15.2", ("?", "?"), True),
        # without guards: others have no such thread state, and older CPythons do not wait
        ("nanobind==2.15.0", "3.15.2", ("?", "?"), False),
        ("plain-c", "3.15.2", ("?", "?"), False),
        ("nanobind==3.1.0", "3.14.10", ("?", "?"), False),
        # the target itself waits, for a mutex of CPython's
        ("nanobind==3.1.0", "3.15.2", ("target::wait", "_PyEval_EvalFrameDefault"), False),
    ],
)
def test_a_forked_child_waits_for_guards_of_threads_that_it_has_not(
    target: str, python: str, calls: tuple[str, ...], is_known: bool
) -> None:
    stack = (*WAITS_FOR_GUARDS, *calls, "Py_RunMain")
    hang = Diagnosis("HANG", "hang", "running", "", (), stack)
    assert (find_known(hang, parse_target(target), python) is not None) is is_known


@pytest.mark.parametrize(("python", "is_known"), [("3.11.7", True), ("3.12.1", False)])
def test_a_quirks_fix_is_no_fix_of_another_owners_defect(python: str, is_known: bool) -> None:
    said = Diagnosis("", "hang", "running", "", ("gil_scoped_acquire_simple",))
    assert (find_known(said, NEW, python) is not None) is is_known
    assert find_known(said, PLAIN_C, python) is None
    assert find_regressed(said, NEW, python) is None


def test_each_entry_says_where_to_read_on() -> None:
    ours = [entry.link for entry in load_shipped() if not entry.link.startswith("https://")]
    assert all((ROOT / link.partition("#")[0]).exists() for link in ours)


OWN = """
[[known]]
title = "ours, and being mended"
link = "https://example.org/1"
owner = "pybind11"
diagnostics = ["hang"]
"""


def test_a_crashes_folder_has_a_list_of_its_own_which_comes_first(tmp_path: Path) -> None:
    assert load_known(tmp_path) == load_shipped()
    (tmp_path / "known.toml").write_text(OWN)
    own, *others = load_known(tmp_path)
    assert own.title == "ours, and being mended"
    assert tuple(others) == load_shipped()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("hang", "hangs"), "'ours, and being mended': no diagnostic 'hangs'"),
        (("link", "lnk"), "unknown field `lnk`"),
        (('title = "ours, and being mended"\n', ""), "'': give a title and a link, or a quirk"),
        (("link", 'quirk = "that"\nlink'), "no quirk 'that', see docs/cpythons.md"),
        (("pybind11", "ruby"), "no owner 'ruby': write one of CPython, .*finfuzz"),
        (("[[known]]", "[[known]"), "is no list of known defects"),
        (('["hang"]', '["hang"]\non = "ruby<3"'), "'ruby<3' is no condition"),
        (('["hang"]', '["hang"]\nframe = "("'), r"'\(' is no regular expression"),
        (('["hang"]', '["hang"]\nstack = "("'), r"'\(' is no regular expression"),
        (('["hang"]', '["hang"]\navoid = ["enumm"]'), "no operation or word 'enumm'"),
    ],
)
def test_a_list_that_can_not_be_understood(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    (tmp_path / module.FILE).write_text(OWN.replace(*change))
    with pytest.raises(UserError, match=complaint):
        load_known(tmp_path)


def test_the_collector_of_a_debug_build_asserts_where_that_of_a_release_crashes() -> None:
    detail = 'update_refs: gc.c:425: Assertion "gc_get_refs(gc) != 0" failed'
    stack = ("handle_callback", "PyObject_ClearWeakRefs", "local_dealloc")
    said = Diagnosis("SIGABRT", "gc-invariant", "running", detail, (), stack)
    entry = find_known(said, PLAIN_C, "3.14.10d")
    assert entry is not None
    assert entry.quirk == "thread-local-in-a-callback"
    assert find_known(msgspec.structs.replace(said, stack=()), PLAIN_C, "3.14.10d") is None


@pytest.mark.parametrize(
    ("target", "avoided"),
    [
        # 6015 kills every program with one of these
        ("pybind11==3.0.1 on 3.14.0", ("enum", "self-check")),
        ("pybind11==3.0.2+destroy on 3.14.0", ("enum", "self-check")),
        ("pybind11==3.0.3 on 3.14.0", ()),
        ("plain-c on 3.12.1", ("busy-thread",)),  # of 150 programs one hung
        ("plain-c on 3.13.0", ("join",)),  # each hangs until its deadline: gh-123940
        ("pybind11==3.0.1 on 3.13.0", ("join", "enum", "self-check")),
    ],
)
def test_what_a_defect_needs_that_hides_others(target: str, avoided: tuple[str, ...]) -> None:
    spec, _, python = target.partition(" on ")
    assert list_avoided(parse_target(spec), python) == avoided


def test_a_defect_of_cpython_in_one_target_is_not_back_in_another() -> None:
    """`PyObject_GC_UnTrack` crashed for plain-c up to 3.12; nanobind reads freed memory there."""
    found = Diagnosis("SIGSEGV", "none", "finalizing", "", ("PyObject_GC_UnTrack", "func_dealloc"))
    assert find_regressed(found, PLAIN_C, "3.14.2") is not None
    assert find_regressed(found, parse_target("nanobind==3.1.0"), "3.14.2") is None
