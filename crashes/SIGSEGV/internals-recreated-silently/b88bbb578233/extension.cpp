// The pybind11 target: what a small real extension has, and nothing else.
//
// Container is the type of pybind11's manual (custom_type_setup): a C++ object that owns Python
// objects and tells the collector so. Its hooks may do more than that, each of it something that
// extensions do: cast themselves, look another type up, create an instance.
#include <pybind11/pybind11.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

// How a target tells what happens to it. In the fuzzer the runtime attaches a table of functions;
// alone, in a finding's script, the rare and telling things go to standard error.

#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace finfuzz {

enum Hook {
    kHookTraverse,
    kHookClear,
    kHookDealloc,
    kHookInternalsCreated,
    kHookInternalsDestroyed,
    kHookCapsuleMissing,
    kHookModulesCleared,
    kHookDictCleared,
    kHookImport,
};
enum Action { kPlain, kCast, kLookup, kCreate };

struct Probe {
    void (*event)(int hook);
    void (*internals_created)();
    void (*internals_destroyed)();
    void (*capsule_missing)(int which);  // 1 the global one, 2 the module's own
    uint8_t* blocks;                     // coverage, null if not wanted
    size_t block_count;
};

extern const Probe* probe;  // null when alone

inline void event(int hook) {
    if (probe) probe->event(hook);
}

}  // namespace finfuzz

namespace py = pybind11;

#define FINFUZZ_POLICY_RELEASED 0
#define FINFUZZ_POLICY_DESTROY 1
#define FINFUZZ_POLICY_LEAK 2
#define FINFUZZ_POLICY_HOLD 3
#ifndef FINFUZZ_POLICY
#    define FINFUZZ_POLICY FINFUZZ_POLICY_RELEASED
#endif

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
            // CPython never gives an interpreter's id to another one.
            static std::set<std::int64_t> seen;
            if (!seen.insert(PyInterpreterState_GetID(PyInterpreterState_Get())).second)
                std::fputs("finfuzz: internals created again in the same interpreter\n", stderr);
        }
    }
    return __real_PyType_Ready(type);
}

// ---------------------------------------------------------------------------------------------
// Policies: what becomes of the internals when the interpreter takes its dict down.

