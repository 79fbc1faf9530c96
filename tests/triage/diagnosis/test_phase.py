"""How far the end had come, by the stack."""

from __future__ import annotations

import pytest

from finfuzz.triage.diagnosis.phase import refine_phase
from finfuzz.triage.diagnosis.symbols import Frame

DURING = "finalizing/dict-cleared"


@pytest.mark.parametrize(
    ("phase", "functions", "finer"),
    [
        # types are finalized: inlined or not, with and without debug information
        (DURING, "a finalize_interp_types finalize_interp_clear Py_FinalizeEx", True),
        (DURING, "a _PyTypes_FiniTypes finalize_interp_clear Py_FinalizeEx", True),
        (DURING, "a _PyTuple_Fini finalize_interp_clear Py_FinalizeEx", True),
        (DURING, "_PyExc_Fini finalize_interp_clear _Py_Finalize[part.0.constprop.0]", True),
        # and what comes after
        (DURING, "a PyInterpreterState_Delete finalize_interp_delete Py_FinalizeEx", True),
        (DURING, "a PyInterpreterState_Delete Py_FinalizeEx Py_RunMain", True),
        (DURING, "a _PyRuntime_Finalize Py_FinalizeEx", True),
        ("stopping/dict-cleared", "a PyInterpreterState_Delete Py_EndInterpreter", True),
        # the innermost end counts: 3.13 ends what is left on its way
        ("stopping", "a _PyCode_Fini finalize_interp_clear Py_EndInterpreter Py_FinalizeEx", True),
        # 3.13 and later
        (DURING, "a _PyDtoa_Fini finalize_interp_clear _Py_Finalize Py_FinalizeEx", True),
        (DURING, "a _PyGILState_Fini finalize_interp_delete _Py_Finalize", True),
        # a debug build's check of the singletons
        (DURING, "a _PyStaticObjects_CheckRefcnt finalize_interp_clear _Py_Finalize", True),
        # before
        (DURING, "a _PyTypes_FiniCachedDescriptors finalize_interp_clear _Py_Finalize", False),
        ("finalizing", "a _PyAtExit_Call make_pre_finalization_calls _Py_Finalize", False),
        (DURING, "gc_collect_main interpreter_clear finalize_interp_clear Py_FinalizeEx", False),
        (DURING, "a PyInterpreterState_Clear finalize_interp_clear Py_FinalizeEx", False),
        ("finalizing", "a finalize_modules Py_FinalizeEx", False),
        ("finalizing", "a _PyImport_Fini Py_FinalizeEx", False),
        (DURING, "Py_FinalizeEx Py_RunMain", False),
        # the collector clears free lists, too
        (DURING, "_PyObject_ClearFreeLists gc_collect_main finalize_modules Py_FinalizeEx", False),
        # an interpreter that could not be made is deleted
        ("running", "PyInterpreterState_Delete Py_NewInterpreter", False),
        # nothing known
        (DURING, "", False),
        (DURING, "a b c", False),
    ],
)
def test_types_finalized(phase: str, functions: str, finer: bool) -> None:
    progress = phase.partition("/")[0]
    assert refine_phase(phase, stack(functions)) == (
        f"{progress}/types-finalized" if finer else phase
    )


@pytest.mark.parametrize(
    ("phase", "functions", "finer"),
    [
        ("exited/dict-cleared", "a Owner::~Owner() __cxa_finalize _dl_fini", True),
        ("exited", "a __run_exit_handlers exit __libc_start_main", True),
        ("exited", "a exit Py_Exit Py_RunMain", True),  # sys.exit: main never returns
        ("exited", "a Py_RunMain Py_BytesMain", False),
        ("exited", "", False),
        ("running", "a exit", False),  # the C library's exit, without Python's
    ],
)
def test_static_destructors(phase: str, functions: str, finer: bool) -> None:
    assert refine_phase(phase, stack(functions)) == (
        "exited/static-destructors" if finer else phase
    )


def stack(functions: str) -> list[Frame]:
    return [Frame("libpython3.13.so.1.0", 1, name.replace("[", " [")) for name in functions.split()]
