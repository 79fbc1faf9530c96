// repro.py, next to this file, builds it with these commands:
//
//     : ${PYTHON:=python3.13}
//     INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
//     SUFFIX=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
//     : ${PYBIND11_INCLUDE:=pybind11-3.1.0/pybind11/include}
//     test -d "$PYBIND11_INCLUDE" ||
//         "$PYTHON" -m pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0 ||
//         pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0
//     ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
//         -I"$INCLUDE" -I"$PYBIND11_INCLUDE" -pthread \
//         extension.cpp -o finfuzz_target"$SUFFIX"

#include <pybind11/functional.h>
#include <pybind11/pybind11.h>

#include <utility>
#include <vector>

namespace py = pybind11;

namespace {

using Members = std::vector<py::object>;

struct Instance {
    int value = 7;
};

struct Owned {
    Members members;
};

// Python's errors as exceptions of C++: they leave what pybind11 calls, or are caught in C++.

py::module_ import_in_cpp() { return py::module_::import("colorsys"); }

Owned *own(py::object member) {
    auto *made = new Owned;
    made->members.push_back(std::move(member));
    return made;
}

// A destructor given to pybind11 is no destructor of C++: an exception may leave it.
py::capsule importing_capsule(py::object owned) {
    return py::capsule(own(std::move(owned)), [](void *owner) {
        delete static_cast<Owned *>(owner);
        import_in_cpp();
    });
}

void bind_leaving(py::module_ &m) {
    m.def("importing_capsule", &importing_capsule);
}

void bind_instance(py::module_ &m) {
    auto type = py::class_<Instance>(m, "Instance");
    type.def(py::init<>()).def_readonly("value", &Instance::value);
}

void bind_module(py::module_ &m) {
    bind_instance(m);
    bind_leaving(m);
}

}  // namespace

PYBIND11_MODULE(finfuzz_target, m, py::mod_gil_not_used(),
                py::multiple_interpreters::per_interpreter_gil()) {
    bind_module(m);
}
