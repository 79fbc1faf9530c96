"""How far the end had come, where the stack says more than the runtime could see.

The runtime tells CPython's progress by two capsules, which are gone when the interpreter's dict is.
What comes after is told by the function that `Py_FinalizeEx` or `Py_EndInterpreter` was in, as
CPython 3.9 to 3.13 name it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from finfuzz.triage.diagnosis.symbols import Frame
from finfuzz.triage.diagnosis.telling import normalize_function

_ENDS = frozenset({"Py_FinalizeEx", "_Py_Finalize", "Py_EndInterpreter"})

#: What only leads from an end to what it was doing.
_LEADS = frozenset({"finalize_interp_clear", *_ENDS})

#: Types and singletons are finalized, and all that comes behind them. Most compilers inline
#: finalize_interp_types: without debug information, what it calls is called by its caller.
_TYPES = re.compile(
    r"""
    finalize_interp_types|finalize_interp_delete|PyInterpreterState_Delete
    |_Py(Exc|Frame|AsyncGen|Context|Code|IO|Unicode|Float|Long|Types|Dict|List|Tuple|Set|Slice|Bytes)_Fini
    |_Py(Unicode|Sys|XI|Long|Err|Types)_FiniTypes|_Py(Float|Thread)_FiniType|_PyTypes_FiniExtTypes
    |_PyUnicode_ClearInterned|_PyObject_ClearFreeLists|_PyMem_FiniDelayed|_PyArg_Fini
    |_PyThreadState_ClearMimallocHeaps|_Py_HashRandomization_Fini|_Py_ClearFileSystemEncoding
    |_Py_Deepfreeze_Fini|_PyPerfTrampoline_(Fini|FreeArenas)|_Py_FinalizeAllocatedBlocks
    |_PyRuntime_Finalize|_PyRuntimeState_Fini
    """,
    re.VERBOSE,
)

#: The C library on its way out: the functions that it calls then are destructors' and atexit's.
_EXITS = frozenset({"exit", "__run_exit_handlers", "_dl_fini", "__cxa_finalize"})


def refine_phase(phase: str, stack: Sequence[Frame]) -> str:
    """``phase`` as the runtime saw it (see Outcome), or further."""
    functions = [normalize_function(frame.function) for frame in stack]
    progress = phase.partition("/")[0]
    if progress == "exited" and not _EXITS.isdisjoint(functions):
        return f"{progress}/static-destructors"
    if progress in ("stopping", "finalizing") and _TYPES.fullmatch(_find_stage(functions)):
        return f"{progress}/types-finalized"
    return phase


def _find_stage(functions: list[str]) -> str:
    """What the innermost end was doing: the first function that it only leads to."""
    inside = list(takewhile(lambda name: name not in _ENDS, functions))
    if len(inside) == len(functions):
        return ""
    return next((name for name in reversed(inside) if name not in _LEADS), "")
