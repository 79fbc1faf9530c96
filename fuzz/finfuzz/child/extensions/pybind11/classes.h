#pragma once

#include "core.h"

namespace {

#if FINFUZZ_HAS(Dynamic)
struct Dynamic FINFUZZ_COUNTED {};
#endif
#if FINFUZZ_HAS(Local)
struct Local FINFUZZ_COUNTED {};
#endif
#if FINFUZZ_HAS(WithMetaclass)
struct WithMetaclass FINFUZZ_COUNTED {};

// Derives from pybind11's own, as it must.
py::object new_metaclass(const py::module_ &m) {
    auto type = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject *>(&PyType_Type));
    py::dict names;
    names["__module__"] = m.attr("__name__");
    return type("Metaclass", py::make_tuple(py::type::of(m.attr("Instance"))), names);
}

#endif
#if FINFUZZ_HAS(First) || FINFUZZ_HAS(Multiple)
struct First FINFUZZ_COUNTED {
    virtual ~First() = default;
    virtual int first() const { return 1; }
};

struct Second FINFUZZ_COUNTED {
    virtual ~Second() = default;
    virtual int second() const { return 2; }
};

#endif
#if FINFUZZ_HAS(Multiple)
struct Multiple : First, Second {
    int second() const override { return 3; }
};

#endif
void bind_classes(py::module_ &m) {
#if FINFUZZ_HAS(Dynamic)
    py::class_<Dynamic>(m, "Dynamic", py::dynamic_attr()).def(py::init<>());
#endif
#if FINFUZZ_HAS(Local)
    py::class_<Local>(m, "Local", py::module_local()).def(py::init<>());
#endif
#if FINFUZZ_HAS(WithMetaclass)
    py::class_<WithMetaclass>(m, "WithMetaclass", py::metaclass(new_metaclass(m))).def(py::init<>());
#endif
#if FINFUZZ_HAS(First) || FINFUZZ_HAS(Multiple)
    py::class_<First>(m, "First").def(py::init<>()).def("first", &First::first);
    py::class_<Second>(m, "Second").def(py::init<>()).def("second", &Second::second);
#endif
#if FINFUZZ_HAS(Multiple)
    py::class_<Multiple, First, Second>(m, "Multiple").def(py::init<>());
#endif
}

}  // namespace
