// The pybind11 target: what a small real extension has, feature by feature, and nothing else.
// What every feature needs: the second type, and what can be known of an object without pybind11.

#include <pybind11/pybind11.h>

#include <vector>

// What a hook does: something of the target's own, or something of Python's.

#include <Python.h>

namespace finfuzz {

// An exception that is under way when a destructor runs, put back when that is over.
class PendingError {
public:
    PendingError() { PyErr_Fetch(&type_, &value_, &traceback_); }
    PendingError(const PendingError &) = delete;
    ~PendingError() { PyErr_Restore(type_, value_, traceback_); }

private:
    PyObject *type_, *value_, *traceback_;
};

// A callable is owned unseen by the collector: what tp_clear or tp_dealloc calls must not be garbage
// itself, because a function that has been cleared already crashes when it is called.
class Act {
public:
    using Native = void (*)(PyObject *subject);  // may run where no Python may

    Act() = default;
    explicit Act(Native native) : native_(native) {}
    Act(const Act &) = delete;
    ~Act() { drop(); }

    void set(Native native) {
        native_ = native;
        drop();
    }

    void set(PyObject *callable) {
        Py_INCREF(callable);
        Py_XSETREF(callable_, callable);
    }

    // Something of Python's gets None: the subject may be past being referred to.
    void run(PyObject *subject) const {
        if (callable_)
            call(callable_);
        else if (native_)
            native_(subject);
    }

    void drop() { Py_CLEAR(callable_); }

private:
    static void call(PyObject *callable) {
        PendingError pending;
        Py_INCREF(callable);  // it may have itself replaced
        PyObject *result = PyObject_CallFunctionObjArgs(callable, Py_None, nullptr);
        if (!result) PyErr_WriteUnraisable(callable);
        Py_XDECREF(result);
        Py_DECREF(callable);
    }

    Native native_ = nullptr;
    PyObject *callable_ = nullptr;
};

}  // namespace finfuzz
// What the module is called, and its types told by their names.

#include <Python.h>

#include <cstring>
#include <string>

#ifndef FINFUZZ_MODULE
#    define FINFUZZ_MODULE finfuzz_target
#endif
#define FINFUZZ_TEXT_OF(name) #name
#define FINFUZZ_TEXT(name) FINFUZZ_TEXT_OF(name)
#define FINFUZZ_NAME FINFUZZ_TEXT(FINFUZZ_MODULE)

namespace finfuzz {

// Whether an object is of that type of ours or derives from it.
inline bool is_a(PyObject *object, const char *type_name) {
    for (PyTypeObject *type = Py_TYPE(object); type; type = type->tp_base)
        if (std::strcmp(type->tp_name, type_name) == 0) return true;
    return false;
}

inline bool has_word(const char *words, const char *word) {
    return (' ' + std::string(words) + ' ').find(' ' + std::string(word) + ' ') != std::string::npos;
}

}  // namespace finfuzz
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
    kHookAction,  // an action of the target's own, called from Python
    kHookCapsule,
    kHookModuleFree,
    kHookPyAtExit,
    kHookStaticDestructor,
    kHookThreadLocalDestructor,
    kHookGilTaken,        // in a destructor
    kHookThreadReturned,  // the thread that waited for the end has taken the GIL again
};

struct Probe {
    void (*event)(int hook);
    void (*internals_created)();
    void (*internals_destroyed)();
    void (*capsule_missing)(int which);  // 1 the global one, 2 the module's own
    uint8_t* blocks;                     // coverage, null if not wanted
    size_t block_count;
    void (*alive)(int delta);  // C++ objects of the target: made, destroyed
};

extern const Probe* probe;  // null when alone

inline void event(int hook) {
    if (probe) probe->event(hook);
}

// A base of every C++ class that the target binds.
struct Counted {
    Counted() { count(1); }
    Counted(const Counted&) { count(1); }
    Counted& operator=(const Counted&) = default;
    ~Counted() { count(-1); }

    static void count(int delta) {
        if (probe && probe->alive) probe->alive(delta);
    }
};

}  // namespace finfuzz

namespace py = pybind11;

namespace {

using Members = std::vector<py::object>;

struct Instance : finfuzz::Counted {
    int value = 7;
};

// A native action as an object of Python; the hooks take it for what it is and run it natively.
struct Action {
    finfuzz::Act::Native run;
};

// The C++ object without asking pybind11: null before __init__ has run.
template <typename T>
T *payload(PyObject *self) {
    auto *instance = reinterpret_cast<py::detail::instance *>(self);
    if (!instance->simple_layout || !instance->simple_holder_constructed) return nullptr;
    return static_cast<T *>(instance->simple_value_holder[0]);
}

// Sets what a hook does: a native action, or anything that can be called.
void set_act(finfuzz::Act &act, const py::object &wanted);

}  // namespace

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>

// Policies: what becomes of the internals when the interpreter takes its dict down.

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#define FINFUZZ_POLICY_RELEASED 0
#define FINFUZZ_POLICY_DESTROY 1
#define FINFUZZ_POLICY_LEAK 2
#define FINFUZZ_POLICY_HOLD 3
#ifndef FINFUZZ_POLICY
#    define FINFUZZ_POLICY FINFUZZ_POLICY_RELEASED
#endif

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

}  // namespace
// Container, the type of pybind11's manual (custom_type_setup): a C++ object that owns Python objects
// and tells the collector so. Its hooks may do more than that, each of it something extensions do.

