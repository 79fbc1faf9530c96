// The pybind11 target: what a small real extension has, feature by feature, and nothing else.
#include "with_pybind11/core.h"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>

#include "with_pybind11/policies.h"
#include "with_pybind11/container.h"
// The features, each with the names it offers in its first line.
#include "with_pybind11/actions.h"
#include "with_pybind11/buffers.h"
#include "with_pybind11/callbacks.h"
#include "with_pybind11/capsules.h"
#include "with_pybind11/classes.h"
#include "with_pybind11/conversions.h"
#include "with_pybind11/ends.h"
#include "with_pybind11/enums.h"
#include "with_pybind11/errors.h"
#include "with_pybind11/gil.h"
#include "with_pybind11/holders.h"
#include "with_pybind11/lifetimes.h"
#include "with_pybind11/modules.h"
#include "with_pybind11/native_enums.h"
#include "with_pybind11/overrides.h"
#include "with_pybind11/returning.h"
#include "with_pybind11/statics.h"
#include "with_pybind11/subinterpreter.h"

namespace finfuzz {

const Probe *probe = nullptr;
#ifdef FINFUZZ_COVERAGE
void prepare_coverage();
#endif

}  // namespace finfuzz

extern "C" PYBIND11_EXPORT void finfuzz_attach(const finfuzz::Probe *table) {
#ifdef FINFUZZ_COVERAGE
    finfuzz::prepare_coverage();
#endif
    finfuzz::probe = table;
}

// Two extensions share their internals where this name is the same.
extern "C" PYBIND11_EXPORT const char *finfuzz_internals() { return PYBIND11_INTERNALS_ID; }

// ---------------------------------------------------------------------------------------------
// Seeing internals made. Every pybind11 since 3.0 makes exactly one type of this name in the
// constructor of its internals, so the linker's --wrap=PyType_Ready shows each time without a
// change to pybind11 and without asking it anything.

extern "C" int __real_PyType_Ready(PyTypeObject *type);

extern "C" int __wrap_PyType_Ready(PyTypeObject *type) {
    if (type->tp_name && std::strcmp(type->tp_name, "pybind11_static_property") == 0) {
        if (finfuzz::probe) {
            finfuzz::probe->internals_created();
        } else {
            // CPython gives no interpreter's id to another one within a life of the main one.
            static std::set<std::int64_t> seen;
            if (seen.empty()) Py_AtExit([] { seen.clear(); });
            if (!seen.insert(PyInterpreterState_GetID(PyInterpreterState_Get())).second)
                std::fputs("finfuzz: internals created again in the same interpreter\n", stderr);
        }
    }
    return __real_PyType_Ready(type);
}

namespace {

// The seed's checkers: when `object` dies, are the capsules those that were there when it was born?
void check(const py::object &object) {
    std::string keys[] = {PYBIND11_INTERNALS_ID, local_key()};
    for (int which = 0; which < 2; ++which) {
        std::string key = keys[which];
        PyObject *born_with = capsule_at(key.c_str());
        py::weakref(object, py::cpp_function([key, born_with, which](py::handle self) {
                        if (capsule_at(key.c_str()) != born_with) {
                            if (finfuzz::probe)
                                finfuzz::probe->capsule_missing(1 << which);
                            else
                                std::fprintf(stderr, "finfuzz: %s internals capsule is not there\n",
                                             which ? "module-local" : "global");
                        }
                        self.dec_ref();
                    }))
            .release();
    }
}

// ---------------------------------------------------------------------------------------------
// The module: its two types from the start, every feature when one of its names is first asked for
// (PEP 562). Binding all of them at each import would cost more than most programs do.

struct Feature {
    const char *names;
    void (*bind)(py::module_ &m);
};

const Feature kFeatures[] = {
    {"action", bind_actions},
    {"Numbers Buffer", bind_buffers},
    {"Callback native_function", bind_callbacks},
    {"capsule at_capsule", bind_capsules},
    {"Dynamic Local WithMetaclass First Second Multiple", bind_classes},
    {"takes_wrapped value_of same", bind_conversions},
    {"at_py_atexit at_static_destructor at_thread_local_destructor", bind_ends},
    {"Colour colour_name", bind_enums},
    {"Error LocalError KeptError raise_error", bind_errors},
    {"GilTaker GilStateTaker", bind_gil},
    {"Unique Shared Smart Holder", bind_holders},
    {"keep_alive", bind_lifetimes},
    {"module_with_free", bind_modules},
    {"NativeColour", bind_native_enums},
    {"Overridable call_override", bind_overrides},
    {"wait_for_the_end", bind_returning},
    {"call_once static_answer static_object native_thread_local", bind_statics},
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
    finfuzz::event(finfuzz::kHookImport);
    apply_policy();
    hold_capsules(bind_container(m));
    auto instance = py::class_<Instance>(m, "Instance");
    instance.def(py::init<>()).def_readonly("value", &Instance::value);
    hold_capsules(instance);
    m.def("check", &check);
    if (PyModule_AddFunctions(m.ptr(), kGetAttribute) < 0) throw py::error_already_set();
}

}  // namespace

#define FINFUZZ_PYBIND11_MODULE(name)                                                             \
    PYBIND11_MODULE(name, m, py::mod_gil_not_used(),                                              \
                    py::multiple_interpreters::per_interpreter_gil()) {                           \
        bind_module(m);                                                                           \
    }
FINFUZZ_PYBIND11_MODULE(FINFUZZ_MODULE)
