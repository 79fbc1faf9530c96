"""Select the telling frames of a stack: those that distinguish one defect from another.

A bucket's key is made of the first three frames that are not plumbing. Plumbing is how a process
aborts, how C++ terminates and unwinds, and how CPython evaluates, collects and deallocates.

A distribution's stripped files have names only for the functions that they export. So behind the
first exported function of a key (or the target's: we compile its file) no local one counts, nor
what a compiler inlined into that first one. A stripped and an unstripped CPython then agree. The
innermost local functions do count: otherwise all defects below one exported function would share a
bucket. Where such a function has no name, its place in the file stands for it. A function counts
once, however often a recursion comes through it.

A package's own functions are never plumbing, whatever they are called: `bag_dealloc` of its file is
where the defect is. And behind them CPython's functions do not count: by which way CPython came to
drop the object is a route.

Of CPython's stages of an interpreter's end only one that crashes itself counts.

Raise VERSION whenever a list or rule changes: `finfuzz rekey` then makes the keys of findings anew.
"""

from __future__ import annotations

import functools
import re
import sys
from collections import Counter
from collections.abc import Sequence

from finfuzz.targets.frameworks import KNOWN
from finfuzz.triage.diagnosis.symbols import Frame

VERSION = 9
KEPT = 3
#: A function that is so often on a recorded stack is part of a recursion.
_RECURS = 3

#: Modules that are never telling. The C library's functions have names only with its symbols
#: installed, and other names on each processor: its caller tells.
_PLUMBING_MODULES = re.compile(
    r"^(finfuzz_(runtime|after_main)\.so|libstdc\+\+|libc\+\+|libgcc_s|libc[.-]|libpthread|ld-|linux-vdso|libasan|libubsan)"
)
_PYTHON = re.compile(r"^(lib)?python")
#: Modules of the standard library, with those that came after the Python that runs this.
_STANDARD = sys.stdlib_module_names | {
    *("_interpreters", "_interpchannels", "_interpqueues", "_remote_debugging", "_zstd", "_hmac"),
    *("_types", "_testcapi", "_testinternalcapi", "_testlimitedcapi"),
}
_HEADER = re.compile(r"\.h:\d+$")

