#pragma once

#include <thread>

#include "container.h"
#if FINFUZZ_HAS(convert)
#    include "conversions.h"
#endif
#if FINFUZZ_HAS(native_thread)
#    include "../common/waiting.h"
#endif

namespace {

#if FINFUZZ_HAS(lookup)
void lookup(PyObject *) { (void) py::detail::get_type_handle(typeid(Instance), false); }

#endif
#if FINFUZZ_HAS(create)
void create(PyObject *) {
    if (!py::cast(Instance{})) PyErr_Clear();
}

#endif
#if FINFUZZ_HAS(internals)
void internals(PyObject *) {
    (void) py::detail::get_internals();
    (void) py::detail::get_local_internals();
}

#endif
#if FINFUZZ_HAS(cast_back)
template <typename T>
void cast_to_python(T *pointer) {
    if (pointer && !py::cast(pointer, py::return_value_policy::reference)) PyErr_Clear();
}

// From a C++ object to the Python object that it has already.
void cast_back(PyObject *subject) {
    py::detail::make_caster<Instance> instance;
    if (is_container(subject))
        cast_to_python(payload<Container>(subject));
    else if (instance.load(subject, false))
        cast_to_python(static_cast<Instance *>(instance));
}

#endif
#if FINFUZZ_HAS(convert)
// Like `create`, takes no for an answer.
void convert(PyObject *) {
    try {
        py::cpp_function take_wrapped([](const Wrapped &wrapped) { return wrapped.value; });
        take_wrapped(5);
    } catch (py::error_already_set &) {
    }
}

#endif
#if FINFUZZ_HAS(gil)
void gil(PyObject *) {
    py::gil_scoped_release released;
    py::gil_scoped_acquire taken;
}

#endif
#if FINFUZZ_HAS(native_thread)
void native_thread(PyObject *subject) {
    if (!may_wait_for_threads()) return;
    std::thread thread([subject] {
        py::gil_scoped_acquire taken;
        cast(subject);
    });
    py::gil_scoped_release released;
    thread.join();
}

#endif
struct Named {
    const char *name;
    finfuzz::Act::Native run;
};

constexpr Named kActions[] = {
    {"plain", plain},
    {"cast", cast},
#if FINFUZZ_HAS(lookup)
    {"lookup", lookup},
#endif
#if FINFUZZ_HAS(create)
    {"create", create},
#endif
#if FINFUZZ_HAS(internals)
    {"internals", internals},
#endif
#if FINFUZZ_HAS(cast_back)
    {"cast_back", cast_back},
#endif
#if FINFUZZ_HAS(convert)
    {"convert", convert},
#endif
#if FINFUZZ_HAS(gil)
    {"gil", gil},
#endif
#if FINFUZZ_HAS(native_thread)
    {"native_thread", native_thread},
#endif
};

Action action_of(const std::string &name) {
    for (const Named &action : kActions)
        if (name == action.name) return Action{action.run};
    throw py::value_error("no such action");
}

void bind_actions(py::module_ &m) {
#if FINFUZZ_HAS(convert)
    (void) py::object(m.attr("takes_wrapped"));  // has what `convert` needs bound
#endif
    py::class_<Action>(m, "Action").def("__call__", [](const Action &self, py::handle subject) {
        FINFUZZ_EVENT(finfuzz::kHookAction);
        self.run(subject.ptr());
    });
    m.def("action", &action_of);
}

}  // namespace
