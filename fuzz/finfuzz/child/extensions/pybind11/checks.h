#pragma once

#include <cstdio>
#include <string>

#include "policies.h"

namespace {

void say_missing(int which) {
#if !FINFUZZ_ALONE
    if (finfuzz::probe) return finfuzz::probe->capsule_missing(1 << which);
#endif
    std::fprintf(stderr, "%s internals capsule is not there\n",
                 which ? "module-local" : "global");
}

// The seed's checkers: when `object` dies, are the capsules those that were there when it was born?
void check(const py::object &object) {
    std::string keys[] = {PYBIND11_INTERNALS_ID, local_key()};
    for (int which = 0; which < 2; ++which) {
        std::string key = keys[which];
        PyObject *born_with = capsule_at(key.c_str());
        py::weakref(object, py::cpp_function([key, born_with, which](py::handle self) {
                        if (capsule_at(key.c_str()) != born_with) say_missing(which);
                        self.dec_ref();
                    }))
            .release();
    }
}

void bind_checks(py::module_ &m) { m.def("check", &check); }

}  // namespace