#: CPython's allocators: pymalloc and, in free-threaded builds, mimalloc.
ALLOCATES = (
    r"_?PyObject_(Mi)?(Free|Malloc|Calloc|Realloc)|pymalloc_\w+|address_in_range|arena_map_\w+"
    r"|allocate_from_new_pool|insert_to_(used|free)pool|new_arena|_?mi_\w+"
)
_PLUMBING = re.compile(
    r"""^(
    # the C library's ways to die where it is linked in, and the way out of main
    raise|gsignal|abort|__?pthread_kill.*|__libc_.*|_start|__restore_rt|__assert_fail.*|malloc_printerr
    |__fortify_fail.*|__stack_chk_fail|_exit|exit|__run_exit_handlers
    # what a sanitizer puts before it, and allocation
    |__interceptor_.*|__(asan|ubsan|lsan|sanitizer)_.*|operator\ (new|delete).*
    |(c?free|[cm]alloc|realloc|PyMem_.*|_PyMem_.*|PyObject_GC_Del)
    """
    rf"|{ALLOCATES}"
    r"""
    # waiting: what for is told by the caller
    |pthread_cond_.*|__futex.*|sem_.*wait.*|syscall
    |_PySemaphore_.*|_PyParkingLot_Park|PyEvent_Wait.*|_?PyMutex_.*Lock.*|PyThread_acquire_lock.*
    |__clang_call_terminate|_PyThreadState_Attach
    # CPython that gives up
    |_Py_FatalError.*|fatal_error.*|Py_FatalError|Py_ExitStatusException|_PyObject_AssertFailed
    # sys.exit and its like
    |Py_Exit|_?PyErr_Print.*|_?Py_HandleSystemExit.*|handle_system_exit
    # evaluation and calls
    |_PyEval_.*|PyEval_.*|_?PyObject_(Vectorcall|Call|MakeTpCall|FastCall).*|_PyVectorcall.*
    |_PyFunction_Vectorcall|cfunction_.*|method_vectorcall.*|builtin_exec.*|PyRun_.*|_PyRun_.*
    |run_eval_code_obj|run_mod|pyrun_.*|pymain_.*|Py_RunMain|Py_BytesMain|main
    |_PyCFunction.*|PyVectorcall_Call|PyCFunction_.*|object_vacall|slot_tp_.*|vectorcall_.*
    |_PyFrame_Clear.*|_Py\w+_StackRefSteal
    |(trace_)?call_function|do_call_core|function_code_fastcall|callmethod|call_unbound.*|type_call
    |import_(name|find_and_load)|PyImport_ImportModuleLevelObject|builtin___import__.*
    |pythread_wrapper|thread_run|t_bootstrap|start_thread|clone3?
    # the end itself: whichever interpreter it is, and however it is reached
    |_?Py_Finalize.*|Py_EndInterpreter|finalize_(modules|interp|subinterpreters|remove|clear|restore).*
    |_?PyInterpreterState_Clear|PyThreadState_Clear|_PyThreadState_Delete(Except|List)
    |make_pre_finalization_calls|_PyImport_Cleanup|_PyXI_EndInterpreter|interp_destroy
    |_PyAtExit_Call|atexit_callfuncs
    # collection
    |subtract_refs|update_refs|deduce_unreachable|move_.*|gc_.*|collect(_.*)?|_?PyGC_.*|_Py_RunGC
    |delete_garbage|visit_.*|untrack_.*|handle_(weakrefs|callback|resurrected.*|legacy.*)
    |finalize_garbage|clear_(weakref|unreachable|freelists|slots).*|invoke_gc_callback
    # deallocation: what an object was held by is a route, not a defect
    |_?Py_Dealloc|_?Py_(DecRef|XDECREF|DECREF|CLEAR)|.*_dealloc|.*_clear|.*_traverse|framelocalsproxy_visit
    |dealloc_branch_handler
    |free_keys_object
    |dict_.*|dictkeys_.*|dictresize|insert(dict|ion_resize)|_?PyDict_.*|tuple.*|list_.*
    |_?PyModule_Clear.*|subtype_.*|_?PyWeakref.*|PyObject_ClearWeakRefs|func_.*|cell_.*|frame_.*
    |_?PyObject_(ClearManagedDict|FreeInstance.*)|clear_lock_held|set_clear_internal|_?PyTrash_.*
    )$""",
    re.VERBOSE,
)

_MARKS = [record.crashes for record in KNOWN.values()]
#: Functions of frameworks that only throw or abort.
GIVES_UP = frozenset[str]().union(*(marks.gives_up for marks in _MARKS))
#: Namespaces of frameworks whose internals serve one interpreter: the first importer, or the last.
_ONE_INTERPRETER = tuple(marks.namespace for marks in _MARKS if marks.serves_one_interpreter)
_GENERATED = [re.compile(marks.generated) for marks in _MARKS if marks.generated]
_NAMESPACES = tuple(marks.namespace for marks in _MARKS if marks.namespace)

#: Functions by which a framework asks for its internals. When the internals were gone, the caller
#: of these functions tells the defect, and they are on every such stack.
_ACCESSORS = re.compile(
    "|".join(
        [
            *(f"^{marks.accessors}" for marks in _MARKS if marks.accessors),
            r"^(__wrap_PyType_Ready|internals_made)$",
        ]
    ),
    re.VERBOSE,
)

