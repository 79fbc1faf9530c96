#include "../../common/reduced.h"
#if !FINFUZZ_ALONE
// The nanobind target: what a small real extension has, feature by feature, and nothing else.
#endif
#include "core.h"

#if FINFUZZ_HAS(hook)
#    include "container.h"
#endif
#if FINFUZZ_HAS(Container) && !FINFUZZ_HAS(hook)
#    include "plain_container.h"
#endif
#include "features.h"

#if !FINFUZZ_ALONE
namespace finfuzz {

const Probe *probe = nullptr;
#    ifdef FINFUZZ_COVERAGE
void prepare_coverage();
#    endif

}  // namespace finfuzz

extern "C" NB_EXPORT void finfuzz_attach(const finfuzz::Probe *table) {
#    ifdef FINFUZZ_COVERAGE
    finfuzz::prepare_coverage();
#    endif
    finfuzz::probe = table;
}

#endif
namespace {

#if FINFUZZ_ON_DEMAND
// ---------------------------------------------------------------------------------------------
// The module: its two types from the start, every feature when one of its names is first asked for
// (PEP 562). Binding all of them at each import would cost more than most programs do.

struct Feature {
    const char *names;
    void (*bind)(nb::module_ &m);
};

#    define FINFUZZ_ROW(header, names) {names, bind_##header},
const Feature kFeatures[] = {
    FINFUZZ_FEATURES(FINFUZZ_ROW)
};

// Binds what offers the name, unless that is done or under way; true if the module has it then.
bool bind_on_demand(nb::module_ &m, const char *name) {
    for (const Feature &feature : kFeatures) {
        if (!finfuzz::has_word(feature.names, name)) continue;
        nb::str mark((std::string("bound ") + feature.names).c_str());
        auto names = nb::borrow<nb::dict>(PyModule_GetDict(m.ptr()));
        if (!names.contains(mark)) {
            names[mark] = true;
            feature.bind(m);
        }
        return names.contains(nb::str(name));
    }
    return false;
}

PyObject *get_attribute(PyObject *module, PyObject *name) {
    try {
        auto m = nb::borrow<nb::module_>(module);
        const char *text = PyUnicode_AsUTF8AndSize(name, nullptr);
        if (!text) return nullptr;
        if (bind_on_demand(m, text)) return PyObject_GenericGetAttr(module, name);
        PyErr_SetObject(PyExc_AttributeError, name);
    } catch (nb::python_error &error) {
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
void bind_instance(nb::module_ &m) {
    nb::class_<Instance>(m, "Instance").def(nb::init<>()).def_ro("value", &Instance::value);
}

#endif
void bind_module(nb::module_ &m) {
    FINFUZZ_EVENT(finfuzz::kHookImport);
#if FINFUZZ_HAS(Container)
    bind_container(m);
#endif
#if FINFUZZ_HAS(Instance)
    bind_instance(m);
#endif
#if FINFUZZ_HAS(finfuzz_fails)
    if (PySys_GetObject("finfuzz_fails")) throw nb::import_error("fails half-way");
#endif
#if FINFUZZ_ON_DEMAND
    if (PyModule_AddFunctions(m.ptr(), kGetAttribute) < 0) throw nb::python_error();
#else
#    define FINFUZZ_BIND(header, names) bind_##header(m);
    FINFUZZ_FEATURES(FINFUZZ_BIND)
#endif
}

}  // namespace

#if FINFUZZ_TWO
#    define FINFUZZ_NANOBIND_MODULE(name) \
        NB_MODULE(name, m) { bind_module(m); }
FINFUZZ_NANOBIND_MODULE(FINFUZZ_MODULE)
#else
NB_MODULE(finfuzz_target, m) { bind_module(m); }
#endif