#include <utility>

namespace {

void plain(PyObject *) {}
void cast(PyObject *subject);

struct Container : finfuzz::Counted {
    Members items;
    finfuzz::Act acts[3] = {finfuzz::Act(cast), finfuzz::Act(cast), finfuzz::Act(plain)};
};

void container_dealloc(PyObject *self);

// Without asking the framework, which may be what is gone: its types' names are in its internals.
bool is_container(PyObject *subject) {
    for (PyTypeObject *type = Py_TYPE(subject); type; type = type->tp_base)
        if (type->tp_dealloc == container_dealloc) return true;
    return false;
}

// `cast` is the pattern of pybind11's manual and does not catch what it throws. That another type
// may be gone by now is the extension's business to expect, so what is no container is asked for
// and `lookup` and `create` take no for an answer.
void cast(PyObject *subject) {
    if (is_container(subject))
        (void) py::cast<Container &>(py::handle(subject));
    else
        (void) py::detail::make_caster<Instance>().load(subject, false);
}

void lookup(PyObject *) { (void) py::detail::get_type_handle(typeid(Instance), false); }

void create(PyObject *) {
    if (!py::cast(Instance{})) PyErr_Clear();
}

void set_act(finfuzz::Act &act, const py::object &wanted) {
    if (py::isinstance<Action>(wanted))
        act.set(wanted.cast<Action &>().run);
    else
        act.set(wanted.ptr());
}

Container *act(PyObject *self, int hook) {
    finfuzz::event(hook);
    auto *container = payload<Container>(self);
    if (container) container->acts[hook].run(self);
    return container;
}

int container_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Container *container = act(self, finfuzz::kHookTraverse);
    if (!container) return 0;
    for (py::object &item : container->items) Py_VISIT(item.ptr());
    return 0;
}

// What dealloc does stays: it is for the end. What cycle it may be in has other members that can be
// cleared.
int container_clear(PyObject *self) {
    if (Container *container = act(self, finfuzz::kHookClear)) {
        // Taken out first: what the items' destructors do may come back here.
        Members items;
        items.swap(container->items);
        container->acts[finfuzz::kHookTraverse].drop();
        container->acts[finfuzz::kHookClear].drop();
    }
    return 0;
}

destructor native_dealloc = nullptr;  // pybind11's own, which Container's chains to

void container_dealloc(PyObject *self) {
    PyObject_GC_UnTrack(self);  // before anything that may collect, as tp_dealloc must
    {
        finfuzz::PendingError pending;
        act(self, finfuzz::kHookDealloc);
    }
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

py::class_<Container> bind_container(py::module_ &m) {
    return py::class_<Container>(m, "Container", py::custom_type_setup(set_up_container))
        .def(py::init<>())
        .def("append", [](Container &self, py::object item) { self.items.push_back(std::move(item)); })
        .def("hook", [](Container &self, unsigned hook, const py::object &wanted) {
            set_act(self.acts[hook % 3], wanted);
        });
}

}  // namespace
// The features, each with the names it offers in its first line.

namespace {

struct Dynamic : finfuzz::Counted {};
struct Local : finfuzz::Counted {};
struct WithMetaclass : finfuzz::Counted {};

struct First : finfuzz::Counted {
    virtual ~First() = default;
    virtual int first() const { return 1; }
};

struct Second : finfuzz::Counted {
    virtual ~Second() = default;
    virtual int second() const { return 2; }
};

struct Multiple : First, Second {
    int second() const override { return 3; }
};

// Derives from pybind11's own, as it must.
py::object new_metaclass(const py::module_ &m) {
    auto type = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject *>(&PyType_Type));
    py::dict names;
    names["__module__"] = m.attr("__name__");
    return type("Metaclass", py::make_tuple(py::type::of(m.attr("Instance"))), names);
}

void bind_classes(py::module_ &m) {
    py::class_<Dynamic>(m, "Dynamic", py::dynamic_attr()).def(py::init<>());
    py::class_<Local>(m, "Local", py::module_local()).def(py::init<>());
    py::class_<WithMetaclass>(m, "WithMetaclass", py::metaclass(new_metaclass(m))).def(py::init<>());
    py::class_<First>(m, "First").def(py::init<>()).def("first", &First::first);
    py::class_<Second>(m, "Second").def(py::init<>()).def("second", &Second::second);
    py::class_<Multiple, First, Second>(m, "Multiple").def(py::init<>());
}

}  // namespace
// For the runtime, not for Python: subinterpreters as pybind11 makes, enters and ends them.

#ifdef PYBIND11_HAS_SUBINTERPRETER_SUPPORT
#    include <pybind11/subinterpreter.h>

// Null where there can't be one.
extern "C" PYBIND11_EXPORT void *finfuzz_create_subinterpreter() {
    try {
        return new py::subinterpreter(py::subinterpreter::create());
    } catch (const std::exception &) {
        return nullptr;
    }
}

extern "C" PYBIND11_EXPORT int finfuzz_in_subinterpreter(void *handle, int (*function)(void *),
                                                         void *argument) {
    py::subinterpreter_scoped_activate active(*static_cast<py::subinterpreter *>(handle));
    return function(argument);
}

extern "C" PYBIND11_EXPORT void finfuzz_end_subinterpreter(void *handle) {
    delete static_cast<py::subinterpreter *>(handle);
}
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
    {"Dynamic Local WithMetaclass First Second Multiple", bind_classes},
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
