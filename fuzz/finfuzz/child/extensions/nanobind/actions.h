#pragma once

#include <cstring>
#include <thread>

#include "container.h"
#if FINFUZZ_HAS(convert)
#    include "conversions.h"
#endif
#if FINFUZZ_HAS(native_thread)
#    if defined(Py_LIMITED_API) && Py_LIMITED_API + 0 < 0x030D0000
extern "C" int Py_IsFinalizing(void);  // exported since 3.13, not in the limited API before that
#    endif
#    include "../common/waiting.h"
#endif

FINFUZZ_TYPES {

#if FINFUZZ_HAS(lookup)
void lookup(PyObject *) { (void) nb::type<Instance>(); }

#endif
#if FINFUZZ_HAS(create)
void create(PyObject *) {
    try {
        (void) nb::cast(Instance{});
    } catch (const std::exception &) {
    }
}

#endif
#if FINFUZZ_HAS(cast_back)
template <typename T>
void cast_to_python(PyObject *subject) {
    T *pointer;
    if (nb::try_cast(nb::handle(subject), pointer) && pointer) (void) nb::find(pointer);
}

// From a C++ object to the Python object that it has already.
void cast_back(PyObject *subject) {
    if (is_container(subject))
        cast_to_python<Container>(subject);
    else
        cast_to_python<Instance>(subject);
}

#endif
#if FINFUZZ_HAS(convert)
// Like `create`, takes no for an answer.
void convert(PyObject *) {
    try {
        nb::object take_wrapped =
            nb::cpp_function([](const Wrapped &wrapped) { return wrapped.value; });
        take_wrapped(5);
    } catch (const std::exception &) {
    }
}

#endif
#if FINFUZZ_HAS(gil)
void gil(PyObject *) {
    nb::gil_scoped_release released;
    nb::gil_scoped_acquire taken;
}

#endif
#if FINFUZZ_HAS(native_thread)
void native_thread(PyObject *subject) {
    if (!may_wait_for_threads()) return;
    std::thread thread([subject] {
        nb::gil_scoped_acquire taken;
#    if NB_VERSION_MAJOR >= 3
        if (!taken.is_valid()) return;
#    endif
        cast(subject);
    });
    nb::gil_scoped_release released;
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

Action action_of(const char *name) {
    for (const Named &action : kActions)
        if (std::strcmp(name, action.name) == 0) return Action{action.run};
    throw nb::value_error("no such action");
}

void bind_actions(nb::module_ &m) {
#if FINFUZZ_HAS(convert)
    (void) nb::object(m.attr("takes_wrapped"));  // has what `convert` needs bound
#endif
    auto call = [](const Action &self, nb::handle subject) {
        FINFUZZ_EVENT(finfuzz::kHookAction);
        self.run(subject.ptr());
    };
    nb::class_<Action>(m, "Action").def("__call__", call, nb::arg().none());
    m.def("action", &action_of);
}

}  // namespace
