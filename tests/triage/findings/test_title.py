"""The title of a finding: what a maintainer would put on an issue."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from finfuzz.triage.diagnosis import DIAGNOSTICS
from finfuzz.triage.findings.escalation import Escalation
from finfuzz.triage.findings.finding import StackFrame, load, load_all, save, update
from finfuzz.triage.findings.title import HEADS, LONGEST, make_title
from helpers.finding_example import bare_finding as finding
from helpers.places import CRASHES

#: One line for each finding in crashes/: its bucket and its title.
TITLES = Path(__file__).with_name("titles.txt")


def test_shipped_findings() -> None:
    """A maintainer would put each of these on an issue: read them all before you change one."""
    titles = "".join(f"{one.bucket} {one.title}\n" for _, one in load_all(CRASHES))
    assert titles == TITLES.read_text(encoding="utf-8")
    for folder, one in load_all(CRASHES):
        assert msgspec.json.decode((folder / "finding.json").read_bytes())["title"] == one.title


def test_every_diagnostic_has_words() -> None:
    assert HEADS.keys() == DIAGNOSTICS.keys()


SEGV = {
    "signal": "SIGSEGV", "diagnostic": "none", "phase": "running", "detail": "",
    "frames": ("PyType_Ready", "f"), "program": "finfuzz 1\n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "summary", "title"),
    [
        ("asan-ubsan", "heap-use-after-free (READ) in ns::f (a.h:3), freed in g (b.h:4)",
         "heap-use-after-free in ns::f"),
        ("asan-ubsan", "attempting double-free in ns::f (a.h:3), freed in g (b.h:4)",
         "double-free in ns::f"),
        ("asan-ubsan", "alloc-dealloc-mismatch (malloc vs operator delete) in f (a.h:3)",
         "alloc-dealloc-mismatch in f"),
        ("asan-ubsan", "heap-use-after-free (WRITE)",
         "heap-use-after-free in PyType_Ready called by f"),
        # a SEGV tells where, not what
        ("asan-ubsan", "SEGV at 0x28 (READ) in ns::f (a.h:3)", "SIGSEGV in ns::f"),
        ("asan-ubsan", "only if freed memory is reused: SEGV (READ) in ns::f (a.h:3)",
         "SIGSEGV in ns::f"),
        ("asan-ubsan", "no report: survives", "SIGSEGV in PyType_Ready called by f"),
        ("valgrind", "Invalid read of size 8 in ns::f (a.h:3), freed in g (b.h:4)",
         "heap-use-after-free in ns::f"),
        ("valgrind", "Invalid write of size 8 in ns::f (a.h:3), allocated in g (b.h:4)",
         "heap-buffer-overflow in ns::f"),
        ("valgrind", "Invalid read of size 8 in ns::f (a.h:3)",
         "SIGSEGV in PyType_Ready called by f"),
        ("debug-python", "crashes (SIGABRT): negative-refcount: _Py_NegativeRefcount: object.h:1",
         "negative reference count, SIGSEGV in PyType_Ready called by f"),
        ("pymalloc-debug", "crashes (SIGABRT): pymalloc-check: bad trailing pad byte",
         "damaged memory block, SIGSEGV in PyType_Ready called by f"),
        ("gdb", "SIGSEGV in ns::f (a.h:3)", "SIGSEGV in PyType_Ready called by f"),
    ],
)  # fmt: skip
def test_instrument_before_frame(name: str, summary: str, title: str) -> None:
    made = finding(**SEGV, escalation=(Escalation(name, "done", summary),))
    assert make_title(made) == title


def test_an_instrument_that_did_not_run_tells_nothing() -> None:
    reports = (Escalation("asan-ubsan", "failed", "stack-overflow in f (a.h:3)"),)
    assert make_title(finding(**SEGV, escalation=reports)) == "SIGSEGV in PyType_Ready called by f"


def test_namespace_that_a_debugger_leaves_out() -> None:
    reports = (Escalation("asan-ubsan", "done", "heap-use-after-free in f (a.h:3)"),)
    stack = (StackFrame("a.so", 1, "nb::detail::f(int)"),)
    made = finding(**SEGV, escalation=reports, stack=stack)
    assert make_title(made) == "heap-use-after-free in nb::detail::f"


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"frames": ()}, "SIGSEGV"),
        ({"fault": "SEGV_MAPERR at 0x18, near null"},
         "SIGSEGV at 0x18 in PyType_Ready called by f"),
        ({"fault": "SEGV_MAPERR at 0x7f18a0"}, "SIGSEGV in PyType_Ready called by f"),
        ({"frames": ("target hook", "f")}, "SIGSEGV in f"),
        ({"frames": ("f", "PyObject_Repr")}, "SIGSEGV in f"),
        ({"frames": ("PyObject_Repr", "_PyErr_Display")}, "SIGSEGV in PyObject_Repr"),
        ({"frames": ("_core.abi3.so+0x41c0",)}, "SIGSEGV in _core.abi3.so"),
        # where Python was is no message
        ({"detail": "<string>:94 in <lambda>"}, "SIGSEGV in PyType_Ready called by f"),
        ({"signal": "HANG", "diagnostic": "hang", "frames": ()}, "hang"),
        ({"signal": "HANG", "diagnostic": "hang", "frames": ("take_gil",),
          "phase": "finalizing"}, "hang in take_gil, in Py_FinalizeEx"),
        ({"signal": "SIGABRT", "diagnostic": "fatal-python-error",
          "frames": ("PyInterpreterState_Delete",), "phase": "finalizing/types-finalized",
          "detail": "PyInterpreterState_Delete: remaining subinterpreters"},
         "fatal Python error, in Py_FinalizeEx after the types are finalized: "
         "PyInterpreterState_Delete: remaining subinterpreters"),
        ({"signal": "SIGABRT", "diagnostic": "negative-refcount",
          "frames": ("_Py_NegativeRefcount", "f"), "detail": "_Py_NegativeRefcount: object.h:1: x"},
         "negative reference count in f"),
        ({"signal": "SIGABRT", "diagnostic": "internals-recreated", "phase": "exited",
          "frames": ("internals destroyed",), "detail": "reentrant call detected"},
         "pybind11 internals used after they were destroyed, after Py_FinalizeEx: "
         "reentrant call detected"),
        ({"diagnostic": "foreign-internals", "frames": ("internals of another interpreter",),
          "stack": (StackFrame("a.so", 1, "pybind11::cast(int)"),)},
         "pybind11 internals of another interpreter used, SIGSEGV in pybind11::cast"),
        ({"signal": "SIGABRT", "diagnostic": "address-sanitizer", "frames":
          ("heap-use-after-free", "f"), "detail": "heap-use-after-free: READ of size 8"},
         "heap-use-after-free in f"),
        ({"diagnostic": "heap-corruption", "signal": "SIGABRT", "frames": (),
          "detail": "double free or corruption (out)", "phase": "exited/static-destructors"},
         "heap corruption, in static destructors: double free or corruption (out)"),
        ({"signal": "SIGABRT", "diagnostic": "uncaught-cxx-exception", "frames": ("f",),
          "detail": "f: it failed"}, "uncaught C++ exception in f: it failed"),
    ],
)  # fmt: skip
def test_crashes_and_hangs(changes: dict[str, object], title: str) -> None:
    assert make_title(finding(**{**SEGV, **changes})) == title


@pytest.mark.parametrize(
    ("diagnostic", "frames", "detail", "title"),
    [
        ("raises", ("TypeError", "no …", "import again"),
         "`node a enum` (its import of the extension) raises TypeError: no 'x'; on plain-c it does "
         "not", "import again raises TypeError: no 'x'"),
        ("raises", ("KeyError", "", "node"), "`node a enum` raises KeyError; as step 3 it does not",
         "node raises KeyError"),
        ("left-alive", ("type finfuzz.Colour",), "the type finfuzz.Colour is kept by a reference "
         "that the collector does not see; on plain-c by none",
         "type finfuzz.Colour kept alive unseen by the garbage collector"),
        ("left-alive", ("C++ objects",), "2 C++ objects are left at the end, 0 on plain-c",
         "C++ objects left alive: 2 C++ objects are left at the end, 0 on plain-c"),
        ("hook-not-run", ("capsule", "convert", "capsule"),
         "the action convert of a capsule at its capsule was never performed; on plain-c 1 times",
         "capsule of a capsule not run: the action convert of a capsule at its capsule was never "
         "performed; on plain-c 1 times"),
        ("leak-report", ("nanobind: leaked … instances", "Colour"), "nanobind: leaked 2 instances",
         "leak: nanobind: leaked 2 instances"),
        ("api-after-finalization", ("PyGILState_Ensure", "libx"),
         "PyGILState_Ensure: called by libx.so+0x12",
         "PyGILState_Ensure called after Py_FinalizeEx, by libx"),
        ("capsule-lost", (), "global", "pybind11 internals capsule lost: global"),
        ("wrong-answer", ("an error",), "an error: 1, should be 2", "wrong answer: an error: 1, "
         "should be 2"),
        ("internals-recreated-silently", ("internals lost",), "",
         "pybind11 internals created again"),
        ("undefined-behaviour", ("a.h:3:1",), "a.h:3:1: null pointer passed",
         "undefined behaviour: null pointer passed"),
    ],
)  # fmt: skip
def test_misbehaviour_without_a_crash(
    diagnostic: str, frames: tuple[str, ...], detail: str, title: str
) -> None:
    changes = {"signal": "NONE", "diagnostic": diagnostic, "frames": frames, "detail": detail}
    assert make_title(finding(**{**SEGV, **changes})) == title


@pytest.mark.parametrize(
    ("steps", "changes", "moment"),
    [
        ("again", {}, "in the second life"),
        ("again\nagain", {}, "in the third life"),
        ("start i1 legacy", {"interpreter": "legacy"}, "in a subinterpreter"),
        ("start i1 legacy\nstop i1", {"phase": "stopping/dict-cleared"},
         "while a subinterpreter ends after the interpreter dict is cleared"),
        ("start i1 legacy\nstop i1", {"interpreter": "main"}, "after a subinterpreter"),
        ("start i1 legacy", {}, "with a subinterpreter"),
        ("import\nunimport\nnode a enum", {}, "when the extension is imported again"),
        ("import\nunimport", {}, ""),
        ("fail-import\nimport", {}, "after an import that failed"),
        ("node a instance\nhook a del cast", {}, ""),  # not on the stack
        ("node a instance\nhook a del cast",
         {"stack": (StackFrame("a.so", 1, "finfuzz::Act::run(_object*) const"),)}, "in __del__"),
        ("node a instance\nhook a del cast\nhook a weakref cast",  # which one is not known
         {"stack": (StackFrame("a.so", 1, "finfuzz::Act::run(_object*) const"),)}, ""),
        ("", {"phase": "an unknown phase"}, ""),
    ],
)  # fmt: skip
def test_moment(steps: str, changes: dict[str, object], moment: str) -> None:
    made = finding(**{**SEGV, **changes, "frames": ("f",), "program": f"finfuzz 1\n{steps}\n"})
    assert make_title(made) == "SIGSEGV in f" + (f", {moment}" if moment else "")


def test_one_line_of_bounded_length() -> None:
    hostile = {"frames": ("f" * 5000,), "detail": "a\nb\x1b[2J" * 10**5, "phase": "x" * 10**5}
    title = make_title(finding(**hostile))
    assert len(title) == LONGEST
    assert "\n" not in title
    assert make_title(finding(**{**SEGV, "diagnostic": "memory-ceiling", "detail": "a\n b"})) == (
        "memory limit reached in PyType_Ready called by f: a b"
    )


def test_file_has_the_title_of_today(tmp_path: Path) -> None:
    """Written with the finding, made anew when read: the file's own is for other tools."""
    folder = save(tmp_path, finding(**SEGV, title="what somebody wrote"), {})
    file = folder / "finding.json"
    assert msgspec.json.decode(file.read_bytes())["title"] == "SIGSEGV in PyType_Ready called by f"
    old = msgspec.json.decode(file.read_bytes())
    del old["title"]  # as finfuzz 0.6 wrote it
    file.write_bytes(msgspec.json.encode(old))
    found = load(folder)
    assert found.title == "SIGSEGV in PyType_Ready called by f"
    found.escalation = (Escalation("asan-ubsan", "done", "heap-use-after-free in f (a.h:3)"),)
    update(folder, found)
    assert load(folder).title == "heap-use-after-free in f"
    assert msgspec.json.decode(file.read_bytes())["title"] == "heap-use-after-free in f"