#: Functions on a route to the defect. Their names count only for the innermost frame, when the
#: framework itself crashed.
_ROUTE = re.compile("|".join(["target hook", *(marks.routes for marks in _MARKS if marks.routes)]))
#: Stages of an interpreter's end. Which one drops an object depends on what held the object: such a
#: function tells only where it crashes itself.
_STAGE = re.compile(
    r"_Py\w+_Fini(Types?|ExtTypes|Core|External|Delayed|State)?|interpreter_clear|warnings_clear_state"
    r"|_PyImport_Clear\w+|_PyUnicode_ClearInterned|_PySys_Clear\w+|_PyExc_Clear\w+"
)
_ABORTS = re.compile(r"_?Py_FatalError.*|fatal_error.*|_PyObject_AssertFailed")
#: The name for all of the target's own functions.
TARGET_HOOK = "target hook"
#: A telling frame without a name: a file, and a place in it.
_NAMELESS = re.compile(r"\+0x[0-9a-f]+$")
#: Functions of CPython's headers, which are compiled into every extension.
_PYTHON_HEADERS = re.compile(r"_?Py(?!Init_)\w+")


def select_telling_frames(
    frames: Sequence[Frame], *, internals_gone: bool, exported: bool = False
) -> list[str]:
    """Return the names of the first telling frames, innermost first, normalized.

    ``exported``: a name that no strip removes is before them, so local functions do not count.
    """
    found: list[str] = []
    in_package = inside = False
    for frame, outer in zip(frames, _find_outer(frames), strict=True):
        if in_package and is_cpython(frame):
            break
        in_package = in_package or _is_of_package(frame)
        name = _find_telling_name(frame, internals_gone)
        is_route = (found and _ROUTE.fullmatch(name)) or (inside and _STAGE.fullmatch(name))
        inside = inside or _is_called(frame)
        if not name or name in found or is_route:
            continue
        local = _is_local(frame)
        around = not _is_local(outer) and _find_telling_name(outer, internals_gone)
        if local and (exported or around):
            continue
        exported = exported or not local
        found.append(name)
        if len(found) == KEPT:
            break
    return found


def select_recursive(frames: Sequence[Frame]) -> tuple[str, ...]:
    """Return the functions that a recursion goes through, in the order of their names.

    Plumbing counts where there is nothing else: a chain of deallocations, say.
    """
    names = [_find_telling_name(frame, internals_gone=False) for frame in frames]
    every = [normalize_function(frame.function) for frame in frames if not frame.inlined]
    for some in (names, every):
        times = Counter(filter(None, some))
        if again := sorted(name for name, count in times.items() if count >= _RECURS):
            return tuple(again[:KEPT])
    return ()


def serves_one_interpreter(frames: Sequence[Frame]) -> bool:
    """Whether a framework is on a stack whose internals serve one interpreter of several."""
    return any(normalize_function(one.function).startswith(_ONE_INTERPRETER) for one in frames)


def is_plumbing(frame: Frame) -> bool:
    """Whether a frame tells no defect from another: how a process aborts, C++ unwinds, CPython
    evaluates, collects and deallocates."""
    return not _find_telling_name(frame, internals_gone=False)


def are_nameless(names: Sequence[str]) -> bool:
    """Whether telling frames are there, and all are places in stripped files."""
    return bool(names) and all(_NAMELESS.search(name) for name in names)


def _find_outer(frames: Sequence[Frame]) -> list[Frame]:
    """Find for each frame the function that it is inlined into: itself, mostly."""
    outer: list[Frame] = []
    for frame in reversed(frames):
        outer.append(outer[-1] if frame.inlined and outer else frame)
    return outer[::-1]


@functools.lru_cache(maxsize=4096)
def normalize_function(function: str) -> str:
    """Strip template arguments, parameters, clones and anonymous namespaces off a name."""
    text = re.sub(r" \[.*\]$", "", function).replace("(anonymous namespace)::", "")
    text, operator, symbol = text.partition("operator")
    if operator and (not text or text[-1] in ": ") and not re.match(r"\w", symbol):
        return _strip_types(text) + operator + _read_operator(symbol)
    return _strip_types(text + operator + symbol)


