#pragma once

#include <nanobind/ndarray.h>

#include <vector>

#include "core.h"

FINFUZZ_TYPES {

float values[] = {1, 2, 3};

// Its memory is static; the owner is kept as long as the array.
nb::ndarray<float> new_array(const nb::object &owner) {
    return nb::ndarray<float>(values, {sizeof(values) / sizeof(*values)}, owner);
}

// A memoryview; before 2.9 nanobind makes none, and this is a DLPack capsule.
#if NB_VERSION_MAJOR > 2 || NB_VERSION_MINOR >= 9
nb::ndarray<nb::memview, float> new_view(const nb::object &owner) {
    return nb::ndarray<nb::memview, float>(new_array(owner));
}
#else
nb::ndarray<float> new_view(const nb::object &owner) { return new_array(owner); }
#endif

// A C++ object that keeps arrays.
struct Arrays FINFUZZ_COUNTED {
    std::vector<nb::ndarray<>> arrays;
};

float sum(const nb::ndarray<float, nb::ndim<1>, nb::device::cpu> &array) {
    float found = 0;
    for (size_t index = 0; index < array.shape(0); ++index) found += array(index);
    return found;
}

// Keeps an array of this module.
void add_array(Arrays &self, const nb::object &owner) { self.arrays.emplace_back(new_array(owner)); }

// Keeps an array as of another module: by way of a DLPack capsule.
void take_array(Arrays &self, const nb::object &owner) {
    self.arrays.push_back(nb::cast<nb::ndarray<>>(nb::cast(new_array(owner))));
}

void bind_arrays(nb::module_ &m) {
    m.def("array", &new_array, nb::arg().none());  // a DLPack capsule
    m.def("array_view", &new_view, nb::arg().none());
    m.def("sum", &sum);
    nb::class_<Arrays>(m, "Arrays")
        .def(nb::init<>())
        .def("add", &add_array)
        .def("take", &take_array);
}

}  // namespace
