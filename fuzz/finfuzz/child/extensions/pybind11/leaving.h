#pragma once

#include <pybind11/functional.h>

#include <functional>
#include <utility>
#if FINFUZZ_HAS(printing_capsule)
#    include <pybind11/iostream.h>

#    include <ostream>
#endif

#include "core.h"

namespace {

struct Owned FINFUZZ_COUNTED {
    Members members;
};

// Python's errors as exceptions of C++: they leave what pybind11 calls, or are caught in C++.

py::module_ import_in_cpp() { return py::module_::import("colorsys"); }

#if FINFUZZ_HAS(importing_capsule) || FINFUZZ_HAS(printing_capsule)
Owned *own(py::object member) {
    auto *made = new Owned;
    made->members.push_back(std::move(member));
    return made;
}

#endif
#if FINFUZZ_HAS(importing_capsule)
// A destructor given to pybind11 is no destructor of C++: an exception may leave it.
py::capsule importing_capsule(py::object owned) {
    return py::capsule(own(std::move(owned)), [](void *owner) {
        delete static_cast<Owned *>(owner);
        import_in_cpp();
    });
}

#endif
#if FINFUZZ_HAS(printing_capsule)
// Prints to a stream of its own. pybind11 demands that only one thread at a time redirects std::cout:
// of two, the first to leave is not the last that came, and std::cout keeps a buffer that is gone. A lock
// around the redirection is no way out: CPython may end its owner, or put it to sleep, while it prints.
py::capsule printing_capsule(py::object owned) {
    return py::capsule(own(std::move(owned)), [](void *owner) {
        std::ostream stream(nullptr);
        py::scoped_ostream_redirect to_python(stream);
        stream << "an owner goes" << std::endl;
        delete static_cast<Owned *>(owner);
    });
}

#endif
#if FINFUZZ_HAS(Catching)
// Its destructor uses Python and lets no exception out, as C++ demands.
struct Catching : Owned {
    void add(py::object member) { members.push_back(std::move(member)); }

    ~Catching() {
        try {
            import_in_cpp();
        } catch (const py::error_already_set &error) {
            (void) error.what();
        }
    }
};

#endif
#if FINFUZZ_HAS(catch_in_cpp)
bool catch_in_cpp(const py::function &raising) {
    try {
        raising();
    } catch (const py::error_already_set &error) {
        return error.matches(PyExc_ValueError) && *error.what();
    }
    return false;
}

#endif
#if FINFUZZ_HAS(throw_out)
// Whether an exception ends this thread's stay in a py::subinterpreter (subinterpreter.h).
thread_local bool throws_out = false;

#endif
void bind_leaving(py::module_ &m) {
#if FINFUZZ_HAS(importing_capsule)
    m.def("importing_capsule", &importing_capsule);
#endif
#if FINFUZZ_HAS(printing_capsule)
    m.def("printing_capsule", &printing_capsule);
#endif
#if FINFUZZ_HAS(Catching)
    py::class_<Catching>(m, "Catching").def(py::init<>()).def("add", &Catching::add);
#endif
#if FINFUZZ_HAS(catch_in_cpp)
    m.def("catch_in_cpp", &catch_in_cpp);
#endif
#if FINFUZZ_HAS(call_back)
    m.def("call_back", [](const std::function<void()> &function) { function(); });
#endif
#if FINFUZZ_HAS(import_in_cpp)
    m.def("import_in_cpp", &import_in_cpp);
#endif
#if FINFUZZ_HAS(throw_out)
    m.def("throw_out", [] { throws_out = true; });
#endif
}

}  // namespace
