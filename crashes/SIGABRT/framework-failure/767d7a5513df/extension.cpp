// repro.py, next to this file, builds it with these commands:
//
//     : ${PYTHON:=python3.15}
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

#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace finfuzz {

inline bool has_word(const char *words, const char *word) {
    return (' ' + std::string(words) + ' ').find(' ' + std::string(word) + ' ') != std::string::npos;
}

}  // namespace finfuzz

namespace py = pybind11;

namespace {

using Members = std::vector<py::object>;

// The C++ object without asking pybind11: null before __init__ has run.
template <typename T>
T *payload(PyObject *self) {
    auto *instance = reinterpret_cast<py::detail::instance *>(self);
    if (!instance->simple_layout || !instance->simple_holder_constructed) return nullptr;
    return static_cast<T *>(instance->simple_value_holder[0]);
}

// A C++ object that owns Python objects and tells the collector so, as in pybind11's manual.
struct Container {
    Members items;
};

int container_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    if (!payload<Container>(self)) return 0;
    auto &container = py::cast<Container &>(py::handle(self));
    for (py::object &item : container.items) Py_VISIT(item.ptr());
    return 0;
}

int container_clear(PyObject *self) {
    if (!payload<Container>(self)) return 0;
    Members items;  // taken out first: what their destructors do may come back here
    items.swap(py::cast<Container &>(py::handle(self)).items);
    return 0;
}

void set_up_container(PyHeapTypeObject *heap_type) {
    PyTypeObject *type = &heap_type->ht_type;
    type->tp_flags |= Py_TPFLAGS_HAVE_GC;
    type->tp_traverse = container_traverse;
    type->tp_clear = container_clear;
}

void bind_container(py::module_ &m) {
    auto type = py::class_<Container>(m, "Container", py::custom_type_setup(set_up_container));
    type.def(py::init<>());
    type.def("append", [](Container &self, py::object item) { self.items.push_back(std::move(item)); });
}

struct Overridable {
    virtual ~Overridable() = default;
    virtual int answer() const { return 7; }
};

struct Trampoline : Overridable {
    int answer() const override { PYBIND11_OVERRIDE(int, Overridable, answer); }
};

void bind_overrides(py::module_ &m) {
    py::class_<Overridable, Trampoline>(m, "Overridable")
        .def(py::init<>())
        .def("answer", &Overridable::answer);
    m.def("call_override", [](const Overridable &object) { return object.answer(); });
}

// ---------------------------------------------------------------------------------------------
// The module: its two types from the start, every feature when one of its names is first asked for
// (PEP 562). Binding all of them at each import would cost more than most programs do.

struct Feature {
    const char *names;
    void (*bind)(py::module_ &m);
};

const Feature kFeatures[] = {
    {"Overridable call_override", bind_overrides},
};

// Binds what offers the name, unless that is done or under way; true if the module has it then.
bool bind_on_demand(py::module_ &m, const char *name) {
    for (const Feature &feature : kFeatures) {
        if (!finfuzz::has_word(feature.names, name)) continue;
        std::string mark = std::string("bound ") + feature.names;
        auto names = py::reinterpret_borrow<py::dict>(PyModule_GetDict(m.ptr()));
        if (!names.contains(mark)) {
            names[mark.c_str()] = true;
            feature.bind(m);
        }
        return names.contains(name);
    }
    return false;
}

PyObject *get_attribute(PyObject *module, PyObject *name) {
    try {
        auto m = py::reinterpret_borrow<py::module_>(module);
        const char *text = PyUnicode_AsUTF8(name);
        if (!text) return nullptr;
        if (bind_on_demand(m, text)) return PyObject_GenericGetAttr(module, name);
        PyErr_SetObject(PyExc_AttributeError, name);
    } catch (py::error_already_set &error) {
        error.restore();
    } catch (const std::exception &error) {
        PyErr_SetString(PyExc_ImportError, error.what());
    }
    return nullptr;
}

PyMethodDef kGetAttribute[] = {
    {"__getattr__", get_attribute, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

void bind_module(py::module_ &m) {
    bind_container(m);
    if (PyModule_AddFunctions(m.ptr(), kGetAttribute) < 0) throw py::error_already_set();
}

}  // namespace

PYBIND11_MODULE(finfuzz_target, m, py::mod_gil_not_used(),
                py::multiple_interpreters::per_interpreter_gil()) {
    bind_module(m);
}
