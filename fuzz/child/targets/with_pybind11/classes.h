// offers: Dynamic Local WithMetaclass First Second Multiple
#pragma once

#include "core.h"

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
