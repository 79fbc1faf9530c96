"""Which frames tell: names made comparable, and plumbing taken away."""

from __future__ import annotations

import pytest

from finfuzz.triage.diagnosis.symbols import Frame
from finfuzz.triage.diagnosis.telling import (
    normalize_function,
    select_recursive,
    select_telling_frames,
)
from helpers.outcome_files import read
from helpers.places import OUTCOMES


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("", ""),
        ("gc_collect_main", "gc_collect_main"),
        # parameters
        ("std::terminate()", "std::terminate"),
        ("pybind11::pybind11_fail(char const*)", "pybind11::pybind11_fail"),
        ("visit(int (*)(_object*, void*), void*)", "visit"),
        ("pybind11::handle::ptr() const", "pybind11::handle::ptr"),
        ("pybind11::handle::inc_ref() const &", "pybind11::handle::inc_ref"),
        # template arguments, of the function and of what it is in
        ("std::vector<a::b, std::allocator<a::b> >::~vector()", "std::vector::~vector"),
        (
            "a::Manager<a::local<b::C> >::make(std::unique_ptr<a::local<b::C> >*)",
            "a::Manager::make",
        ),
        (
            "std::array<int, (3>2)>::at(unsigned long)",
            "std::array::at",
        ),
        # the return type, which demangled templates have
        ("int square<int>(int)", "square"),
        ("unsigned long a::size<(anonymous namespace)::B>(B const&)", "a::size"),
        ("(anonymous namespace)::B& a::cast<(anonymous namespace)::B&, 0>(a::handle)", "a::cast"),
        (
            "decltype ({parm#1}(a::get())) a::with<a::f(_typeobject*)::{lambda(a::b&)#1}>(a::b)",
            "a::with",
        ),
        # nameless places
        ("(anonymous namespace)::act(_object*, int)", "act"),
        ("a::(anonymous namespace)::b()", "a::b"),
        # lambdas
        ("make(a::b)::{lambda(a::c&)#2}::operator()(a::c&) const", "make::{lambda#2}::operator()"),
        ("make(a::b)::{lambda(a::c&)#2}::_FUN(a::c&)", "make::{lambda#2}::_FUN"),
        # operators
        ("a::B::operator()(int, char)", "a::B::operator()"),
        ("a::B::operator[](unsigned long)", "a::B::operator[]"),
        ("a::B::operator=(a::B&&)", "a::B::operator="),
        ("a::B::operator->() const", "a::B::operator->"),
        # clones, which one compiler makes and another doesn't
        ("_Py_Finalize [part.0.constprop.0]", "_Py_Finalize"),
        ("a::b<int>(int) [isra.0]", "a::b"),
        ("a::b() [cold]", "a::b"),
        # words that only look like those that are taken away
        ("constant()", "constant"),
        ("a::noexcept_move(int)", "a::noexcept_move"),
        ("a::b[abi:cxx11](int)", "a::b[abi:cxx11]"),
        ("a::B::operator bool() const", "a::B::operator bool"),
        ("a::handle::operator _object*() const", "a::handle::operator _object"),
        ("operator new(unsigned long)", "operator new"),
        ("operator delete(void*, unsigned long)", "operator delete"),
        ("bool a::operator< <int>(a::B<int> const&)", "a::operator<"),
        ("std::ostream& a::operator<< <int>(std::ostream&, int)", "a::operator<<"),
    ],
)
def test_normalized(function: str, name: str) -> None:
    assert normalize_function(function) == name


PYTHON = "libpython3.13.so.1.0"
CTYPES = "_ctypes.cpython-313-x86_64-linux-gnu.so"
TARGET = "finfuzz_target.cpython-313-x86_64-linux-gnu.so"


