#pragma once

#include <nanobind/ndarray.h>
#include <nanobind/stl/function.h>

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "pointers.h"

FINFUZZ_TYPES {

// What C++ statics keep until after Py_FinalizeEx. nanobind's destructors notice that Python is gone
// (since 2.13), so this is no abuse. A deque, since it never moves what it has.
template <typename T>
std::deque<T> &outliving() {
    static std::deque<T> kept;
    return kept;
}

// The edges' way into them; the object itself ends like any other.
struct Outliving FINFUZZ_COUNTED {
    static void keep_array(Outliving &, nb::object owner) {
        static float cells[] = {1, 2, 3};
        outliving<nb::ndarray<float>>().emplace_back(cells, std::initializer_list<size_t>{3}, owner);
    }

    static void keep_function(Outliving &, std::function<nb::object()> function) {
        outliving<std::function<nb::object()>>().push_back(std::move(function));
    }

    template <typename Pointer>
    static void keep_pointer(Outliving &, nb::object target) {
        outliving<Pointer>().push_back(nb::cast<Pointer>(new_pointee(std::move(target))));
    }
};

void bind_outliving(nb::module_ &m) {
    bind_pointee(m);
    nb::class_<Outliving>(m, "Outliving")
        .def(nb::init<>())
        .def("keep_array", &Outliving::keep_array)
        .def("keep_function", &Outliving::keep_function)
        .def("keep_shared", &Outliving::keep_pointer<std::shared_ptr<Pointee>>)
        .def("keep_unique",
             &Outliving::keep_pointer<std::unique_ptr<Pointee, nb::deleter<Pointee>>>);
}

}  // namespace
