"""Which frames of a stack tell one defect from another.

The key of a bucket is made of the first three that are left when plumbing is taken away: how a
process aborts, how C++ terminates and unwinds, how CPython evaluates, collects and deallocates.
Raise VERSION whenever a list changes: buckets made with another version are not comparable.
"""

from __future__ import annotations

import re
from pathlib import Path

from fuzz.triage.symbols import Frame

VERSION = 1
KEPT = 3

#: Whole modules that are never telling.
_PLUMBING_MODULES = re.compile(
    r"finfuzz_runtime\.so|libstdc\+\+|libc\+\+|libgcc_s|ld-linux|linux-vdso|libpthread"
)

_PLUMBING = re.compile(
    r"""^(
    # the C library's ways to die, and the way out of main
    raise|gsignal|abort|__?pthread_kill.*|__libc_.*|_start|__restore_rt|__assert_fail.*|malloc_printerr
    |__fortify_fail.*|__stack_chk_fail|_exit|exit|__run_exit_handlers
    # waiting: what for is told by the caller
    |pthread_cond_.*|__futex.*|sem_.*wait.*|syscall
    |__clang_call_terminate
    # CPython that gives up
    |_Py_FatalError.*|fatal_error.*|Py_FatalError|Py_ExitStatusException
    # sys.exit and its like
    |Py_Exit|_?PyErr_Print.*|_?Py_HandleSystemExit.*|handle_system_exit
    # evaluation and calls
    |_PyEval_.*|PyEval_.*|_?PyObject_(Vectorcall|Call|MakeTpCall|FastCall).*|_PyVectorcall.*
    |_PyFunction_Vectorcall|cfunction_.*|method_vectorcall.*|builtin_exec.*|PyRun_.*|_PyRun_.*
    |run_eval_code_obj|run_mod|pyrun_.*|pymain_.*|Py_RunMain|Py_BytesMain|main
    |_PyCFunction.*|PyVectorcall_Call|PyCFunction_.*|object_vacall|slot_tp_.*|vectorcall_.*
    # the end itself: whichever interpreter it is, and however it is reached
    |_?Py_Finalize.*|Py_EndInterpreter|finalize_modules.*|finalize_interp.*|finalize_subinterpreters
    # collection
    |subtract_refs|update_refs|deduce_unreachable|move_.*|gc_collect.*|_?PyGC_.*|delete_garbage
    |visit_.*|untrack_.*|handle_weakrefs|finalize_garbage|gc_.*|clear_weakref.*|handle_callback
    # deallocation: what an object was held by is a route, not a defect
    |_?Py_Dealloc|_?Py_DecRef|_?Py_XDECREF|.*_dealloc|.*_clear|.*_traverse|free_keys_object
    |dict_.*|dictkeys_.*|insertdict|_?PyDict_.*|tuple.*|list_.*|_?PyModule_Clear.*|Py_XDECREF|Py_DECREF
    |subtype_.*|_?Py_CLEAR|_?PyWeakref.*|PyObject_ClearWeakRefs|capsule_dealloc|func_.*|cell_.*|frame_.*
    )$""",
    re.VERBOSE,
)

#: How pybind11 asks for its internals. Where the diagnosis says that they were gone, the defect
#: is told by who asked, and these are on every such stack.
_ACCESSORS = re.compile(
    r"""^pybind11::(detail::(
    internals_pp_manager|internals::|local_internals::|get_internals|get_local_internals|with_.*internals.*
    |with_instance_map|get_type_info|get_local_type_info|get_global_type_info|get_type_handle
    |all_type_info.*|values_and_holders.*|cast_sources.*|type_caster.*|load_type|cast_ref|cast_op|make_static_property_type
    |make_default_metaclass|thread_specific_storage|get_local_internals_pp_manager|try_load_foreign.*
    ).*|cast|cast_error.*|type::.*|error_already_set.*)$|^__wrap_PyType_Ready$""",
    re.VERBOSE,
)

#: The target's own hooks. Which of them it was is a route, and so is whether there was one at all
#: where the framework died by itself: it counts only as the innermost.
_TARGET_HOOK = "target hook"


def telling(frames: list[Frame], *, internals_gone: bool) -> list[str]:
    """The first frames that tell, innermost first; each normalized."""
    found: list[str] = []
    for frame in frames:
        name = _telling_name(frame, internals_gone)
        if name and not (found and name in (found[-1], _TARGET_HOOK)):
            found.append(name)
        if len(found) == KEPT:
            break
    return found


def normalized(function: str) -> str:
    """A function's name without template arguments, parameters, clones and anonymous namespaces."""
    text = re.sub(r" \[.*\]$", "", function).replace("(anonymous namespace)::", "")
    text, operator, symbol = text.partition("operator")
    if operator and (not text or text[-1] in ": ") and not re.match(r"\w", symbol):
        return _plain(text) + operator + _symbol(symbol)
    return _plain(text + operator + symbol)


def _plain(text: str) -> str:
    text = _without_nested(_without_nested(text, "(", ")"), "<", ">")
    text = re.sub(r"\b(const|volatile|noexcept)\b|[&*]", "", text).strip()
    # What is left before a last space is the return type of a template.
    return text.rsplit(" ", 1)[-1]


def _symbol(text: str) -> str:
    """What follows `operator`: a symbol, or a space and a type, new or delete; no parameters."""
    called = re.match(r"\(\)|<<|<=>|<=|<|->\*?", text)
    if called:
        return called[0]
    text = _without_nested(_without_nested(text, "(", ")"), "<", ">")
    return re.sub(r"\b(const|volatile|noexcept)\b", "", text).rstrip("&* ")


def _telling_name(frame: Frame, internals_gone: bool) -> str:
    module = Path(frame.module).name
    if not module or _PLUMBING_MODULES.search(module):
        return ""
    name = normalized(frame.function)
    if internals_gone and _ACCESSORS.match(name):
        return ""
    if module.startswith(("finfuzz_target", "finfuzz_second")):
        return _target_name(name)
    if not name:
        # Without symbols the place is all there is; the C library's alone says nothing.
        return "" if module.startswith("libc.") else f"{module}+{frame.offset:#x}"
    return "" if _PLUMBING.match(name) else name


def _target_name(name: str) -> str:
    """In the target: the framework's functions by name, its own as one, plumbing as none."""
    if name.startswith("pybind11"):
        return "" if name == "pybind11::pybind11_fail" else name
    return _TARGET_HOOK if name and not name.startswith(("std::", "__")) else ""


def _without_nested(text: str, left: str, right: str) -> str:
    kept, depth = [], 0
    for character in text:
        if character == left:
            depth += 1
        elif character == right and depth:
            depth -= 1
        elif not depth:
            kept.append(character)
    return "".join(kept)
