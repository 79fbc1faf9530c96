"""Which crashes of a package and of a control are the same."""

from __future__ import annotations

import msgspec
import pytest

from finfuzz.triage.attribution.likeness import (
    Crash,
    Likeness,
    are_same_defect,
    compare_with_control,
    describe_difference,
    make_crash,
)
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.finding import StackFrame

#: Files that package and control both load, beside CPython's own.
SHARED = frozenset({"_datetime"})
PANDAS = "timedeltas.cpython-313-x86_64-linux-gnu.so"
DATETIME = "_datetime.cpython-313-x86_64-linux-gnu.so"
LIBRARY = "libpython3.13.so.1.0"
OURS = "finfuzz_target.cpython-313-x86_64-linux-gnu.so"

#: The functions of these stacks, by file. A nameless function is a place in its file.
FILES = {
    "delta_new": DATETIME,
    "new_delta_ex": DATETIME,
    "PyModule_Add": LIBRARY,
    "orjson_init_exec": "orjson.so",
    "target hook": OURS,
    "pybind11::cast": OURS,
}


def crash(
    *frames: str, signal: str = "SIGSEGV", diagnostic: str = "none", phase: str = "running"
) -> Crash:
    stack = [StackFrame(FILES[name], 16, name) for name in frames if name in FILES]
    return make_crash(Diagnosis(signal, diagnostic, phase, "", frames), stack, SHARED)


@pytest.mark.parametrize(
    ("own", "control", "same", "shared"),
    [
        # both crashed in a function of CPython's
        (("delta_new", f"{PANDAS}+0x10fb0"), ("delta_new",), True, ("delta_new",)),
        (("new_delta_ex", "delta_new"), ("delta_new",), True, ("delta_new",)),
        (("PyModule_Add", "orjson_init_exec"), ("delta_new",), False, ()),
        # in one that a stripped CPython has no name for
        (("python3.13+0x2f0",), ("python3.13+0x2f0",), True, ("python3.13+0x2f0",)),
        (("python3.13+0x2f0",), ("python3.13+0x2f4",), False, ()),
        # each in its own code: names say nothing, and the rest decides
        ((f"{PANDAS}+0x10fb0",), ("target hook",), True, ()),
        ((f"{PANDAS}+0x10fb0",), ("pybind11::cast",), True, ()),
        ((), (), True, ()),
        # one in its own code, one in CPython's
        ((f"{PANDAS}+0x10fb0",), ("delta_new",), False, ()),
        (("delta_new",), ("target hook",), False, ()),
        (("delta_new",), (), False, ()),
    ],
)
def test_frames(
    own: tuple[str, ...], control: tuple[str, ...], same: bool, shared: tuple[str, ...]
) -> None:
    assert compare_with_control(crash(*own), crash(*control)) == Likeness(same, shared)


@pytest.mark.parametrize(
    ("message", "same"),
    [
        ('refusing to add duplicate key "red" to enumeration "finfuzz_target.Colour"!', True),
        ('refusing to add duplicate key "disable" to enumeration "pikepdf.Mode"!', True),
        ("nanobind::detail::nb_type_new(): unexpected error", False),
    ],
)
def test_a_framework_that_gives_up_says_why(message: str, same: bool) -> None:
    said = 'refusing to add duplicate key "disable" to enumeration "pikepdf.Mode"!'
    own, control = (
        Crash(Diagnosis("SIGABRT", "framework-failure", "running", detail, frames), frames)
        for detail, frames in ((said, ("PyModule_ExecDef",)), (message, ("PyObject_GetAttr",)))
    )
    assert compare_with_control(own, control) == Likeness(same)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"phase": "running"}, False),
        ({"phase": "stopping"}, True),  # a subinterpreter's end is an end, too
        ({"signal": "SIGBUS"}, False),
        ({"diagnostic": "heap-corruption"}, False),
    ],
)
def test_signal_diagnostic_and_phase_are_the_same(changes: dict[str, str], same: bool) -> None:
    own = crash("delta_new", phase="finalizing")
    control = crash("delta_new", **{"phase": "finalizing", **changes})
    assert compare_with_control(own, control).same is same


FRAMES = ("a", "b")


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"frames": ("b", "c")}, True),  # functions have other names there
        ({"frames": ("c",)}, False),
        ({"frames": ()}, False),
        # a stripped CPython, whose local functions have no names
        ({"frames": ("python3.14+0x39aa20", "python3.14+0x1755e0")}, True),
        ({"frames": ("python3.14+0x39aa20", "c")}, False),
        ({"frames": ("python3.14+0x39aa20",), "signal": "SIGBUS"}, False),
        ({"phase": "stopping"}, True),
        ({"phase": "running"}, False),
        ({"signal": "SIGBUS"}, True),
        ({"diagnostic": "cast-error"}, False),
        # freed memory: the function itself crashes, or the C library notices
        ({"diagnostic": "heap-corruption", "frames": ("b", "c")}, True),
        ({"diagnostic": "heap-corruption", "frames": ("c",)}, False),
        ({"diagnostic": "heap-corruption", "phase": "running"}, False),
    ],
)
def test_the_same_defect_on_another_build(changes: dict[str, object], same: bool) -> None:
    mine = Diagnosis("SIGSEGV", "none", "finalizing", "", FRAMES)
    assert are_same_defect(mine, msgspec.structs.replace(mine, **changes)) is same


@pytest.mark.parametrize(
    ("frames", "same"), [(("internals destroyed",), True), (("internals lost",), False)]
)
def test_lost_internals_are_one_cause_however_a_release_reports_them(
    frames: tuple[str, ...], same: bool
) -> None:
    """The guard came with pybind11 3.0.2: an older release creates the internals anew."""
    guarded = Diagnosis(
        "SIGABRT", "internals-recreated", "finalizing", "", ("internals destroyed",)
    )
    silent = Diagnosis("SIGSEGV", "internals-recreated-silently", "finalizing", "", frames)
    assert are_same_defect(guarded, silent) is same
    assert are_same_defect(silent, guarded) is same


def test_a_hook_of_ours_in_common_is_no_cause_in_common() -> None:
    own = Diagnosis("SIGSEGV", "none", "finalizing", "", ("target hook", "a"))
    other = Diagnosis("SIGABRT", "heap-corruption", "finalizing", "", ("target hook", "b"))
    assert not are_same_defect(own, other)


@pytest.mark.parametrize(
    ("frames", "options", "told"),
    [
        (("list_dealloc", "pybind11::cast"), {}, "in list_dealloc"),
        (("pybind11::cast",), {"phase": "exited"}, "after Py_FinalizeEx"),
        (("dict_dealloc",), {"phase": "exited"}, "in dict_dealloc, after Py_FinalizeEx"),
        (("TypeError", "pybind11::cast"), {"signal": "NONE"}, "TypeError"),
        (("pybind11::cast",), {"signal": "SIGABRT"}, ""),
    ],
)
def test_what_differs_under_the_same_label(
    frames: tuple[str, ...], options: dict[str, str], told: str
) -> None:
    """`show` said "crashed differently: SIGSEGV" of a SIGSEGV (issue 21)."""
    finding, seen = crash("pybind11::cast").diagnosis, crash(*frames, **options).diagnosis
    assert describe_difference(finding, seen) == told