def stack(*lines: str) -> list[Frame]:
    """Frames from `module function` lines; each at an offset of its own."""
    found = []
    for number, line in enumerate(lines):
        module, _, function = line.partition(" ")
        found.append(Frame(f"/somewhere/{module}" if module != "?" else "", number, function))
    return found


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([], []),
        # how a process aborts, from the crash handler to the way out of main
        (
            [
                "finfuzz_runtime.so finfuzz::on_signal(int, siginfo_t*, void*)",
                "libc.so.6 __restore_rt",
                "libc.so.6 __pthread_kill_implementation",
                "libc.so.6 raise",
                "libc.so.6 abort",
                "libother.so culprit()",
                f"{PYTHON} Py_RunMain",
                f"{PYTHON} Py_BytesMain",
                "finfuzz_after_main.so main_and_after(int, char**, char**)",
                "libc.so.6 __libc_start_main",
                "python3.13 _start",
            ],
            ["culprit"],
        ),
        # C++ that gives up
        (
            [
                "libstdc++.so.6.0.30 std::terminate()",
                "libstdc++.so.6.0.30 __cxa_throw",
                "libgcc_s.so.1 _Unwind_Resume",
                "ld-linux-x86-64.so.2 _dl_fini",
                "libother.so culprit()",
            ],
            ["culprit"],
        ),
        # CPython's evaluation, collection and deallocation
        (
            [
                f"{PYTHON} _PyEval_EvalFrameDefault",
                f"{PYTHON} PyObject_Vectorcall",
                f"{PYTHON} gc_collect_main",
                f"{PYTHON} delete_garbage",
                f"{PYTHON} _Py_Dealloc",
                f"{PYTHON} dict_dealloc",
                f"{PYTHON} subtype_traverse",
                f"{PYTHON} culprit",
                f"{PYTHON} finalize_interp_clear",
                f"{PYTHON} Py_EndInterpreter",
                f"{PYTHON} _Py_Finalize [part.0.constprop.0]",
            ],
            ["culprit"],
        ),
        # three are kept, the innermost
        (
            [f"libother.so {name}()" for name in ("a", "b", "c", "d")],
            ["a", "b", "c"],
        ),
        # what calls itself is one
        ([f"libother.so {name}" for name in ("a<int>(int)", "a<a>(a)", "b", "a")], ["a", "b"]),
        # without a name its place is told, but for the C library's; without a module nothing is
        (
            ["libother.so", "libc.so.6", "?", "libother.so.3"],
            ["libother.so+0x0", "libother.so.3+0x3"],
        ),
        # the target's own functions are hooks, whichever
        ([f"{TARGET} act(int)", f"{TARGET} container_clear(_object*)"], ["target hook"]),
        # which count only where nothing inside them tells
        (
            [f"{TARGET} pybind11::handle::cast()", f"{TARGET} act(int)", f"{PYTHON} culprit"],
            ["pybind11::handle::cast", "culprit"],
        ),
        # the C++ library's templates are compiled into the target, the framework's functions too
        (
            [
                f"{TARGET} std::vector<int>::~vector()",
                f"{TARGET} pybind11::cpp_function::dispatcher(_object*, _object*, _object*)",
                f"{TARGET} pybind11_object_dealloc",
            ],
            ["pybind11::cpp_function::dispatcher", "pybind11_object_dealloc"],
        ),
        ([TARGET, f"{TARGET} __wrap_PyType_Ready"], []),
        # what allocates, and how a table of a dict grows
        (
            [
                "libc.so.6 free",
                f"{PYTHON} _PyObject_Free",
                f"{PYTHON} dictresize",
                f"{PYTHON} insertion_resize",
                f"{PYTHON} culprit",
            ],
            ["culprit"],
        ),
        # the C library never tells: it has names on some machines, and others on others
        (["libc.so.6 __strlen_avx2", "libother.so culprit()"], ["culprit"]),
        # a reference given up, an interpreter of the framework's that ends: ways to get there
        (
            [
                f"{TARGET} pybind11::detail::clear_instance(_object*)",
                f"{TARGET} pybind11::handle::dec_ref() const &",
                f"{TARGET} pybind11::subinterpreter::~subinterpreter()",
                f"{PYTHON} culprit",
            ],
            ["pybind11::detail::clear_instance", "culprit"],
        ),
        # which count where the framework died in them
        (
            [f"{TARGET} Py_XINCREF", f"{TARGET} pybind11::handle::inc_ref()"],
            ["pybind11::handle::inc_ref"],
        ),
        # CPython's headers are compiled into the target, too; its own way in is none of them
        ([f"{TARGET} _Py_IsImmortal", f"{TARGET} PyInit_finfuzz_target"], ["target hook"]),
        # What Cython writes for each type counts by what it is for, the user's code as one.
        (
            [
                f"{TARGET} __Pyx_call_next_tp_dealloc(_object*, void (*)(_object*))",
                f"{TARGET} __pyx_tp_dealloc_14finfuzz_target_Derived(_object*)",
            ],
            ["__Pyx_call_next_tp_dealloc", "__pyx_tp_dealloc"],
        ),
        ([f"{TARGET} __pyx_pw_14finfuzz_target_9Container_1append(_object*)"], ["target hook"]),
        # a stage of an interpreter's end drops an object: it depends on what held the object
        (
            [
                f"{TARGET} pybind11::detail::clear_instance(_object*)",
                f"{PYTHON} subtype_dealloc",
                f"{PYTHON} _PyCodec_Fini",
                f"{PYTHON} interpreter_clear",
                f"{PYTHON} finalize_interp_clear",
            ],
            ["pybind11::detail::clear_instance"],
        ),
        (["libc.so.6 free", f"{PYTHON} dict_dealloc", f"{PYTHON} _PyCodec_Fini"], []),
        # which tells where it crashes itself
        (
            [
                "libc.so.6 abort",
                f"{PYTHON} _Py_FatalErrorFunc",
                f"{PYTHON} _PyTuple_Fini",
                f"{PYTHON} _PyTypes_FiniTypes",
            ],
            ["_PyTuple_Fini"],
        ),
        # an extension that only looks like the target
        (["libtarget.so act(int)"], ["act"]),
    ],
)
def test_telling(lines: list[str], kept: list[str]) -> None:
    assert select_telling_frames(stack(*lines), internals_gone=False) == kept