namespace {

// The capsule that pybind11 keeps a kind of internals in, borrowed; null if there is none now.
PyObject *capsule_at(const char *key) {
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    return dict ? PyDict_GetItemString(dict, key) : nullptr;
}

PyObject *global_capsule() { return capsule_at(PYBIND11_INTERNALS_ID); }

// The key of the module's own internals holds an address, so it is found by what it points to.
std::string local_key() {
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    void *wanted = py::detail::get_local_internals_pp_manager().get_pp();
    PyObject *key, *value;
    for (Py_ssize_t at = 0; dict && PyDict_Next(dict, &at, &key, &value);) {
        if (PyUnicode_Check(key) && PyCapsule_CheckExact(value)
            && PyCapsule_GetPointer(value, PyCapsule_GetName(value)) == wanted)
            return PyUnicode_AsUTF8(key);
    }
    throw std::runtime_error("pybind11's module-local internals are not in the interpreter's dict");
}

// PR 5958: the capsule's destructor resets what it points to.
void destroy_global(PyObject *capsule) {
    auto *pp = static_cast<std::unique_ptr<py::detail::internals> *>(
        PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
    if (!pp) return;
    pp->reset();
    if (finfuzz::probe) finfuzz::probe->internals_destroyed();
}

void destroy_local(PyObject *capsule) {
    auto *pp = static_cast<std::unique_ptr<py::detail::local_internals> *>(
        PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
    if (pp) pp->reset();
}

void apply_policy() {
    auto set = [](PyObject *capsule, PyCapsule_Destructor destructor) {
        if (!capsule || PyCapsule_SetDestructor(capsule, destructor) < 0)
            throw std::runtime_error("pybind11's internals capsule is not where it should be");
    };
    if (FINFUZZ_POLICY == FINFUZZ_POLICY_RELEASED) return;
    bool destroys = FINFUZZ_POLICY != FINFUZZ_POLICY_LEAK;
    set(global_capsule(), destroys ? destroy_global : nullptr);
    set(capsule_at(local_key().c_str()), destroys ? destroy_local : nullptr);
}

// Option B of PR 5972: a type keeps both capsules until it is gone itself.
void hold_capsules(const py::object &type) {
    if (FINFUZZ_POLICY != FINFUZZ_POLICY_HOLD) return;
    for (PyObject *capsule : {global_capsule(), capsule_at(local_key().c_str())}) {
        Py_XINCREF(capsule);
        py::weakref(type, py::cpp_function([capsule](py::handle self) {
                        Py_XDECREF(capsule);
                        self.dec_ref();
                    }))
            .release();
    }
}

// ---------------------------------------------------------------------------------------------
// Types.

struct Instance {
    int value = 7;
};

struct Container {
    std::vector<py::object> items;
    unsigned char actions[3] = {finfuzz::kCast, finfuzz::kCast, finfuzz::kPlain};
};

destructor native_dealloc = nullptr;  // pybind11's own, which Container's chains to

// The C++ object without asking pybind11: null before __init__ has run.
Container *payload(PyObject *self) {
    auto *instance = reinterpret_cast<py::detail::instance *>(self);
    if (!instance->simple_layout || !instance->simple_holder_constructed) return nullptr;
    return static_cast<Container *>(instance->simple_value_holder[0]);
}

// What the hook does beyond its duty. `cast` is the pattern of pybind11's manual and does not catch
// what it throws. That another type may be gone by now is the extension's business to expect, so
// `lookup` and `create` take no for an answer.
Container *act(PyObject *self, int hook) {
    finfuzz::event(hook);
    Container *container = payload(self);
    if (!container) return nullptr;
    switch (container->actions[hook]) {
        case finfuzz::kCast: return &py::cast<Container &>(py::handle(self));
        case finfuzz::kLookup: (void) py::detail::get_type_handle(typeid(Instance), false); break;
        case finfuzz::kCreate:
            if (!py::cast(Instance{})) PyErr_Clear();
            break;
        default: break;
    }
    return container;
}

int container_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    if (Container *container = act(self, finfuzz::kHookTraverse))
        for (py::object &item : container->items) Py_VISIT(item.ptr());
    return 0;
}

int container_clear(PyObject *self) {
    if (Container *container = act(self, finfuzz::kHookClear)) {
        // Taken out first: what the items' destructors do may come back here.
        std::vector<py::object> items;
        items.swap(container->items);
    }
    return 0;
}

void container_dealloc(PyObject *self) {
    PyObject_GC_UnTrack(self);  // before anything that may collect, as tp_dealloc must
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    act(self, finfuzz::kHookDealloc);
    PyErr_Restore(type, value, traceback);
    native_dealloc(self);
}

void set_up_container(PyHeapTypeObject *heap_type) {
    PyTypeObject *type = &heap_type->ht_type;
    native_dealloc = type->tp_base->tp_dealloc;
    type->tp_flags |= Py_TPFLAGS_HAVE_GC;
    type->tp_traverse = container_traverse;
    type->tp_clear = container_clear;
    type->tp_dealloc = container_dealloc;
}

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

}  // namespace

PYBIND11_MODULE(finfuzz_target, m, py::mod_gil_not_used(),
                py::multiple_interpreters::per_interpreter_gil()) {
    finfuzz::event(finfuzz::kHookImport);
    apply_policy();
    auto container = py::class_<Container>(m, "Container", py::custom_type_setup(set_up_container));
    container.def(py::init<>())
        .def("append", [](Container &self, py::object item) { self.items.push_back(std::move(item)); })
        .def("hook", [](Container &self, int hook, int action) {
            self.actions[hook] = static_cast<unsigned char>(action);
        });
    auto instance = py::class_<Instance>(m, "Instance");
    instance.def(py::init<>()).def_readonly("value", &Instance::value);
    hold_capsules(container);
    hold_capsules(instance);
    m.def("check", &check);
}
