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
//         -I"$INCLUDE" -I"$PYBIND11_INCLUDE" -Wl,--wrap=PyType_Ready -pthread \
//         extension.cpp -o finfuzz_target"$SUFFIX"

#include <pybind11/pybind11.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <set>
#include <vector>

namespace py = pybind11;

namespace {

using Members = std::vector<py::object>;

struct Instance {
    int value = 7;
};

}  // namespace
// Seeing internals made. Every pybind11 since 3.0 makes exactly one type of this name in the
// constructor of its internals, so the linker's --wrap=PyType_Ready shows each time without a
// change to pybind11.

extern "C" int __real_PyType_Ready(PyTypeObject *type);

namespace {

void internals_made() {
    // CPython gives no interpreter's id to another one within a life of the main one.
    static std::set<std::int64_t> seen;
    if (seen.empty()) Py_AtExit([] { seen.clear(); });
    if (!seen.insert(PyInterpreterState_GetID(PyInterpreterState_Get())).second)
        std::fputs("internals created again in the same interpreter\n", stderr);
}

}  // namespace

extern "C" int __wrap_PyType_Ready(PyTypeObject *type) {
    if (type->tp_name && std::strcmp(type->tp_name, "pybind11_static_property") == 0)
        internals_made();
    return __real_PyType_Ready(type);
}

namespace {

void bind_instance(py::module_ &m) {
    auto type = py::class_<Instance>(m, "Instance");
    type.def(py::init<>()).def_readonly("value", &Instance::value);
}

void bind_module(py::module_ &m) {
    bind_instance(m);
}

}  // namespace

PYBIND11_MODULE(finfuzz_target, m, py::mod_gil_not_used(),
                py::multiple_interpreters::per_interpreter_gil()) {
    bind_module(m);
}