ASKING = [
    f"{TARGET} pybind11::pybind11_fail(char const*)",
    f"{TARGET} pybind11::detail::internals_pp_manager<x>::create_pp_content_once(x*)",
    f"{TARGET} pybind11::detail::get_internals()",
    f"{TARGET} pybind11::detail::get_type_info(std::type_info const&, bool)",
    f"{TARGET} pybind11::detail::clear_instance(_object*)",
]


@pytest.mark.parametrize(
    ("gone", "kept"),
    [
        (True, ["pybind11::detail::clear_instance"]),
        (
            False,
            [
                "pybind11::detail::internals_pp_manager::create_pp_content_once",
                "pybind11::detail::get_internals",
                "pybind11::detail::get_type_info",
            ],
        ),
    ],
)
def test_asking_for_internals_tells_only_where_they_were_there(gone: bool, kept: list[str]) -> None:
    assert select_telling_frames(stack(*ASKING), internals_gone=gone) == kept


def test_another_extension_asks_by_the_same_functions() -> None:
    lines = [line.replace(TARGET, "_other.cpython-313-x86_64-linux-gnu.so") for line in ASKING[1:]]
    assert select_telling_frames(stack(*lines), internals_gone=True) == [
        "pybind11::detail::clear_instance"
    ]


@pytest.mark.parametrize(
    ("module", "function", "place", "inlined", "tells"),
    [
        (PYTHON, "_PyObject_GC_UNTRACK", "internal/pycore_object.h:170", True, False),
        ("python3.13", "_PyObject_GC_UNTRACK", "internal/pycore_object.h:170", True, False),
        # a compiler that does not inline it; and what is no helper, but included
        (PYTHON, "PyThread_exit_thread", "Python/thread_pthread.h:384", False, True),
        (PYTHON, "list_helper", "Objects/listobject.c:12", True, False),  # plumbing by its name
        (PYTHON, "culprit", "Objects/object.c:12", True, True),
        (CTYPES, "Py_XDECREF", "Include/object.h:799", True, False),
        (CTYPES, "culprit", "_ctypes/ctypes.h:12", True, True),
        ("libother.so", "culprit()", "src/culprit.h:12", True, True),
    ],
)
def test_helpers_that_are_inlined(
    module: str, function: str, place: str, inlined: bool, tells: bool
) -> None:
    frame = Frame(module, 1, function, place, inlined)
    assert bool(select_telling_frames([frame], internals_gone=False)) is tells


def local(function: str, start: int = 0x10, *, inlined: bool = False) -> Frame:
    """A function that CPython does not export, as a file with symbols names it."""
    return Frame(PYTHON, start + 1, function, "Objects/a.c:1", inlined, start)


def exported(function: str) -> Frame:
    return Frame(PYTHON, 0x100, function)


def without_symbols(frames: list[Frame]) -> list[Frame]:
    """The same stack of a stripped copy of the file."""
    return [
        frame._replace(function="" if frame.local else frame.function, place="")
        for frame in frames
        if not frame.inlined
    ]


@pytest.mark.parametrize(
    ("frames", "kept", "stripped"),
    [
        # what a distribution exports is all that its stripped file names
        (
            [exported("a"), local("b"), exported("c"), local("d"), exported("e")],
            ["a", "c", "e"],
            ["a", "c", "e"],
        ),
        # the innermost tells all the same: two defects below one exported function are two
        (
            [local("b", 0x20), local("c", 0x30), exported("a"), local("d")],
            ["b", "c", "a"],
            [f"{PYTHON}+0x20", f"{PYTHON}+0x30", "a"],
        ),
        # plumbing in between changes nothing
        (
            [exported("PyGC_Collect"), local("b", 0x20), exported("a")],
            ["b", "a"],
            [f"{PYTHON}+0x20", "a"],
        ),
        # what a compiler inlined is no frame of a stripped file
        ([local("b", inlined=True), exported("a"), exported("c")], ["a", "c"], ["a", "c"]),
        (
            [local("b", inlined=True), exported("Py_FinalizeEx"), exported("a")],
            ["b", "a"],
            ["a"],
        ),
        # the target has its symbols everywhere
        (
            [Frame(TARGET, 1, "act(int)", "", False, 0x10), local("b"), exported("a")],
            ["target hook", "a"],
            ["target hook", "a"],
        ),
    ],
)
def test_what_a_stripped_file_does_not_name(
    frames: list[Frame], kept: list[str], stripped: list[str]
) -> None:
    assert select_telling_frames(frames, internals_gone=False) == kept
    target = [frame for frame in frames if frame.module == TARGET]
    rest = without_symbols(frames[len(target) :])
    assert select_telling_frames([*target, *rest], internals_gone=False) == stripped


