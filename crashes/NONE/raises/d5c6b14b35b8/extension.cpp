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

#include <pybind11/pybind11.h>

#include <vector>

namespace py = pybind11;

namespace {

using Members = std::vector<py::object>;

struct Instance {
    int value = 7;
};

void bind_instance(py::module_ &m) {
    auto type = py::class_<Instance>(m, "Instance");
    type.def(py::init<>()).def_readonly("value", &Instance::value);
}

void bind_module(py::module_ &m) {
    bind_instance(m);
    if (PySys_GetObject("finfuzz_fails")) throw py::import_error("fails half-way");
}

}  // namespace

PYBIND11_MODULE(finfuzz_target, m, py::mod_gil_not_used(),
                py::multiple_interpreters::per_interpreter_gil()) {
    bind_module(m);
}
