// repro.py, next to this file, builds it with these commands:
//
//     : ${PYTHON:=python3.13}
//     INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
//     SUFFIX=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
//     : ${NANOBIND_DIR:=nanobind-3.1.0/nanobind}
//     test -d "$NANOBIND_DIR" ||
//         "$PYTHON" -m pip install -q --no-deps -t nanobind-3.1.0 nanobind==3.1.0 ||
//         pip install -q --no-deps -t nanobind-3.1.0 nanobind==3.1.0
//     ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
//         -I"$INCLUDE" -I"$NANOBIND_DIR/include" -I"$NANOBIND_DIR/ext/robin_map/include" \
//         -fno-strict-aliasing -pthread \
//         extension.cpp "$NANOBIND_DIR/src/nb_combined.cpp" -o finfuzz_target"$SUFFIX"

#include <nanobind/nanobind.h>

#include <cstring>
#include <utility>
#include <vector>

// What a hook does: something of the target's own, or something of Python's.

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
        Py_XDECREF(std::exchange(callable_, callable));
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

namespace nb = nanobind;

namespace {

using Members = std::vector<nb::object>;

struct Instance {
    int value = 7;
};

// A native action as an object of Python; the hooks take it for what it is and run it natively.
struct Action {
    finfuzz::Act::Native run;
};

// Sets what a hook does: a native action, or anything that can be called.
void set_act(finfuzz::Act &act, const nb::object &wanted) {
    if (nb::isinstance<Action>(wanted)) return act.set(nb::cast<Action &>(wanted).run);
    act.set(wanted.ptr());
}

void plain(PyObject *) {}
void cast(PyObject *subject);

// The type of nanobind's manual ("Fixing reference leaks"): a C++ object that owns Python objects and
// tells the collector so. Its hooks may do more than that, each of it something extensions do.
struct Container {
    Members items;
    finfuzz::Act at_traverse{cast}, at_clear{cast}, at_dealloc{plain};

    // nanobind has a tp_dealloc of its own, which no annotation replaces and which calls this. The
    // Python object can't be referred to any more, so the subject is None.
    ~Container() {
        finfuzz::PendingError pending;
        at_dealloc.run(Py_None);
    }
};

int container_traverse(PyObject *self, visitproc visit, void *arg);

// Without asking the framework, which may be what is gone. PyType_GetSlot takes static types only
// since 3.10, and none of them is ours.
bool is_container(PyObject *subject) {
    for (PyTypeObject *type = Py_TYPE(subject);
         type && PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE);
         type = static_cast<PyTypeObject *>(PyType_GetSlot(type, Py_tp_base)))
        if (PyType_GetSlot(type, Py_tp_traverse) == reinterpret_cast<void *>(container_traverse))
            return true;
    return false;
}

// A type may be unknown to nanobind by now, which is the extension's business to expect: so this takes
// no for an answer, and `lookup` and `create` do, too.
void cast(PyObject *subject) {
    if (is_container(subject)) {
        Container *container;
        (void) nb::try_cast(nb::handle(subject), container);
    } else if (nb::isinstance<Instance>(subject)) {
        Instance *instance;
        (void) nb::try_cast(nb::handle(subject), instance);
    }
}

// May come before __init__ has run, so the C++ object may not be there.
int container_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    if (!nb::inst_ready(self)) return 0;
    auto *container = nb::inst_ptr<Container>(self);
    container->at_traverse.run(self);
    for (nb::object &item : container->items) Py_VISIT(item.ptr());
    return 0;
}

// What dealloc does stays: it is for the end. What cycle it may be in has other members that can be
// cleared.
int container_clear(PyObject *self) {
    if (!nb::inst_ready(self)) return 0;
    auto *container = nb::inst_ptr<Container>(self);
    container->at_clear.run(self);
    Members items;  // taken out first: what their destructors do may come back here
    items.swap(container->items);
    container->at_traverse.drop();
    container->at_clear.drop();
    return 0;
}

PyType_Slot container_slots[] = {
    {Py_tp_traverse, reinterpret_cast<void *>(container_traverse)},
    {Py_tp_clear, reinterpret_cast<void *>(container_clear)},
    {0, nullptr},
};

void set_hook(Container &self, const char *hook, const nb::object &wanted) {
    bool at_traverse = std::strcmp(hook, "traverse") == 0, at_clear = std::strcmp(hook, "clear") == 0;
    set_act(at_traverse ? self.at_traverse : at_clear ? self.at_clear : self.at_dealloc, wanted);
}