def test_behind_a_name_that_the_message_gives_no_local_function_tells() -> None:
    frames = [local("b"), exported("a")]
    assert select_telling_frames(frames, internals_gone=False, exported=True) == ["a"]


def test_a_stack_of_before_local_functions_were_recorded_tells_as_before() -> None:
    frames = [exported("a"), Frame(PYTHON, 1, "b", "Objects/a.c:1", inlined=True), exported("c")]
    assert select_telling_frames(frames, internals_gone=False) == ["a", "b", "c"]


@pytest.mark.parametrize("function", ["_PyTuple_Resize", "take_gil", "PyInterpreterState_Delete"])
def test_a_cpython_in_one_file_tells_as_one_with_a_libpython(function: str) -> None:
    with_libpython = stack(f"{PYTHON} gc_collect_main", f"{PYTHON} {function}", "python3.13 _start")
    in_one_file = [frame._replace(module="/usr/bin/python3.13") for frame in with_libpython]
    assert select_telling_frames(with_libpython, internals_gone=False) == [function]
    assert select_telling_frames(in_one_file, internals_gone=False) == [function]


@pytest.mark.parametrize(
    ("name", "gone", "kept"),
    [
        ("guard-from-traverse", True, ["target hook"]),
        (
            "guard-from-traverse",
            False,
            [
                "pybind11::detail::internals_pp_manager::create_pp_content_once",
                "pybind11::detail::get_local_internals",
                "pybind11::detail::get_local_type_info_lock_held",
            ],
        ),
        (
            "guard-from-an-instance",
            True,
            ["pybind11::detail::clear_instance", "pybind11_object_dealloc"],
        ),
        (
            "guard-from-freeing-a-function",
            True,
            [
                "pybind11::detail::get_function_record_PyTypeObject",
                "pybind11::detail::is_function_record_PyObject",
                "pybind11::detail::function_record_ptr_from_PyObject",
            ],
        ),
        ("guard-from-clear", True, ["target hook"]),
        ("no-guard-cast-fails", True, ["target hook"]),
        (
            "empty-enum-in-a-subinterpreter-of-the-frameworks",
            False,
            [
                "pybind11::cpp_function::destruct",
                "pybind11::detail::function_record_PyTypeObject_methods::tp_dealloc_impl",
            ],
        ),
        (
            "ctypes-in-two-lives-corrupts-the-heap",
            False,
            ["add_subclass", "type_ready_add_subclasses", "type_ready"],
        ),
        (
            "segfault-where-helpers-are-inlined",
            False,
            ["culprit_inner", "culprit"],
        ),
        (
            "no-guard-assertion-fails",
            False,
            [
                "pybind11::detail::values_and_holders::iterator::iterator",
                "pybind11::detail::values_and_holders::begin",
                "pybind11::detail::clear_instance",
            ],
        ),
    ],
)
def test_real_stacks(name: str, gone: bool, kept: list[str]) -> None:
    frames = read(OUTCOMES / f"{name}.txt").frames
    assert len(frames) > 7
    assert select_telling_frames(frames, internals_gone=gone) == kept


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([], ()),
        (["libother.so b", "libother.so a"] * 2, ()),
        (["libother.so b", "libother.so a"] * 3 + ["libother.so c"], ("a", "b")),
        ([f"libother.so {name}" for name in "dcba" * 3], ("a", "b", "c")),
        # Plumbing counts where it is all that there is.
        (
            [f"{PYTHON} subtype_dealloc", f"{PYTHON} dict_dealloc"] * 3,
            ("dict_dealloc", "subtype_dealloc"),
        ),
        ([f"{PYTHON} subtype_dealloc", "libother.so a"] * 3, ("a",)),
    ],
)
def test_a_recursion_is_its_functions_by_name(lines: list[str], kept: tuple[str, ...]) -> None:
    """Where the stack ends is chance."""
    assert select_recursive(stack(*lines)) == kept
    assert select_recursive(stack(*lines[1:], *lines[:1])) == kept
