"""By which function an exception left C++: the one telling frame of such a crash."""

from __future__ import annotations

import pytest

from finfuzz.triage.diagnosis.bucket import find_route
from finfuzz.triage.diagnosis.messages import Message
from finfuzz.triage.diagnosis.symbols import Frame
from finfuzz.triage.diagnosis.way_out import find_way_out

FILES = {
    "abort": "libc.so.6",
    "__cxa_throw": "libstdc++.so.6",
    "_Unwind_Resume": "libgcc_s.so.1",
    "capsule_dealloc": "python3.13",
    "dict_dealloc": "libpython3.13.so.1.0",
}
CAPSULE = "pybind11::capsule::initialize_with_void_ptr_destructor"
OF_CAPSULE = f"{CAPSULE}(void const*, char const*, void (*)(void*))::{{lambda(_object*)#1}}"
LEAVES = (f"{OF_CAPSULE}::operator()(_object*) const", f"{OF_CAPSULE}::_FUN(_object*)")
THROWS = ("abort", "__cxa_throw", "pybind11::module_::import(char const*)")
STORAGE = "pybind11::detail::call_once_storage<pybind11::object>::~call_once_storage()"


def make_stack(names: tuple[str, ...]) -> list[Frame]:
    return [Frame(FILES.get(name, "finfuzz_target.so"), 1, name) for name in names]


@pytest.mark.parametrize(
    ("names", "way_out"),
    [
        # nothing further out stops the exception: it is thrown with all frames in place
        ((*THROWS, *LEAVES, "capsule_dealloc", "dict_dealloc"), CAPSULE),
        # a noexcept destructor does: the frames inside are unwound already (issue 2331 as well)
        (("abort", "_Unwind_Resume", *LEAVES, "capsule_dealloc", STORAGE), CAPSULE),
        # an optimizing compiler has one function of the two
        ((*THROWS, LEAVES[1], "capsule_dealloc"), CAPSULE),
        (
            (*THROWS, "pybind11::capsule::capsule(void (*)())::{lambda#1}::_FUN"),
            "pybind11::capsule::capsule",
        ),
        # it never came as far as the capsule
        ((*THROWS, "other::~other()", "dict_dealloc", *LEAVES, "capsule_dealloc"), ""),
        ((*THROWS, "capsule_dealloc"), ""),
        ((), ""),
    ],
)
def test_the_way_out(names: tuple[str, ...], way_out: str) -> None:
    assert find_way_out(make_stack(names)) == way_out


@pytest.mark.parametrize(
    ("diagnostic", "key"),
    [
        ("uncaught-cxx-exception", (CAPSULE,)),
        (
            "none",
            (
                "pybind11::module_::import",
                f"{CAPSULE}::{{lambda#1}}::operator()",
                f"{CAPSULE}::{{lambda#1}}::_FUN",
            ),
        ),
    ],
)
def test_an_uncaught_exception_has_this_one_telling_frame(
    diagnostic: str, key: tuple[str, ...]
) -> None:
    stack = make_stack((*THROWS, *LEAVES, "capsule_dealloc"))
    assert find_route(Message(diagnostic, ""), stack) == key
