"""Refine the phase of an outcome, where the stack shows more than the runtime could see.

The runtime follows CPython's progress by two capsules, which are cleared with the interpreter's
dict. Later phases are read off the function that `Py_FinalizeEx` or `Py_EndInterpreter` had called,
by the names that CPython 3.9 to 3.15 give it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from finfuzz.triage.diagnosis.symbols import Frame
from finfuzz.triage.diagnosis.telling import normalize_function

_ENDS = frozenset({"Py_FinalizeEx", "_Py_Finalize", "Py_EndInterpreter"})

#: Functions that only lead from an end to its current stage.
_LEADS = frozenset({"finalize_interp_clear", *_ENDS})

#: Functions that finalize types and singletons, and all later ones. Most compilers inline
#: finalize_interp_types: without debug information, its caller seems to call them.
_TYPES = re.compile(
    r"""
    finalize_interp_types|finalize_interp_delete|PyInterpreterState_Delete
    |_Py(Exc|Frame|AsyncGen|Context|Code|IO|Unicode|Float|Long|Types|Dict|List|Tuple|Set|Slice|Bytes)_Fini
    |_Py(Unicode|Sys|XI|Long|Err|Types)_FiniTypes|_Py(Float|Thread)_FiniType|_PyTypes_FiniExtTypes
    |_PyUnicode_ClearInterned|_PyObject_ClearFreeLists|_PyMem_FiniDelayed|_PyArg_Fini
    |_PyThreadState_ClearMimallocHeaps|_Py_HashRandomization_Fini|_Py_ClearFileSystemEncoding
    |_Py_Deepfreeze_Fini|_PyPerfTrampoline_(Fini|FreeArenas)|_Py_FinalizeAllocatedBlocks
    |_PyRuntime_Finalize|_PyRuntimeState_Fini|_PyGILState_Fini|_PyDtoa_Fini
    |_PyStaticObjects_CheckRefcnt
    """,
    re.VERBOSE,
)

#: The C library at exit: the functions that it calls are destructors and atexit functions.
_EXITS = frozenset({"exit", "__run_exit_handlers", "_dl_fini", "__cxa_finalize"})


def refine_phase(phase: str, stack: Sequence[Frame]) -> str:
    """Return the phase that the runtime saw (see Outcome), or a later one by the stack."""
    functions = [normalize_function(frame.function) for frame in stack]
    progress = phase.partition("/")[0]
    if progress == "exited" and not _EXITS.isdisjoint(functions):
        return f"{progress}/static-destructors"
    if progress in ("stopping", "finalizing") and _TYPES.fullmatch(_find_stage(functions)):
        return f"{progress}/types-finalized"
    return phase


def _find_stage(functions: list[str]) -> str:
    """Find the stage of the innermost end: the first function that does not only lead on."""
    inside = list(takewhile(lambda name: name not in _ENDS, functions))
    if len(inside) == len(functions):
        return ""
    return next((name for name in reversed(inside) if name not in _LEADS), "")
