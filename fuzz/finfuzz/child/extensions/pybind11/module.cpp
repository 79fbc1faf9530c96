#include "../../common/reduced.h"
#if !FINFUZZ_ALONE
// The pybind11 target: what a small real extension has, feature by feature, and nothing else.
#endif
#include "core.h"

#include "policies.h"
#if FINFUZZ_HAS(hook)
#    include "container.h"
#endif
#if FINFUZZ_HAS(Container) && !FINFUZZ_HAS(hook)
#    include "plain_container.h"
#endif
#if FINFUZZ_HAS(check)
#    include "checks.h"
#endif
#include "features.h"
#if FINFUZZ_HAS(framework)
#    include "subinterpreter.h"
#endif
#if FINFUZZ_HAS(native_framework)
#    include "with_gil.h"
#endif
#if FINFUZZ_WATCH
#    include "watch.h"
#endif

#if !FINFUZZ_ALONE
namespace finfuzz {

const Probe *probe = nullptr;
#    ifdef FINFUZZ_COVERAGE
void prepare_coverage();
#    endif

}  // namespace finfuzz

extern "C" PYBIND11_EXPORT void finfuzz_attach(const finfuzz::Probe *table) {
#    ifdef FINFUZZ_COVERAGE
    finfuzz::prepare_coverage();
#    endif
    finfuzz::probe = table;
}

// Two extensions share their internals where this name is the same.
extern "C" PYBIND11_EXPORT const char *finfuzz_internals() { return PYBIND11_INTERNALS_ID; }

#endif
namespace {

#if FINFUZZ_ON_DEMAND
// ---------------------------------------------------------------------------------------------
// The module: its two types from the start, every feature when one of its names is first asked for
// (PEP 562). Binding all of them at each import would cost more than most programs do.

struct Feature {
    const char *names;
    void (*bind)(py::module_ &m);
};

#    define FINFUZZ_ROW(header, names) {names, bind_##header},
const Feature kFeatures[] = {
    FINFUZZ_FEATURES(FINFUZZ_ROW)
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

#endif
#if FINFUZZ_HAS(Instance)
void bind_instance(py::module_ &m) {
    auto type = py::class_<Instance>(m, "Instance");
    type.def(py::init<>()).def_readonly("value", &Instance::value);
#    if FINFUZZ_POLICY_HOLD
    hold_capsules(type);
#    endif
}

#endif
void bind_module(py::module_ &m) {
    FINFUZZ_EVENT(finfuzz::kHookImport);
#if !FINFUZZ_POLICY_RELEASED
    apply_policy();
#endif
#if FINFUZZ_HAS(Container)
    bind_container(m);
#endif
#if FINFUZZ_HAS(Instance)
    bind_instance(m);
#endif
#if FINFUZZ_HAS(check)
    bind_checks(m);
#endif
#if FINFUZZ_HAS(finfuzz_fails)
    if (PySys_GetObject("finfuzz_fails")) throw py::import_error("fails half-way");
#endif
#if FINFUZZ_ON_DEMAND
    if (PyModule_AddFunctions(m.ptr(), kGetAttribute) < 0) throw py::error_already_set();
#else
#    define FINFUZZ_BIND(header, names) bind_##header(m);
    FINFUZZ_FEATURES(FINFUZZ_BIND)
#endif
}

}  // namespace

#if FINFUZZ_TWO
#    define FINFUZZ_PYBIND11_MODULE(name)                                                         \
        PYBIND11_MODULE(name, m, py::mod_gil_not_used(),                                          \
                        py::multiple_interpreters::per_interpreter_gil()) {                       \
            bind_module(m);                                                                       \
        }
FINFUZZ_PYBIND11_MODULE(FINFUZZ_MODULE)
#else
PYBIND11_MODULE(finfuzz_target, m, py::mod_gil_not_used(),
                py::multiple_interpreters::per_interpreter_gil()) {
    bind_module(m);
}
#endif
