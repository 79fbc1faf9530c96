// offers: Numbers Buffer
#pragma once

#include <vector>

#include "core.h"

namespace {

struct Numbers : finfuzz::Counted {
    std::vector<int> values = {1, 2, 3};
};

struct Buffer : finfuzz::Counted {
    unsigned char bytes[16] = {};
};

void bind_buffers(py::module_ &m) {
    py::class_<Numbers>(m, "Numbers")
        .def(py::init<>())
        .def(
            "__iter__",
            [](Numbers &self) { return py::make_iterator(self.values.begin(), self.values.end()); },
            py::keep_alive<0, 1>());
    py::class_<Buffer>(m, "Buffer", py::buffer_protocol())
        .def(py::init<>())
        .def_buffer([](Buffer &self) {
            return py::buffer_info(self.bytes, static_cast<py::ssize_t>(sizeof(self.bytes)));
        });
}

}  // namespace
