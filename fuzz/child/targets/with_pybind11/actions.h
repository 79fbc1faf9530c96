// offers: action
#pragma once

#include <thread>

#include "container.h"
#include "conversions.h"

namespace {

void internals(PyObject *) {
    (void) py::detail::get_internals();
    (void) py::detail::get_local_internals();
}

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

// Like `create`, takes no for an answer.
void convert(PyObject *) {
    try {
        py::cpp_function take_wrapped([](const Wrapped &wrapped) { return wrapped.value; });
        take_wrapped(5);
    } catch (py::error_already_set &) {
    }
}

void gil(PyObject *) {
    py::gil_scoped_release released;
    py::gil_scoped_acquire taken;
}

void native_thread(PyObject *subject) {
    std::thread thread([subject] {
        py::gil_scoped_acquire taken;
        cast(subject);
    });
    py::gil_scoped_release released;
    thread.join();
}

constexpr finfuzz::Act::Native kActions[] = {
    plain, cast, lookup, create, internals, cast_back, convert, gil, native_thread,
};

void bind_actions(py::module_ &m) {
    (void) py::object(m.attr("takes_wrapped"));  // has what `convert` needs bound
    py::class_<Action>(m, "Action").def("__call__", [](const Action &self, py::handle subject) {
        finfuzz::event(finfuzz::kHookAction);
        self.run(subject.ptr());
    });
    m.def("action", [](unsigned number) {
        if (number >= sizeof(kActions) / sizeof(*kActions)) throw py::value_error("no such action");
        return Action{kActions[number]};
    });
}

}  // namespace