def _strip_types(text: str) -> str:
    text = _strip_nested(_strip_nested(text, "(", ")"), "<", ">")
    text = re.sub(r"\b(const|volatile|noexcept)\b|[&*]", "", text).strip()
    # Text before a last space is the return type of a template.
    return text.rsplit(" ", 1)[-1]


def _read_operator(text: str) -> str:
    """Read the text after `operator`: a symbol, or a space and a type, new or delete."""
    called = re.match(r"\(\)|<<|<=>|<=|<|->\*?", text)
    if called:
        return called[0]
    text = _strip_nested(_strip_nested(text, "(", ")"), "<", ">")
    return re.sub(r"\b(const|volatile|noexcept)\b", "", text).rstrip("&* ")


@functools.lru_cache(maxsize=8192)
def _find_telling_name(frame: Frame, internals_gone: bool) -> str:
    module = frame.module.rpartition("/")[2]
    if not module or _PLUMBING_MODULES.search(module):
        return ""
    name = normalize_function(frame.function)
    if frame.inlined and _is_helper(module, frame.place, name):
        return ""
    if internals_gone and _ACCESSORS.match(name):
        return ""
    if _is_target(frame):
        return _name_in_target(name)
    if not name:
        return f"{module}+{frame.local_start or frame.offset:#x}"  # see _NAMELESS
    if _is_of_package(frame):
        return "" if _PYTHON_HEADERS.fullmatch(name) or name in GIVES_UP else name
    return "" if _PLUMBING.match(name) else name


def _is_called(frame: Frame) -> bool:
    """Whether a frame is of a function that a stage calls to do its work: none that only aborts."""
    module = frame.module.rpartition("/")[2]
    name = normalize_function(frame.function)
    outside = not module or _PLUMBING_MODULES.search(module) or _ABORTS.fullmatch(name)
    return not outside and not (frame.inlined and _is_helper(module, frame.place, name))


def _is_local(frame: Frame) -> bool:
    """Whether a stripped copy of the frame's file has no name for it. We never strip the target."""
    return frame.local and not _is_target(frame)


def is_cpython(frame: Frame) -> bool:
    """Whether a frame is in CPython, or in a compiled module of its standard library."""
    module = frame.module.rpartition("/")[2]
    return bool(_PYTHON.match(module)) or module.partition(".")[0] in _STANDARD


def _is_of_package(frame: Frame) -> bool:
    """Whether a frame is in a compiled module, or a library of one, that is not ours."""
    module = frame.module.rpartition("/")[2]
    is_library = ".so" in module and not _PLUMBING_MODULES.search(module)
    return is_library and not is_cpython(frame) and not _is_target(frame)


def _is_target(frame: Frame) -> bool:
    return frame.module.rpartition("/")[2].startswith(("finfuzz_target", "finfuzz_second"))


def _is_helper(module: str, place: str, name: str) -> bool:
    """Whether a frame is a small helper of CPython's, which only some compilers inline."""
    of_python = _PYTHON.match(module) or _PYTHON_HEADERS.fullmatch(name)
    return bool(of_python and _HEADER.search(place))


def _name_in_target(name: str) -> str:
    """Name a frame in the target: the framework's functions by name, its own as one.

    Plumbing has no name.
    """
    for pattern in _GENERATED:
        if match := pattern.fullmatch(name):
            return match[1] or TARGET_HOOK
    if name.startswith(_NAMESPACES):
        return "" if name in GIVES_UP else name
    own = name and not name.startswith(("std::", "__")) and not _PYTHON_HEADERS.fullmatch(name)
    return TARGET_HOOK if own else ""


def _strip_nested(text: str, left: str, right: str) -> str:
    kept, depth = [], 0
    for character in text:
        if character == left:
            depth += 1
        elif character == right and depth:
            depth -= 1
        elif not depth:
            kept.append(character)
    return "".join(kept)