void bind_container(nb::module_ &m) {
    nb::class_<Container>(m, "Container", nb::type_slots(container_slots), nb::is_weak_referenceable())
        .def(nb::init<>())
        .def("append", [](Container &self, nb::object item) { self.items.push_back(std::move(item)); })
        .def("hook", &set_hook);
}

struct Wrapped {
    explicit Wrapped(int value) : value(value) {}
    int value;
};

void bind_conversions(nb::module_ &m) {
    nb::class_<Wrapped>(m, "Wrapped").def(nb::init<int>());
    nb::implicitly_convertible<int, Wrapped>();
    m.def("takes_wrapped", [](const Wrapped &wrapped) { return wrapped.value; });
}

// Like `create`, takes no for an answer.
void convert(PyObject *) {
    try {
        nb::object take_wrapped =
            nb::cpp_function([](const Wrapped &wrapped) { return wrapped.value; });
        take_wrapped(5);
    } catch (const std::exception &) {
    }
}

struct Named {
    const char *name;
    finfuzz::Act::Native run;
};

constexpr Named kActions[] = {
    {"plain", plain},
    {"cast", cast},
    {"convert", convert},
};

Action action_of(const char *name) {
    for (const Named &action : kActions)
        if (std::strcmp(name, action.name) == 0) return Action{action.run};
    throw nb::value_error("no such action");
}

void bind_actions(nb::module_ &m) {
    (void) nb::object(m.attr("takes_wrapped"));  // has what `convert` needs bound
    auto call = [](const Action &self, nb::handle subject) {
        self.run(subject.ptr());
    };
    nb::class_<Action>(m, "Action").def("__call__", call, nb::arg().none());
    m.def("action", &action_of);
}

}  // namespace

// A capsule that owns Python objects, unseen by the garbage collector, and does something at its end.

namespace finfuzz {

struct Owner {
    std::vector<PyObject *> held;
    Act act;
};

constexpr char kOwnerName[] = "finfuzz.owner";

// Null, with an exception set, for a capsule of somebody else.
inline Owner *owner_of(PyObject *capsule) {
    return static_cast<Owner *>(PyCapsule_GetPointer(capsule, kOwnerName));
}

inline void end_owner(PyObject *capsule) {
    PendingError pending;
    Owner *owner = owner_of(capsule);
    owner->act.run(owner->held.empty() ? Py_None : owner->held.front());
    for (PyObject *object : owner->held) Py_DECREF(object);
    delete owner;
}

inline PyObject *new_owner() {
    auto *owner = new Owner;
    PyObject *capsule = PyCapsule_New(owner, kOwnerName, end_owner);
    if (!capsule) delete owner;
    return capsule;
}

inline bool give_to_owner(PyObject *capsule, PyObject *object) {
    Owner *owner = owner_of(capsule);
    if (!owner) return false;
    Py_INCREF(object);
    owner->held.push_back(object);
    return true;
}

}  // namespace finfuzz

namespace {

void end_held(void *pointer) noexcept {
    finfuzz::PendingError pending;
    auto *owner = static_cast<finfuzz::Owner *>(pointer);
    owner->act.run(owner->held.empty() ? Py_None : owner->held.front());
    for (PyObject *object : owner->held) Py_DECREF(object);
    delete owner;
}

nb::capsule new_capsule() { return nb::capsule(new finfuzz::Owner, finfuzz::kOwnerName, end_held); }

void give_to_capsule(const nb::capsule &capsule, const nb::object &target) {
    if (!finfuzz::give_to_owner(capsule.ptr(), target.ptr())) throw nb::python_error();
}

void at_capsule(const nb::capsule &capsule, const nb::object &wanted) {
    finfuzz::Owner *owner = finfuzz::owner_of(capsule.ptr());
    if (!owner) throw nb::python_error();
    set_act(owner->act, wanted);
}

void bind_capsules(nb::module_ &m) {
    m.def("capsule", &new_capsule);
    m.def("set_member", &give_to_capsule);
    m.def("at_capsule", &at_capsule);
}

void bind_instance(nb::module_ &m) {
    nb::class_<Instance>(m, "Instance").def(nb::init<>()).def_ro("value", &Instance::value);
}

void bind_module(nb::module_ &m) {
    bind_container(m);
    bind_instance(m);
    bind_conversions(m);
    bind_actions(m);
    bind_capsules(m);
}

}  // namespace

NB_MODULE(finfuzz_target, m) { bind_module(m); }
