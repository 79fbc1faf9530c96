#include "../../common/reduced.h"
#if !FINFUZZ_ALONE
// The control: the same module as pybind11.cpp, against the C API alone.
//
// What kills this one is not a binding framework's doing. It has heap types and a module definition
// that allows own-GIL interpreters, as the C API manual asks for. The features' headers have the
// names that they offer in their first lines.
#endif
#include "core.h"
#if FINFUZZ_HAS(Container)
#    include "container.h"
#endif
#include "actions.h"
#include "buffers.h"
#include "classes.h"
#include "conversions.h"
#include "ends.h"
#include "enums.h"
#include "errors.h"
#include "gil.h"
#include "holders.h"
#include "members.h"
#include "modules.h"
#include "native_enums.h"
#include "overrides.h"
#include "returning.h"
#include "statics.h"

#if !FINFUZZ_ALONE
namespace finfuzz {

const Probe *probe = nullptr;
#    ifdef FINFUZZ_COVERAGE
void prepare_coverage();
#    endif

}  // namespace finfuzz

#    define FINFUZZ_EXPORT extern "C" __attribute__((visibility("default")))

FINFUZZ_EXPORT void finfuzz_attach(const finfuzz::Probe *table) {
#    ifdef FINFUZZ_COVERAGE
    finfuzz::prepare_coverage();
#    endif
    finfuzz::probe = table;
}

// The build links every target alike; this one has no internals to see made.
extern "C" int __real_PyType_Ready(PyTypeObject *type);
extern "C" int __wrap_PyType_Ready(PyTypeObject *type) { return __real_PyType_Ready(type); }

#endif
namespace {

#if FINFUZZ_ON_DEMAND
struct Feature {
    const char *names;
    bool (*bind)(PyObject *module);
};

const Feature kFeatures[] = {
    {"action", bind_actions},
    {"Numbers Buffer", bind_buffers},
    {"Dynamic WithMetaclass First Second Multiple", bind_classes},
    {"takes_wrapped value_of same", bind_conversions},
    {"at_py_atexit at_static_destructor at_thread_local_destructor", bind_ends},
    {"Colour colour_name", bind_enums},
    {"Error LocalError raise_error", bind_errors},
    {"GilTaker GilStateTaker", bind_gil},
    {"Unique Shared Smart Holder Callback KeptError Local", bind_holders},
    {"set_member keep_alive native_function capsule at_capsule", bind_members},
    {"module_with_free", bind_modules},
    {"NativeColour", bind_native_enums},
    {"Overridable call_override", bind_overrides},
    {"wait_for_the_end", bind_returning},
    {"call_once static_answer static_object native_thread_local", bind_statics},
};

// As in pybind11.cpp, a feature is bound when one of its names is first asked for.
PyObject *get_attribute(PyObject *module, PyObject *name) {
    const char *text = PyUnicode_AsUTF8(name);
    if (!text) return nullptr;
    PyObject *names = PyModule_GetDict(module);
    for (const Feature &feature : kFeatures) {
        if (!finfuzz::has_word(feature.names, text)) continue;
        if (!PyDict_GetItem(names, name) && !feature.bind(module)) return nullptr;
        return PyObject_GenericGetAttr(module, name);
    }
    PyErr_SetObject(PyExc_AttributeError, name);
    return nullptr;
}

#endif
// The seed's checkers have nothing to check without a framework's capsules.
PyObject *check(PyObject *, PyObject *) { Py_RETURN_NONE; }

int module_exec(PyObject *module) {
    FINFUZZ_EVENT(finfuzz::kHookImport);
    bool done = add_type(module, kNodeName, node_slots) &&
                add_type(module, FINFUZZ_NAME ".Instance", no_slots);
#if FINFUZZ_HAS(Container)
    done = done && bind_container(module);
#endif
#if !FINFUZZ_ON_DEMAND
    done = done && bind_actions(module);
    done = done && bind_buffers(module);
    done = done && bind_classes(module);
    done = done && bind_conversions(module);
    done = done && bind_ends(module);
    done = done && bind_enums(module);
    done = done && bind_errors(module);
    done = done && bind_gil(module);
    done = done && bind_holders(module);
    done = done && bind_members(module);
    done = done && bind_modules(module);
    done = done && bind_native_enums(module);
    done = done && bind_overrides(module);
    done = done && bind_returning(module);
    done = done && bind_statics(module);
#endif
    return done ? 0 : -1;
}

PyMethodDef module_methods[] = {
#if FINFUZZ_ON_DEMAND
    {"__getattr__", get_attribute, METH_O, nullptr},
#endif
    {"check", check, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, reinterpret_cast<void *>(module_exec)},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, FINFUZZ_NAME, nullptr, 0,       module_methods,
    module_slots,          nullptr,      nullptr, nullptr,
};

}  // namespace

PyMODINIT_FUNC PyInit_finfuzz_target() { return PyModuleDef_Init(&definition); }
